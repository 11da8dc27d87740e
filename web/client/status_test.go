package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

func TestPaidWhileWatching(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	checkCommands(t, d.streamed(paid()), []client.Command{
		{Kind: client.CommandSetText, Target: client.TargetPaidAt, Text: "now"},
		{Kind: client.CommandSetText, Target: client.TargetPaidWith, Text: "a wallet"},
		{Kind: client.CommandSetText, Target: client.TargetPaidNumber, Text: "42"},
		{Kind: client.CommandSetLink, Target: client.TargetNext, URL: "https://shop.example/ok"},
		{Kind: client.CommandReveal, Target: client.TargetLeaving},
		{Kind: client.CommandSetText, Target: client.TargetLeavingIn, Text: "(3)"},
		setTimer("leave", client.Second),
		{Kind: client.CommandShow, State: page.Paid},
		{Kind: client.CommandAnnounce, Target: "paid"},
		clearTimer("tick"), clearTimer("confirm"), clearTimer("bridge"), clearTimer("recheck"), clearTimer("renew"),
		clearTimer("stream"),
		{Kind: client.CommandCloseStream},
		clearTimer("poll"),
		clearTimer("poll"),
	})
	for _, left := range []string{"(2)", "(1)"} {
		d.now += client.Second
		checkCommands(t, d.timer("leave"), []client.Command{
			{Kind: client.CommandSetText, Target: client.TargetLeavingIn, Text: left},
			setTimer("leave", client.Second),
		})
	}
	d.now += client.Second
	checkCommands(t, d.timer("leave"), []client.Command{{Kind: client.CommandNavigate, URL: "https://shop.example/ok"}})
}

func TestShopperWhoKeepsTheReceiptStays(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(paid())
	checkCommands(t, d.handle(client.Event{Kind: client.EventClicked, Action: client.ActionStay}), []client.Command{
		clearTimer("leave"),
		{Kind: client.CommandConceal, Target: client.TargetLeaving},
		{Kind: client.CommandSetText, Target: client.TargetLeavingIn},
	})
}

func TestPaidStaysOnThePage(t *testing.T) {
	t.Parallel()
	leaving := []client.CommandKind{client.CommandNavigate, client.CommandReveal}

	t.Run("when it loaded paid", func(t *testing.T) {
		t.Parallel()
		d, commands := start(t, client.Page{State: page.Paid, Next: "https://shop.example/ok", Remaining: -1})
		checkCommands(t, commands, nil)
		checkCommands(t, d.handleKind(client.EventVisible), nil)
	})
	t.Run("when it is in a frame", func(t *testing.T) {
		t.Parallel()
		loaded := codePage()
		loaded.Embedded = true
		d, _ := start(t, loaded)
		commands := d.streamed(paid())
		checkCommands(t, ofKind(commands, leaving...), nil)
		checkCommands(t, ofKind(commands, client.CommandSetLink), []client.Command{
			{Kind: client.CommandSetLink, Target: client.TargetNext, URL: "https://shop.example/ok"},
		})
	})
	t.Run("when it only tells the status", func(t *testing.T) {
		t.Parallel()
		d, _ := start(t, client.Page{State: page.Confirming, Attempt: "a", Remaining: -1, StatusOnly: true})
		checkCommands(t, ofKind(d.streamed(paid()), append(leaving, client.CommandSetLink)...), nil)
		d.checkState(page.Paid)
	})
	t.Run("when the server names no next page", func(t *testing.T) {
		t.Parallel()
		d, _ := start(t, codePage())
		s := paid()
		s.Next = ""
		checkCommands(t, ofKind(d.streamed(s), append(leaving, client.CommandSetLink)...), nil)
	})
}

func TestStatusFollowsTheTable(t *testing.T) {
	t.Parallel()
	for _, from := range page.States() {
		for _, to := range page.States() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				t.Parallel()
				loaded := codePage()
				loaded.State = from
				d, _ := start(t, loaded)
				s := code()
				s.State = to
				commands := d.polled(s)
				want := from
				if from.CanMove(to) {
					want = to
				}
				d.checkState(want)
				if moved := len(ofKind(commands, client.CommandShow)) > 0; moved != from.CanMove(to) {
					t.Errorf("shown anew: %v, want %v", moved, from.CanMove(to))
				}
			})
		}
	}
}

func TestReloadForContentThePageLacks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		from   page.State
		status client.Status
		reload bool
	}{
		{"code of another attempt", page.Choose, client.Status{State: page.Code, Attempt: "b"}, true},
		{"link of another attempt", page.Code, client.Status{State: page.Redirecting, Attempt: "b"}, true},
		{"code renewed elsewhere", page.Code, client.Status{State: page.Code, Attempt: "b"}, true},
		{"code of the same attempt", page.Failed, client.Status{State: page.Code, Attempt: "a"}, false},
		{"confirming another attempt", page.Code, client.Status{State: page.Confirming, Attempt: "b"}, false},
		{"late code after the end", page.Expired, client.Status{State: page.Code, Attempt: "b"}, false},
		{"late code after paying", page.Paid, client.Status{State: page.Code, Attempt: "b"}, false},
		{"a state of tomorrow", page.Code, client.Status{State: "teleporting", Attempt: "b"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			loaded := codePage()
			loaded.State = test.from
			d, _ := start(t, loaded)
			commands := d.polled(test.status)
			if got := len(ofKind(commands, client.CommandReload)) > 0; got != test.reload {
				t.Errorf("reload: %v, want %v (%v)", got, test.reload, kinds(commands))
			}
		})
	}
	t.Run("never on a page that only tells the status", func(t *testing.T) {
		t.Parallel()
		d, _ := start(t, client.Page{State: page.Choose, StatusOnly: true, Remaining: -1})
		checkCommands(t, ofKind(d.polled(client.Status{State: page.Code, Attempt: "b"}), client.CommandReload), nil)
		d.checkState(page.Code)
	})
}

func TestNothingFollowsAReload(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	renewed := code()
	renewed.Attempt = "b"
	checkCommands(t, d.streamed(renewed), []client.Command{{Kind: client.CommandReload}})
	checkCommands(t, d.streamed(paid()), nil)
	checkCommands(t, d.timer("poll"), nil)

	t.Run("until the page comes back from the cache", func(t *testing.T) {
		if got := ofKind(d.handleKind(client.EventVisible), client.CommandPoll); len(got) != 1 {
			t.Errorf("polls %d times, want once", len(got))
		}
	})
}

func TestUnknownStateAtLoad(t *testing.T) {
	t.Parallel()
	d, _ := start(t, client.Page{State: "teleporting", Remaining: -1})
	d.checkState(page.Choose)
}

func TestPageThatComesBackFromAWalletAsksAtOnce(t *testing.T) {
	t.Parallel()
	_, commands := start(t, client.Page{State: page.Confirming, Attempt: "a", Remaining: 600})
	checkCommands(t, ofKind(commands, client.CommandConfirm), []client.Command{{Kind: client.CommandConfirm}})
	_, commands = start(t, client.Page{State: page.Code, Attempt: "a", Remaining: 600})
	checkCommands(t, ofKind(commands, client.CommandConfirm), nil)
}
