package client_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// driver sends events to a machine, at a time that the test sets.
type driver struct {
	t       *testing.T
	machine *client.Machine
	now     client.Millis
}

// start returns the driver of a page after EventStarted, and the commands of that event.
func start(t *testing.T, loaded client.Page) (*driver, []client.Command) {
	t.Helper()
	d := &driver{t: t, machine: client.New(loaded), now: 60 * client.Minute}
	return d, d.handle(client.Event{Kind: client.EventStarted})
}

func (d *driver) handle(e client.Event) []client.Command {
	e.At = d.now
	return d.machine.Handle(e)
}

func (d *driver) handleKind(k client.EventKind) []client.Command {
	return d.handle(client.Event{Kind: k})
}

func (d *driver) streamed(s client.Status) []client.Command {
	return d.handle(client.Event{Kind: client.EventStreamed, Status: s})
}

func (d *driver) polled(s client.Status) []client.Command {
	return d.handle(client.Event{Kind: client.EventPolled, Status: s})
}

func (d *driver) timer(name client.Timer) []client.Command {
	return d.handle(client.Event{Kind: client.EventTimer, Timer: name})
}

func (d *driver) checkState(want page.State) {
	d.t.Helper()
	if got := d.machine.State(); got != want {
		d.t.Fatalf("the page shows %q, want %q", got, want)
	}
}

// kinds returns the kinds of the commands.
func kinds(commands []client.Command) []client.CommandKind {
	found := make([]client.CommandKind, 0, len(commands))
	for _, c := range commands {
		found = append(found, c.Kind)
	}
	return found
}

// ofKind returns the commands of some kinds.
func ofKind(commands []client.Command, of ...client.CommandKind) []client.Command {
	var kept []client.Command
	for _, c := range commands {
		for _, k := range of {
			if c.Kind == k {
				kept = append(kept, c)
			}
		}
	}
	return kept
}

// notOfKind returns the commands of all other kinds.
func notOfKind(commands []client.Command, of ...client.CommandKind) []client.Command {
	var kept []client.Command
	for _, c := range commands {
		if len(ofKind([]client.Command{c}, of...)) == 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

func checkCommands(t *testing.T, got, want []client.Command) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func setTimer(name client.Timer, after client.Millis) client.Command {
	return client.Command{Kind: client.CommandSetTimer, Timer: name, After: after}
}

func clearTimer(name client.Timer) client.Command {
	return client.Command{Kind: client.CommandClearTimer, Timer: name}
}

// codePage is a page that shows the code of attempt "a" and never expires.
func codePage() client.Page {
	return client.Page{State: page.Code, Attempt: "a", Remaining: -1}
}

func code() client.Status {
	return client.Status{State: page.Code, Attempt: "a", Remaining: -1}
}

func paid() client.Status {
	return client.Status{
		State: page.Paid, Attempt: "a", Remaining: -1, Next: "https://shop.example/ok",
		Receipt: client.Receipt{PaidAt: "now", PaidWith: "a wallet", Number: "42"},
	}
}
