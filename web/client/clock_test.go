package client_test

import (
	"slices"
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// clockPage is a page without an attempt, which only counts down and polls.
func clockPage(remaining int) client.Page {
	return client.Page{State: page.Choose, Remaining: remaining}
}

// text returns the text that the countdown was set to; "" for none.
func text(commands []client.Command) string {
	for _, c := range ofKind(commands, client.CommandSetText) {
		return c.Text
	}
	return ""
}

func TestCountdownText(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{0: "00:00", 9: "00:09", 61: "01:01", 873: "14:33", 3600: "1:00:00", 90061: "25:01:01"} {
		_, commands := start(t, clockPage(seconds))
		if got := text(commands); got != want {
			t.Errorf("the countdown of %d s is %q, want %q", seconds, got, want)
		}
	}
	_, commands := start(t, clockPage(-1))
	if got := text(commands); got != "" {
		t.Errorf("the countdown without an expiry is %q, want none", got)
	}
}

// TestLastMinuteIsMarked checks that the countdown is marked once, also after a load in the
// last minute, and that the mark goes where the server has more time.
func TestLastMinuteIsMarked(t *testing.T) {
	t.Parallel()
	marks := func(commands []client.Command) (kinds []client.CommandKind) {
		for _, c := range commands {
			if c.Target == client.TargetLastMinute {
				kinds = append(kinds, c.Kind)
			}
		}
		return kinds
	}
	d, commands := start(t, clockPage(62))
	if got := marks(commands); got != nil {
		t.Errorf("with 62 s left: %v", got)
	}
	for _, want := range [][]client.CommandKind{nil, {client.CommandReveal}, nil} { // 61, 60 and 59 s
		d.now += client.Second
		if got := marks(d.timer("tick")); !slices.Equal(got, want) {
			t.Errorf("after %d ms: %v, want %v", d.now, got, want)
		}
	}
	if got := marks(d.streamed(client.Status{State: page.Choose, Remaining: 600})); !slices.Equal(got, []client.CommandKind{client.CommandConceal}) {
		t.Errorf("with more time: %v", got)
	}
	if _, commands := start(t, clockPage(30)); !slices.Equal(marks(commands), []client.CommandKind{client.CommandReveal}) {
		t.Errorf("after a load with 30 s left: %v", marks(commands))
	}
}

func TestCountdownEachSecond(t *testing.T) {
	t.Parallel()
	d, commands := start(t, clockPage(90))
	checkCommands(t, ofKind(commands, client.CommandSetText, client.CommandSetTimer)[:2], []client.Command{
		{Kind: client.CommandSetText, Target: client.TargetCountdown, Text: "01:30"},
		setTimer("tick", client.Second),
	})
	d.now += 1200
	checkCommands(t, d.timer("tick"), []client.Command{
		{Kind: client.CommandSetText, Target: client.TargetCountdown, Text: "01:29"},
		setTimer("tick", 800),
	})
}

func TestCountdownSurvivesSleep(t *testing.T) {
	t.Parallel()
	d, _ := start(t, clockPage(900))
	checkCommands(t, d.handleKind(client.EventHidden)[:1], []client.Command{clearTimer("tick")})
	d.now += 5 * client.Minute
	if got := text(d.handleKind(client.EventVisible)); got != "10:00" {
		t.Errorf("after 5 of 15 minutes the countdown is %q, want 10:00", got)
	}
	if got := text(d.polled(client.Status{State: page.Choose, Remaining: 580})); got != "09:40" {
		t.Errorf("for 580 s from the server the countdown is %q, want 09:40", got)
	}
}

func TestCountdownIsAnnouncedNowAndThen(t *testing.T) {
	t.Parallel()
	d, commands := start(t, clockPage(620))
	spoken := len(ofKind(commands, client.CommandAnnounce))
	for range 620 {
		d.now += client.Second
		spoken += len(ofKind(d.timer("tick"), client.CommandAnnounce))
	}
	if spoken != 3 {
		t.Errorf("the time was announced %d times in ten minutes, want 3", spoken)
	}
}

func TestCountdownEndPolls(t *testing.T) {
	t.Parallel()
	d, _ := start(t, clockPage(1))
	d.now += client.Second
	commands := d.timer("tick")
	if text(commands) != "00:00" || len(ofKind(commands, client.CommandPoll)) != 1 {
		t.Fatalf("the commands at the end are %v, want 00:00 and one poll", commands)
	}
	d.checkState(page.Choose)
	checkCommands(t, ofKind(d.polled(client.Status{State: page.Choose, Remaining: 0}), client.CommandPoll), nil)
	d.timer("poll")
	d.polled(client.Status{State: page.Expired, Remaining: -1})
	d.checkState(page.Expired)
}

func TestTimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	d, _ := start(t, clockPage(60))
	d.now -= 30 * client.Minute
	checkCommands(t, notOfKind(d.timer("tick"), client.CommandSetTimer), nil)
}
