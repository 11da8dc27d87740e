package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// clockPage has no attempt, so that nothing but the clock and polls come.
func clockPage(remaining int) client.Page {
	return client.Page{State: page.Choose, Remaining: remaining}
}

// text returns what the countdown was set to, "" when it was not.
func text(commands []client.Command) string {
	for _, c := range only(commands, client.CommandSetText) {
		return c.Text
	}
	return ""
}

func TestCountdownText(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{0: "00:00", 9: "00:09", 61: "01:01", 873: "14:33", 3600: "1:00:00", 90061: "25:01:01"} {
		_, commands := start(t, clockPage(seconds))
		if got := text(commands); got != want {
			t.Errorf("%d s reads %q, want %q", seconds, got, want)
		}
	}
	_, commands := start(t, clockPage(-1))
	if got := text(commands); got != "" {
		t.Errorf("no expiry reads %q", got)
	}
}

func TestCountdownEachSecond(t *testing.T) {
	t.Parallel()
	d, commands := start(t, clockPage(90))
	same(t, only(commands, client.CommandSetText, client.CommandSetTimer)[:2], []client.Command{
		{Kind: client.CommandSetText, Target: client.TargetCountdown, Text: "01:30"},
		setTimer("tick", client.Second),
	})
	d.now += 1200
	same(t, d.timer("tick"), []client.Command{
		{Kind: client.CommandSetText, Target: client.TargetCountdown, Text: "01:29"},
		setTimer("tick", 800),
	})
}

func TestCountdownSurvivesSleep(t *testing.T) {
	t.Parallel()
	d, _ := start(t, clockPage(900))
	same(t, d.kind(client.EventHidden), []client.Command{clearTimer("tick")})
	d.now += 5 * client.Minute
	if got := text(d.kind(client.EventVisible)); got != "10:00" {
		t.Errorf("after five minutes of 15 the page reads %q", got)
	}
	if got := text(d.polled(client.Status{State: page.Choose, Remaining: 580})); got != "09:40" {
		t.Errorf("the server says 580 s, the page %q", got)
	}
}

func TestCountdownIsAnnouncedNowAndThen(t *testing.T) {
	t.Parallel()
	d, commands := start(t, clockPage(620))
	spoken := len(only(commands, client.CommandAnnounce))
	for range 620 {
		d.now += client.Second
		spoken += len(only(d.timer("tick"), client.CommandAnnounce))
	}
	if spoken != 3 {
		t.Errorf("announced %d times in ten minutes, want 3", spoken)
	}
}

func TestCountdownEndAsksTheServer(t *testing.T) {
	t.Parallel()
	d, _ := start(t, clockPage(1))
	d.now += client.Second
	commands := d.timer("tick")
	if text(commands) != "00:00" || len(only(commands, client.CommandPoll)) != 1 {
		t.Fatalf("at the end: %v", commands)
	}
	d.shows(page.Choose)
	same(t, only(d.polled(client.Status{State: page.Choose, Remaining: 0}), client.CommandPoll), nil)
	d.timer("poll")
	d.polled(client.Status{State: page.Expired, Remaining: -1})
	d.shows(page.Expired)
}

func TestTimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	d, _ := start(t, clockPage(60))
	d.now -= 30 * client.Minute
	same(t, without(d.timer("tick"), client.CommandSetTimer), nil)
}
