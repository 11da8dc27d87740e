package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

func jsapiPage() client.Page {
	return client.Page{State: page.Redirecting, Attempt: "a", Remaining: -1, JSAPI: true}
}

func redirecting() client.Status {
	return client.Status{State: page.Redirecting, Attempt: "a", Remaining: -1}
}

func answered(result string) client.Event {
	return client.Event{Kind: client.EventBridgeAnswered, Result: result}
}

var invoke = []client.Command{{Kind: client.CommandInvokeBridge}}

func TestBridgeOpensOnce(t *testing.T) {
	t.Parallel()
	d, commands := start(t, jsapiPage())
	checkCommands(t, ofKind(commands, client.CommandInvokeBridge), nil)
	checkCommands(t, d.handleKind(client.EventBridgeReady), []client.Command{
		clearTimer("bridge"),
		{Kind: client.CommandConceal, Target: client.TargetBridgeMissing},
		{Kind: client.CommandInvokeBridge},
	})
	checkCommands(t, d.handleKind(client.EventBridgeReady), nil)

	t.Run("and again at a click", func(t *testing.T) {
		pay := client.Event{Kind: client.EventClicked, Action: client.ActionPay}
		checkCommands(t, ofKind(d.handle(pay), client.CommandInvokeBridge), invoke)
		checkCommands(t, ofKind(d.handle(pay), client.CommandInvokeBridge), invoke)
		checkCommands(t, d.handle(client.Event{Kind: client.EventClicked, Action: "dance"}), nil)
	})
}

func TestBridgeIsNotWantedElsewhere(t *testing.T) {
	t.Parallel()
	for name, loaded := range map[string]client.Page{
		"a page with a code":         codePage(),
		"a link to Alipay":           {State: page.Redirecting, Attempt: "a", Remaining: -1},
		"a page that is confirming":  {State: page.Confirming, Attempt: "a", Remaining: -1, JSAPI: true},
		"an attempt that has failed": {State: page.Failed, Attempt: "a", Remaining: -1, JSAPI: true},
	} {
		d, commands := start(t, loaded)
		commands = append(commands, d.handleKind(client.EventBridgeReady)...)
		commands = append(commands, d.handle(client.Event{Kind: client.EventClicked, Action: client.ActionPay})...)
		if len(ofKind(commands, client.CommandInvokeBridge)) > 0 {
			t.Errorf("%s opens the sheet", name)
		}
	}
}

func TestBridgeMissing(t *testing.T) {
	t.Parallel()
	d, commands := start(t, jsapiPage())
	checkCommands(t, commands[len(commands)-1:], []client.Command{setTimer("bridge", 5*client.Second)})
	checkCommands(t, d.timer("bridge"), []client.Command{{Kind: client.CommandReveal, Target: client.TargetBridgeMissing}})
	commands = d.handleKind(client.EventBridgeReady)
	checkCommands(t, ofKind(commands, client.CommandConceal, client.CommandInvokeBridge), []client.Command{
		{Kind: client.CommandConceal, Target: client.TargetBridgeMissing},
		{Kind: client.CommandInvokeBridge},
	})
}

func TestBridgeAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		result string
		shows  page.State
		kinds  []client.CommandKind
	}{
		{client.ResultOK, page.Confirming, []client.CommandKind{
			client.CommandSetTimer, client.CommandShow, client.CommandAnnounce, client.CommandConfirm,
		}},
		{client.ResultCancel, page.Redirecting, []client.CommandKind{client.CommandConfirm}},
		{client.ResultFail, page.Redirecting, []client.CommandKind{client.CommandReveal, client.CommandConfirm}},
		{"gibberish", page.Redirecting, []client.CommandKind{client.CommandConfirm}},
	}
	for _, test := range tests {
		t.Run(test.result, func(t *testing.T) {
			t.Parallel()
			d, _ := start(t, jsapiPage())
			d.handleKind(client.EventBridgeReady)
			got := kinds(d.handle(answered(test.result)))
			if len(got) != len(test.kinds) {
				t.Fatalf("commands %v, want %v", got, test.kinds)
			}
			for i := range got {
				if got[i] != test.kinds[i] {
					t.Fatalf("commands %v, want %v", got, test.kinds)
				}
			}
			d.checkState(test.shows)
		})
	}
}

// TestBridgesWordsReachTheServer checks that each answer's text is posted once.
func TestBridgesWordsReachTheServer(t *testing.T) {
	t.Parallel()
	d, _ := start(t, jsapiPage())
	said := func(words string) client.Event {
		return client.Event{Kind: client.EventBridgeAnswered, Result: client.ResultFail, Words: words}
	}
	confirm := func(words string) []client.Command {
		return []client.Command{{Kind: client.CommandConfirm, Text: words}}
	}
	checkCommands(t, ofKind(d.handle(said("first")), client.CommandConfirm), confirm("first"))
	checkCommands(t, ofKind(d.handle(said("second")), client.CommandConfirm), nil) // too soon
	d.now += 2 * client.Second
	checkCommands(t, d.timer("confirm"), confirm("second"))
	d.now += 2 * client.Second
	checkCommands(t, ofKind(d.handleKind(client.EventVisible), client.CommandConfirm), confirm(""))
}

func TestBridgeOkKeepsThePageConfirmingForAMoment(t *testing.T) {
	t.Parallel()
	d, _ := start(t, jsapiPage())
	d.handleKind(client.EventBridgeReady)
	d.handle(answered(client.ResultOK))
	d.streamed(redirecting())
	d.checkState(page.Confirming)

	t.Run("and then the server is", func(t *testing.T) {
		d.now += 10 * client.Second
		checkCommands(t, ofKind(d.timer("recheck"), client.CommandPoll), []client.Command{{Kind: client.CommandPoll}})
		d.polled(redirecting())
		d.checkState(page.Redirecting)
	})
	t.Run("and paid at any time", func(*testing.T) {
		d.handle(answered(client.ResultOK))
		d.streamed(paid())
		d.checkState(page.Paid)
	})
}

func TestBridgeAnswersThePaidPage(t *testing.T) {
	t.Parallel()
	d, _ := start(t, jsapiPage())
	d.handleKind(client.EventBridgeReady)
	d.streamed(paid())
	checkCommands(t, d.handle(answered(client.ResultOK)), nil)
	d.checkState(page.Paid)
}
