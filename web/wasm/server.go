//go:build js && wasm

package main

import (
	"syscall/js"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// answerWithin is how long the server may take, in milliseconds: a request
// that a phone's network lost must not keep the next one from being made.
const answerWithin = 10_000

// server is what the page asks and hears from.
type server struct {
	statusURL, eventsURL, confirmURL, token string

	happened func(client.Event)
	stream   js.Value
	onStatus js.Func
	onError  js.Func
}

func newServer(started js.Value, happened func(client.Event)) *server {
	s := &server{
		statusURL:  text(started, "status"),
		eventsURL:  text(started, "events"),
		confirmURL: text(started, "confirm"),
		token:      text(started, "token"),
		happened:   happened,
	}
	s.onStatus = callback(func(args []js.Value) {
		data := js.Global().Get("JSON").Call("parse", args[0].Get("data"))
		s.happened(client.Event{Kind: client.EventStreamed, Status: status(data)})
	})
	s.onError = callback(func([]js.Value) {
		s.closeStream()
		s.happened(client.Event{Kind: client.EventStreamLost})
	})
	return s
}

// openStream leaves it to the machine when to try again, so an error closes
// the stream for good.
func (s *server) openStream() {
	s.closeStream()
	source := js.Global().Get("EventSource")
	if !source.Truthy() {
		js.Global().Call("setTimeout", s.onError, 0)
		return
	}
	s.stream = source.New(s.eventsURL)
	s.stream.Call("addEventListener", "status", s.onStatus)
	s.stream.Set("onerror", s.onError)
}

func (s *server) closeStream() {
	if s.stream.Truthy() {
		s.stream.Set("onerror", nil)
		s.stream.Call("close")
		s.stream = js.Undefined()
	}
}

// poll answers with EventPolled or EventPollFailed.
func (s *server) poll() {
	failed := client.Event{Kind: client.EventPollFailed}
	s.fetch(s.statusURL, nil, func(response js.Value, done func(client.Event)) {
		if !response.Truthy() || !response.Get("ok").Bool() {
			done(failed)
			return
		}
		then(response.Call("json"), func(data js.Value) {
			if data.Type() != js.TypeObject {
				done(failed)
				return
			}
			done(client.Event{Kind: client.EventPolled, Status: status(data)})
		})
	})
}

// confirm answers with EventPosted, whatever came of it. The words are
// WeixinJSBridge's, "" for none.
func (s *server) confirm(words string) {
	body := js.Global().Get("URLSearchParams").New()
	body.Call("set", "token", s.token)
	if words != "" {
		body.Call("set", "bridge", words)
	}
	options := map[string]any{"method": "POST", "body": body}
	s.fetch(s.confirmURL, options, func(_ js.Value, done func(client.Event)) {
		done(client.Event{Kind: client.EventPosted})
	})
}

// fetch asks the server and calls answered with the response, undefined for
// none. Calling done ends the request and tells what happened.
func (s *server) fetch(url string, options map[string]any, answered func(response js.Value, done func(client.Event))) {
	if options == nil {
		options = map[string]any{}
	}
	abort := js.Global().Get("AbortController").New()
	timer := js.Global().Call("setTimeout", abort.Get("abort").Call("bind", abort), answerWithin)
	options["signal"] = abort.Get("signal")
	options["cache"] = "no-store"
	options["headers"] = map[string]any{"Accept": "application/json"}
	then(js.Global().Call("fetch", url, options), func(response js.Value) {
		answered(response, func(e client.Event) {
			js.Global().Call("clearTimeout", timer)
			s.happened(e)
		})
	})
}

// then calls f once with what a promise is kept with, or undefined when it is
// broken.
func then(promise js.Value, f func(js.Value)) {
	var kept, broken js.Func
	settle := func(v js.Value) {
		kept.Release()
		broken.Release()
		f(v)
	}
	kept = callback(func(args []js.Value) { settle(args[0]) })
	broken = callback(func([]js.Value) { settle(js.Undefined()) })
	promise.Call("then", kept, broken)
}

func status(data js.Value) client.Status {
	s := client.Status{
		State:     page.State(text(data, "state")),
		Attempt:   text(data, "attempt"),
		Remaining: number(data, "remaining"),
		Next:      text(data, "next"),
	}
	if r := data.Get("receipt"); r.Truthy() {
		s.Receipt = client.Receipt{PaidAt: text(r, "paid_at"), PaidWith: text(r, "paid_with"), Number: text(r, "number")}
	}
	return s
}
