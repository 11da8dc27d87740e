package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

var renewal = []client.Command{{Kind: client.CommandRenew}, setTimer("renew", 30*client.Second)}

// another is a page with the code of another attempt.
func another() client.Page {
	return client.Page{State: page.Code, Attempt: "b", Remaining: -1, Renew: 600}
}

func replaced(p client.Page) client.Event {
	return client.Event{Kind: client.EventReplaced, Page: p}
}

func TestCodeIsRenewed(t *testing.T) {
	t.Parallel()
	loaded := codePage()
	loaded.Renew = 90
	d, commands := start(t, loaded)
	if len(ofKind(commands, client.CommandSetTimer)) == 0 || commands[0] != setTimer("renew", 90*client.Second) {
		t.Fatalf("commands %v", commands)
	}
	d.now += 90 * client.Second
	checkCommands(t, d.timer("renew"), renewal)

	t.Run("and the new one later", func(*testing.T) {
		commands := d.handle(replaced(another()))
		checkCommands(t, ofKind(commands, client.CommandSetTimer)[:1], []client.Command{setTimer("renew", 600*client.Second)})
	})
	t.Run("not at once again where it could not be", func(*testing.T) {
		same := another()
		same.Renew = 1
		commands := d.handle(replaced(same))
		if last := commands[len(commands)-1]; last != setTimer("renew", 30*client.Second) {
			t.Errorf("commands %v", commands)
		}
	})
	t.Run("and not once it is not shown", func(t *testing.T) {
		d.streamed(client.Status{State: page.Choose, Remaining: -1})
		checkCommands(t, d.timer("renew"), nil)
	})
}

func TestWhereNoCodeIsToBeRenewed(t *testing.T) {
	t.Parallel()
	for name, loaded := range map[string]client.Page{
		"the session ends before": codePage(),
		"there is no code":        {State: page.Choose, Remaining: -1, Renew: 5},
	} {
		_, commands := start(t, loaded)
		for _, c := range ofKind(commands, client.CommandSetTimer) {
			if c.Timer == "renew" {
				t.Errorf("%s: %v", name, c)
			}
		}
	}
}

// TestContentInPlace checks that the machine continues with content that was replaced
// without a load.
func TestContentInPlace(t *testing.T) {
	t.Parallel()
	d, _ := start(t, codePage())
	d.streamed(code())
	checkCommands(t, d.streamed(client.Status{State: page.Code, Attempt: "b", Remaining: -1}), []client.Command{{Kind: client.CommandReload}})
	checkCommands(t, d.handleKind(client.EventPosted), nil) // it waits for the new content
	checkCommands(t, ofKind(d.handle(replaced(another())), client.CommandOpenStream), []client.Command{{Kind: client.CommandOpenStream}})
	d.streamed(client.Status{State: page.Code, Attempt: "b", Remaining: -1})
	d.checkState(page.Code)

	t.Run("which may be the receipt", func(t *testing.T) {
		commands := d.handle(replaced(client.Page{State: page.Paid, Remaining: -1, Next: "https://shop.example/ok"}))
		checkCommands(t, ofKind(commands, client.CommandSetLink, client.CommandReveal), []client.Command{
			{Kind: client.CommandSetLink, Target: client.TargetNext, URL: "https://shop.example/ok"},
			{Kind: client.CommandReveal, Target: client.TargetLeaving},
		})
		d.checkState(page.Paid)
	})
	t.Run("and of which gibberish is a choice", func(*testing.T) {
		d.handle(replaced(client.Page{State: "gibberish", Remaining: -1}))
		d.checkState(page.Choose)
	})
}

// TestContentForgetsTheSheet checks that a late bridge opens no sheet after the page was
// replaced by one without a sheet.
func TestContentForgetsTheSheet(t *testing.T) {
	t.Parallel()
	d, _ := start(t, client.Page{State: page.Redirecting, Attempt: "a", JSAPI: true, Remaining: -1})
	commands := d.handle(replaced(client.Page{State: page.Redirecting, Attempt: "b", Remaining: -1}))
	checkCommands(t, ofKind(commands, client.CommandClearTimer), []client.Command{
		clearTimer("renew"), clearTimer("bridge"), clearTimer("recheck"), clearTimer("leave"), clearTimer("stream"),
	})
	checkCommands(t, d.handleKind(client.EventBridgeReady), nil)
}
