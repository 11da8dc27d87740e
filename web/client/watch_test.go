package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

func TestStreamFirst(t *testing.T) {
	t.Parallel()
	d, commands := start(t, codePage())
	same(t, commands, []client.Command{
		clearTimer("stream"),
		{Kind: client.CommandOpenStream},
		setTimer("poll", 2*client.Second),
	})
	same(t, d.streamed(code()), []client.Command{setTimer("poll", 30*client.Second)})
}

func TestStreamLost(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	same(t, d.kind(client.EventStreamLost), []client.Command{
		setTimer("stream", client.Second),
		clearTimer("poll"),
		{Kind: client.CommandPoll},
	})
	same(t, d.polled(code()), []client.Command{setTimer("poll", 2*client.Second)})

	t.Run("is tried again ever later", func(t *testing.T) {
		for _, want := range []client.Millis{2, 4, 8, 16, 30, 30} {
			same(t, only(d.timer("stream"), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
			commands := only(d.kind(client.EventStreamLost), client.CommandSetTimer)
			same(t, commands, []client.Command{setTimer("stream", want*client.Second)})
			d.polled(code())
		}
	})
	t.Run("and at once when somebody looks", func(t *testing.T) {
		same(t, only(d.kind(client.EventVisible), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
	})
}

func TestStreamThatIsBuffered(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.now += 2 * client.Second
	same(t, d.timer("poll"), []client.Command{clearTimer("poll"), {Kind: client.CommandPoll}})
	d.polled(paid())
	d.shows(page.Paid)
}

func TestStreamThatDiedSilently(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	d.now += 30 * client.Second
	d.timer("poll")
	confirming := code()
	confirming.State = page.Confirming
	same(t, only(d.polled(confirming), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
}

func TestPollingSlowsDown(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.kind(client.EventStreamLost)
	same(t, only(d.polled(code()), client.CommandSetTimer), []client.Command{setTimer("poll", 2*client.Second)})
	d.now += client.Minute
	d.timer("poll")
	same(t, d.kind(client.EventPollFailed), []client.Command{setTimer("poll", 10*client.Second)})
	d.kind(client.EventVisible)
	same(t, d.polled(code()), []client.Command{setTimer("poll", 2*client.Second)})
}

func TestPollingNeverOverlaps(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.kind(client.EventStreamLost)
	for range 5 {
		same(t, only(d.kind(client.EventVisible), client.CommandPoll), nil)
		same(t, only(d.timer("poll"), client.CommandPoll), nil)
		same(t, only(d.kind(client.EventPosted), client.CommandPoll), nil)
	}
	d.kind(client.EventPollFailed)
	same(t, only(d.timer("poll"), client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
}

func TestVisibleAsksTheGateway(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	same(t, d.kind(client.EventVisible), []client.Command{
		{Kind: client.CommandConfirm},
		clearTimer("poll"),
		{Kind: client.CommandPoll},
	})

	t.Run("not twice within 2 s", func(t *testing.T) {
		d.now += 500
		same(t, d.kind(client.EventVisible), []client.Command{setTimer("confirm", 1500)})
		d.now += 1500
		same(t, d.timer("confirm"), []client.Command{{Kind: client.CommandConfirm}})
	})
	t.Run("and fetches the answer where no stream will", func(t *testing.T) {
		d.polled(code())
		same(t, d.kind(client.EventPosted), nil)
		d.kind(client.EventStreamLost)
		d.polled(code())
		same(t, only(d.kind(client.EventPosted), client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
	})
	t.Run("not without an order", func(t *testing.T) {
		e, _ := start(t, client.Page{State: page.Choose, Remaining: -1})
		same(t, only(e.kind(client.EventVisible), client.CommandConfirm), nil)
	})
}

func TestFinalStates(t *testing.T) {
	t.Parallel()
	for _, state := range []page.State{page.Expired, page.Canceled} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			d, _ := start(t, codePage())
			s := code()
			s.State = state
			commands := d.streamed(s)
			same(t, only(commands, client.CommandCloseStream), []client.Command{{Kind: client.CommandCloseStream}})
			same(t, d.streamed(paid()), nil) // left in the pipe

			d.now += 30 * client.Second
			d.timer("poll")
			same(t, only(d.polled(s), client.CommandSetTimer), []client.Command{setTimer("poll", 30*client.Second)})
			d.now += 10 * client.Minute
			d.timer("poll")
			same(t, d.polled(s), []client.Command{clearTimer("poll")})

			same(t, d.kind(client.EventVisible), []client.Command{clearTimer("poll"), {Kind: client.CommandPoll}})
			d.polled(paid())
			d.shows(page.Paid)
		})
	}
}
