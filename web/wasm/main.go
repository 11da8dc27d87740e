//go:build js && wasm

// Command wasm is the checkout page's program. It runs in a Worker and connects the
// machine of web/client to the browser. Events are messages from static/loader.js,
// responses of the server, and timers. Commands for the page are sent back as messages.
//
// It uses no package that imports fmt or reflect, because each would add a hundred
// kilobytes to the program.
package main

import (
	"syscall/js"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

func main() {
	defer reportCrash()
	scope := js.Global()
	worker := scope.Get("wantukit") // see static/worker.js
	facts := worker.Get("page")

	p := newPage(facts)
	scope.Set("onmessage", callback(func(args []js.Value) { p.message(args[0].Get("data")) }))
	post(map[string]any{"cmd": "ready"})
	p.handle(client.Event{Kind: client.EventStarted})
	waiting := worker.Get("waiting")
	for i := range waiting.Length() {
		p.message(waiting.Index(i))
	}
	select {}
}

// checkoutPage is the page: its machine, and the parts that carry out the commands.
type checkoutPage struct {
	machine *client.Machine
	clock   client.Steady
	server  *server
	timers  *timers
}

func newPage(facts js.Value) *checkoutPage {
	p := &checkoutPage{machine: client.New(readPage(facts))}
	p.server = newServer(facts, p.handle)
	p.timers = newTimers(func(name client.Timer) {
		p.handle(client.Event{Kind: client.EventTimer, Timer: name})
	})
	return p
}

// readPage reads the facts, the data attributes in the page's HTML.
func readPage(facts js.Value) client.Page {
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

// message handles an event from the page. Its kinds are the kinds of client.Event.
func (p *checkoutPage) message(data js.Value) {
	p.handle(client.Event{
		Page:   readPage(data),
		Kind:   client.EventKind(text(data, "event")),
		Action: text(data, "action"),
		Result: text(data, "result"),
		Words:  text(data, "words"),
	})
}

// handle passes an event to the machine, and carries out its commands.
func (p *checkoutPage) handle(e client.Event) {
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

// now returns the time of the page's clock.
func (p *checkoutPage) now() client.Millis {
	return p.clock.Tell(js.Global().Get("performance").Call("now").Float(), js.Global().Get("Date").Call("now").Float())
}
