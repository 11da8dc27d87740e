package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

func TestStreamFirst(t *testing.T) {
	t.Parallel()
	d, commands := start(t, codePage())
	checkCommands(t, commands, []client.Command{
		clearTimer("stream"),
		{Kind: client.CommandOpenStream},
		setTimer("poll", 2*client.Second),
	})
	checkCommands(t, d.streamed(code()), []client.Command{setTimer("poll", 30*client.Second)})
}

func TestStreamLost(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	checkCommands(t, d.handleKind(client.EventStreamLost), []client.Command{
		setTimer("stream", client.Second),
		setTimer("poll", 2*client.Second),
	})

	t.Run("is tried again ever later", func(t *testing.T) {
		for _, want := range []client.Millis{2, 4, 8, 16, 30, 30} {
			checkCommands(t, ofKind(d.timer("stream"), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
			commands := ofKind(d.handleKind(client.EventStreamLost), client.CommandSetTimer)
			checkCommands(t, commands, []client.Command{setTimer("stream", want*client.Second)})
			d.polled(code())
		}
	})
	t.Run("and at once when somebody looks", func(t *testing.T) {
		checkCommands(t, ofKind(d.handleKind(client.EventVisible), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
	})
}

// TestStreamsComeBackAtDifferentTimes checks that pages that lose their streams at the
// same time, as in a restart, do not come back at the same time.
func TestStreamsComeBackAtDifferentTimes(t *testing.T) {
	t.Parallel()
	const pages = 1000
	back := map[client.Millis]int{} // pages by their tenth of a second
	for i := range pages {
		d, _ := start(t, codePage())
		d.streamed(code())
		d.now += client.Millis(i * 7919) // each page was opened at another time
		commands := d.handleKind(client.EventStreamLost)
		checkCommands(t, ofKind(commands, client.CommandPoll), nil)
		after := ofKind(commands, client.CommandSetTimer)[0].After
		if after < client.Second || after >= 2*client.Second {
			t.Fatalf("the stream is opened again after %d ms, want 1 to 2 s", after)
		}
		back[after/100]++
	}
	for tenth, n := range back {
		if n > pages/5 {
			t.Errorf("%d of %d pages come back in the tenth of a second %d", n, pages, tenth)
		}
	}
}

func TestStreamThatIsBuffered(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.now += 2 * client.Second
	checkCommands(t, d.timer("poll"), []client.Command{clearTimer("poll"), {Kind: client.CommandPoll}})
	d.polled(paid())
	d.checkState(page.Paid)
}

func TestStreamThatDiedSilently(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	d.now += 30 * client.Second
	d.timer("poll")
	confirming := code()
	confirming.State = page.Confirming
	checkCommands(t, ofKind(d.polled(confirming), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
}

func TestPollingSlowsDown(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.handleKind(client.EventStreamLost)
	checkCommands(t, ofKind(d.polled(code()), client.CommandSetTimer), []client.Command{setTimer("poll", 2*client.Second)})
	d.now += client.Minute
	d.timer("poll")
	checkCommands(t, d.handleKind(client.EventPollFailed), []client.Command{setTimer("poll", 10*client.Second)})
	d.handleKind(client.EventVisible)
	checkCommands(t, d.polled(code()), []client.Command{setTimer("poll", 2*client.Second)})
}

func TestPollingNeverOverlaps(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.handleKind(client.EventStreamLost)
	for range 5 {
		checkCommands(t, ofKind(d.handleKind(client.EventVisible), client.CommandPoll), nil)
		checkCommands(t, ofKind(d.timer("poll"), client.CommandPoll), nil)
		checkCommands(t, ofKind(d.handleKind(client.EventPosted), client.CommandPoll), nil)
	}
	d.handleKind(client.EventPollFailed)
	checkCommands(t, ofKind(d.timer("poll"), client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
}

func TestVisibleAsksTheGateway(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	checkCommands(t, d.handleKind(client.EventVisible), []client.Command{
		{Kind: client.CommandConfirm},
		clearTimer("poll"),
		{Kind: client.CommandPoll},
	})

	t.Run("not twice within 2 s", func(t *testing.T) {
		d.now += 500
		checkCommands(t, d.handleKind(client.EventVisible), []client.Command{setTimer("confirm", 1500)})
		d.now += 1500
		checkCommands(t, d.timer("confirm"), []client.Command{{Kind: client.CommandConfirm}})
	})
	t.Run("and fetches the answer where no stream will", func(t *testing.T) {
		d.polled(code())
		checkCommands(t, d.handleKind(client.EventPosted), nil)
		d.handleKind(client.EventStreamLost)
		d.polled(code())
		checkCommands(t, ofKind(d.handleKind(client.EventPosted), client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
	})
	t.Run("not without an order", func(t *testing.T) {
		e, _ := start(t, client.Page{State: page.Choose, Remaining: -1})
		checkCommands(t, ofKind(e.handleKind(client.EventVisible), client.CommandConfirm), nil)
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
			checkCommands(t, ofKind(commands, client.CommandCloseStream), []client.Command{{Kind: client.CommandCloseStream}})
			checkCommands(t, d.streamed(paid()), nil) // left in the pipe

			d.now += 30 * client.Second
			d.timer("poll")
			checkCommands(t, ofKind(d.polled(s), client.CommandSetTimer), []client.Command{setTimer("poll", 30*client.Second)})
			d.now += 10 * client.Minute
			d.timer("poll")
			checkCommands(t, d.polled(s), []client.Command{clearTimer("poll")})

			checkCommands(t, d.handleKind(client.EventVisible), []client.Command{clearTimer("poll"), {Kind: client.CommandPoll}})
			d.polled(paid())
			d.checkState(page.Paid)
		})
	}
}
