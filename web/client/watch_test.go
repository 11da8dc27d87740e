package client_test

import (
	"slices"
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
	poll := []client.Command{{Kind: client.CommandPoll}}
	checkCommands(t, ofKind(d.handleKind(client.EventPollFailed), client.CommandPoll), poll) // for the posts
	d.handleKind(client.EventPollFailed)
	checkCommands(t, ofKind(d.timer("poll"), client.CommandPoll), poll)
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
	poll := []client.Command{{Kind: client.CommandPoll}}
	t.Run("and fetches the answer, which another node may have", func(t *testing.T) {
		d.polled(code())
		checkCommands(t, ofKind(d.handleKind(client.EventPosted), client.CommandPoll), poll)
	})
	t.Run("and fetches it again where the poll was too early", func(t *testing.T) {
		checkCommands(t, d.handleKind(client.EventPosted), nil)
		checkCommands(t, ofKind(d.polled(code()), client.CommandPoll), poll)
		checkCommands(t, ofKind(d.polled(code()), client.CommandPoll), nil)
	})
	t.Run("not without an order", func(t *testing.T) {
		e, _ := start(t, client.Page{State: page.Choose, Remaining: -1})
		checkCommands(t, ofKind(e.handleKind(client.EventVisible), client.CommandConfirm), nil)
	})
}

// A browser opens six connections to a server at most over HTTP/1.1: the streams of hidden
// tabs would leave none for the next page.
func TestHiddenPageHasNoStream(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	hidden := d.handleKind(client.EventHidden)
	checkCommands(t, ofKind(hidden, client.CommandCloseStream), []client.Command{{Kind: client.CommandCloseStream}})
	checkCommands(t, ofKind(hidden, client.CommandClearTimer), []client.Command{clearTimer("tick"), clearTimer("stream"), clearTimer("poll")})
	checkCommands(t, d.streamed(code()), nil) // left in the pipe
	checkCommands(t, d.timer("stream"), nil)

	d.now += 5 * client.Minute
	shown := d.handleKind(client.EventVisible)
	checkCommands(t, ofKind(shown, client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
	checkCommands(t, ofKind(shown, client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
}

// A query that finds no payment is an answer, too: the page waits for it for 5 s at most.
func TestBackWithoutPayment(t *testing.T) {
	t.Parallel()
	confirming := client.Status{State: page.Confirming, Attempt: "a", Remaining: 600}
	unpaid := client.Status{State: page.Redirecting, Attempt: "a", Remaining: 600}
	d, commands := start(t, client.Page{State: page.Confirming, Attempt: "a", Remaining: 600})
	checkCommands(t, ofKind(commands, client.CommandConfirm), []client.Command{{Kind: client.CommandConfirm}})
	d.streamed(confirming)
	d.handleKind(client.EventPosted)
	d.now += client.Second
	// The server has not queried, because the last query was just before.
	if again := d.polled(confirming); !slices.Contains(again, setTimer("confirm", client.Second)) {
		t.Errorf("the commands are %v", again)
	}
	d.now += client.Second
	checkCommands(t, d.timer("confirm"), []client.Command{{Kind: client.CommandConfirm}})
	d.handleKind(client.EventPosted)
	shown := ofKind(d.polled(unpaid), client.CommandShow)
	checkCommands(t, shown, []client.Command{{Kind: client.CommandShow, State: page.Redirecting, Target: client.TargetReturned}})

	t.Run("looks once more after 5 s", func(t *testing.T) {
		d, commands := start(t, client.Page{State: page.Confirming, Attempt: "a", Remaining: 600})
		if !slices.Contains(commands, setTimer("recheck", 5*client.Second)) {
			t.Errorf("the commands are %v", commands)
		}
		d.streamed(confirming)
		d.now += 5 * client.Second
		checkCommands(t, ofKind(d.timer("recheck"), client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
		checkCommands(t, ofKind(d.polled(confirming), client.CommandConfirm), nil)
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

// TestOffline checks that the page says that the network is away when the browser says so,
// or at the second poll in a row without a response, and until the server answers.
func TestOffline(t *testing.T) {
	t.Parallel()
	says := []client.Command{
		{Kind: client.CommandReveal, Target: client.TargetOffline},
		{Kind: client.CommandAnnounce, Target: client.TargetOffline},
	}
	goes := []client.Command{{Kind: client.CommandConceal, Target: client.TargetOffline}}
	told := func(commands []client.Command) []client.Command {
		return ofKind(commands, client.CommandReveal, client.CommandAnnounce, client.CommandConceal)
	}
	lost := client.Event{Kind: client.EventPollFailed, IsUnreached: true}
	d, _ := start(t, codePage())
	d.handleKind(client.EventStreamLost)
	checkCommands(t, told(d.handle(lost)), nil)
	checkCommands(t, told(d.handleKind(client.EventPollFailed)), nil) // the server has an error
	checkCommands(t, told(d.handle(lost)), nil)
	checkCommands(t, told(d.handle(lost)), says)
	checkCommands(t, told(d.handle(lost)), nil)
	checkCommands(t, told(d.handleKind(client.EventOffline)), nil)
	checkCommands(t, told(d.polled(code())), goes)
	checkCommands(t, told(d.handleKind(client.EventOffline)), says)
	d.handleKind(client.EventVisible)
	checkCommands(t, told(d.streamed(code())), goes)
	checkCommands(t, told(d.polled(code())), nil)
}
