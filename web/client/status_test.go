package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/web/client"
)

func TestPaidWhileWatching(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	same(t, d.streamed(paid()), []client.Command{
		{Kind: client.CommandShow, State: checkout.PagePaid},
		{Kind: client.CommandAnnounce, Target: "paid"},
		clearTimer("tick"), clearTimer("confirm"), clearTimer("bridge"), clearTimer("hold"),
		clearTimer("stream"),
		{Kind: client.CommandCloseStream},
		clearTimer("poll"),
		{Kind: client.CommandSetLink, Target: client.TargetNext, URL: "https://shop.example/ok"},
		{Kind: client.CommandReveal, Target: client.TargetLeaving},
		setTimer("leave", 3*client.Second),
		clearTimer("poll"),
	})
	d.now += 3 * client.Second
	same(t, d.timer("leave"), []client.Command{{Kind: client.CommandNavigate, URL: "https://shop.example/ok"}})
}

func TestPaidStaysOnThePage(t *testing.T) {
	t.Parallel()
	leaving := []client.CommandKind{client.CommandNavigate, client.CommandReveal}

	t.Run("when it loaded paid", func(t *testing.T) {
		t.Parallel()
		d, commands := start(t, client.Page{State: checkout.PagePaid, Next: "https://shop.example/ok", Remaining: -1})
		same(t, commands, nil)
		same(t, d.kind(client.EventVisible), nil)
	})
	t.Run("when it is in a frame", func(t *testing.T) {
		t.Parallel()
		page := codePage()
		page.Embedded = true
		d, commands := start(t, page)
		same(t, only(commands, client.CommandTellParent), []client.Command{{Kind: client.CommandTellParent, State: checkout.PageCode}})
		commands = d.streamed(paid())
		same(t, only(commands, leaving...), nil)
		same(t, only(commands, client.CommandTellParent, client.CommandSetLink), []client.Command{
			{Kind: client.CommandTellParent, State: checkout.PagePaid},
			{Kind: client.CommandSetLink, Target: client.TargetNext, URL: "https://shop.example/ok"},
		})
	})
	t.Run("when it only tells the status", func(t *testing.T) {
		t.Parallel()
		d, _ := start(t, client.Page{State: checkout.PageConfirming, Attempt: "a", Remaining: -1, StatusOnly: true})
		same(t, only(d.streamed(paid()), append(leaving, client.CommandSetLink)...), nil)
		d.shows(checkout.PagePaid)
	})
	t.Run("when the server names no next page", func(t *testing.T) {
		t.Parallel()
		d, _ := start(t, codePage())
		s := paid()
		s.Next = ""
		same(t, only(d.streamed(s), append(leaving, client.CommandSetLink)...), nil)
	})
}

func TestStatusFollowsTheTable(t *testing.T) {
	t.Parallel()
	for _, from := range checkout.PageStates() {
		for _, to := range checkout.PageStates() {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) {
				t.Parallel()
				page := codePage()
				page.State = from
				d, _ := start(t, page)
				s := code()
				s.State = to
				commands := d.polled(s)
				want := from
				if from.CanMove(to) {
					want = to
				}
				d.shows(want)
				if moved := len(only(commands, client.CommandShow)) > 0; moved != from.CanMove(to) {
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
		from   checkout.PageState
		status client.Status
		reload bool
	}{
		{"code of another attempt", checkout.PageChoose, client.Status{State: checkout.PageCode, Attempt: "b"}, true},
		{"link of another attempt", checkout.PageCode, client.Status{State: checkout.PageRedirecting, Attempt: "b"}, true},
		{"code renewed elsewhere", checkout.PageCode, client.Status{State: checkout.PageCode, Attempt: "b"}, true},
		{"code of the same attempt", checkout.PageFailed, client.Status{State: checkout.PageCode, Attempt: "a"}, false},
		{"confirming another attempt", checkout.PageCode, client.Status{State: checkout.PageConfirming, Attempt: "b"}, false},
		{"late code after the end", checkout.PageExpired, client.Status{State: checkout.PageCode, Attempt: "b"}, false},
		{"late code after paying", checkout.PagePaid, client.Status{State: checkout.PageCode, Attempt: "b"}, false},
		{"a state of tomorrow", checkout.PageCode, client.Status{State: "teleporting", Attempt: "b"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			page := codePage()
			page.State = test.from
			d, _ := start(t, page)
			commands := d.polled(test.status)
			if got := len(only(commands, client.CommandReload)) > 0; got != test.reload {
				t.Errorf("reload: %v, want %v (%v)", got, test.reload, kinds(commands))
			}
		})
	}
	t.Run("never on a page that only tells the status", func(t *testing.T) {
		t.Parallel()
		d, _ := start(t, client.Page{State: checkout.PageChoose, StatusOnly: true, Remaining: -1})
		same(t, only(d.polled(client.Status{State: checkout.PageCode, Attempt: "b"}), client.CommandReload), nil)
		d.shows(checkout.PageCode)
	})
}

func TestNothingFollowsAReload(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	renewed := code()
	renewed.Attempt = "b"
	same(t, d.streamed(renewed), []client.Command{{Kind: client.CommandReload}})
	same(t, d.streamed(paid()), nil)
	same(t, d.timer("poll"), nil)

	t.Run("until the page comes back from the cache", func(t *testing.T) {
		if got := only(d.kind(client.EventVisible), client.CommandPoll); len(got) != 1 {
			t.Errorf("polls %d times, want once", len(got))
		}
	})
}

func TestUnknownStateAtLoad(t *testing.T) {
	t.Parallel()
	d, _ := start(t, client.Page{State: "teleporting", Remaining: -1})
	d.shows(checkout.PageChoose)
}
