//go:build js && wasm

// Command wasm is the checkout page's program. It runs in a Worker and
// connects the machine of web/client to the browser: events come as messages
// from static/loader.js, as answers of the server and as timers; commands that
// concern the page go back as messages.
//
// It keeps off fmt, reflection and whatever is built on them: each would cost
// every shopper a hundred kilobytes.
package main

import (
	"syscall/js"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

func main() {
	defer crashed()
	scope := js.Global()
	mail := scope.Get("wantukit")
	started := mail.Get("page")

	p := newPage(started)
	scope.Set("onmessage", callback(func(args []js.Value) { p.message(args[0].Get("data")) }))
	post(map[string]any{"cmd": "ready"})
	p.happened(client.Event{Kind: client.EventStarted})
	waiting := mail.Get("waiting")
	for i := range waiting.Length() {
		p.message(waiting.Index(i))
	}
	select {}
}

// checkoutPage is one page: its machine and what the machine acts through.
type checkoutPage struct {
	machine *client.Machine
	clock   client.Steady
	server  *server
	timers  *timers
}

func newPage(started js.Value) *checkoutPage {
	p := &checkoutPage{machine: client.New(content(started))}
	p.server = newServer(started, p.happened)
	p.timers = newTimers(func(name client.Timer) {
		p.happened(client.Event{Kind: client.EventTimer, Timer: name})
	})
	return p
}

// content is what the page's HTML says.
func content(facts js.Value) client.Page {
	return client.Page{
		State:      page.State(text(facts, "state")),
		Attempt:    text(facts, "attempt"),
		Remaining:  number(facts, "remaining"),
		Renew:      number(facts, "renew"),
		Next:       text(facts, "next"),
		JSAPI:      facts.Get("jsapi").Truthy(),
		StatusOnly: facts.Get("statusOnly").Truthy(),
		Embedded:   facts.Get("framed").Truthy(),
	}
}

// message takes an event that the page forwards. Its kinds are named as the
// machine names them.
func (p *checkoutPage) message(data js.Value) {
	p.happened(client.Event{
		Page:   content(data),
		Kind:   client.EventKind(text(data, "event")),
		Action: text(data, "action"),
		Result: text(data, "result"),
		Words:  text(data, "words"),
	})
}

// happened tells the machine and does what it says.
func (p *checkoutPage) happened(e client.Event) {
	e.At = p.now()
	for _, c := range p.machine.Handle(e) {
		p.do(c)
	}
}

func (p *checkoutPage) do(c client.Command) {
	switch c.Kind {
	case client.CommandOpenStream:
		p.server.openStream()
	case client.CommandCloseStream:
		p.server.closeStream()
	case client.CommandPoll:
		p.server.poll()
	case client.CommandConfirm:
		p.server.confirm(c.Text)
	case client.CommandSetTimer:
		p.timers.set(c.Timer, c.After)
	case client.CommandClearTimer:
		p.timers.clear(c.Timer)
	default:
		post(map[string]any{
			"cmd":    string(c.Kind),
			"state":  string(c.State),
			"target": string(c.Target),
			"text":   c.Text,
			"url":    c.URL,
		})
	}
}

// now is the time of the page's own clock.
func (p *checkoutPage) now() client.Millis {
	return p.clock.Tell(js.Global().Get("performance").Call("now").Float(), js.Global().Get("Date").Call("now").Float())
}
