//go:build js && wasm

package main

import (
	"syscall/js"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// requestTimeout is the timeout of a request in milliseconds. Without it, a request that
// a phone's network lost would prevent the next one.
const requestTimeout = 10_000

// server sends the page's requests, and turns responses and the stream into events.
type server struct {
	statusURL, eventsURL, confirmURL, token string

	handle func(client.Event)
	stream js.Value
	// giveBack gives back the right to one of the browser's streams, if it is truthy.
	giveBack js.Value
	// opening counts the calls that open or close the stream. An answer to an earlier call
	// is outdated.
	opening  int
	onStatus js.Func
	onError  js.Func
}

func newServer(facts js.Value, handle func(client.Event)) *server {
	s := &server{
		statusURL:  text(facts, "status"),
		eventsURL:  text(facts, "events"),
		confirmURL: text(facts, "confirm"),
		token:      text(facts, "token"),
		handle:     handle,
	}
	s.onStatus = callback(func(args []js.Value) {
		data := js.Global().Get("JSON").Call("parse", args[0].Get("data"))
		s.handle(client.Event{Kind: client.EventStreamed, Status: readStatus(data)})
	})
	s.onError = callback(func([]js.Value) { s.streamLost() })
	return s
}

func (s *server) streamLost() {
	s.closeStream()
	s.handle(client.Event{Kind: client.EventStreamLost})
}

// openStream opens the stream, again if it is open. EventStreamLost follows if other pages of
// this browser have all the streams: see static/worker.js.
func (s *server) openStream() {
	if s.giveBack.Truthy() {
		s.disconnect()
		s.connect()
		return
	}
	s.opening++
	opening := s.opening
	then(js.Global().Get("wantukit").Call("takeStream"), func(giveBack js.Value) {
		isOutdated := opening != s.opening
		switch {
		case isOutdated && giveBack.Truthy():
			giveBack.Invoke()
		case isOutdated:
		case !giveBack.Truthy():
			s.streamLost()
		default:
			s.giveBack = giveBack
			s.connect()
		}
	})
}

// connect opens the stream. An error closes it, because the machine decides when to open it
// again, and not the browser.
func (s *server) connect() {
	source := js.Global().Get("EventSource")
	if !source.Truthy() {
		s.streamLost()
		return
	}
	s.stream = source.New(s.eventsURL)
	s.stream.Call("addEventListener", "status", s.onStatus)
	s.stream.Set("onerror", s.onError)
}

func (s *server) disconnect() {
	if s.stream.Truthy() {
		s.stream.Set("onerror", nil)
		s.stream.Call("close")
		s.stream = js.Undefined()
	}
}

// closeStream closes the stream, and lets another page of this browser have one.
func (s *server) closeStream() {
	s.opening++
	s.disconnect()
	if s.giveBack.Truthy() {
		s.giveBack.Invoke()
		s.giveBack = js.Undefined()
	}
}

// poll requests the status. EventPolled or EventPollFailed follows.
func (s *server) poll() {
	failed := client.Event{Kind: client.EventPollFailed}
	s.fetch(s.statusURL, nil, func(response js.Value, done func(client.Event)) {
		if !response.Truthy() {
			done(client.Event{Kind: client.EventPollFailed, IsUnreached: true})
			return
		}
		if !response.Get("ok").Bool() {
			done(failed)
			return
		}
		then(response.Call("json"), func(data js.Value) {
			if data.Type() != js.TypeObject {
				done(failed)
				return
			}
			done(client.Event{Kind: client.EventPolled, Status: readStatus(data)})
		})
	})
}

// confirm posts the form that has the server query the gateway. EventPosted follows,
// even if the request failed. words is the answer of WeixinJSBridge; "" for none.
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

// fetch sends a request, and calls answered with the response, or with undefined if the
// request failed. answered must call done, which ends the request and handles an event.
func (s *server) fetch(url string, options map[string]any, answered func(response js.Value, done func(client.Event))) {
	if options == nil {
		options = map[string]any{}
	}
	abort := js.Global().Get("AbortController").New()
	timer := js.Global().Call("setTimeout", abort.Get("abort").Call("bind", abort), requestTimeout)
	options["signal"] = abort.Get("signal")
	options["cache"] = "no-store"
	options["headers"] = map[string]any{"Accept": "application/json"}
	then(js.Global().Call("fetch", url, options), func(response js.Value) {
		answered(response, func(e client.Event) {
			js.Global().Call("clearTimeout", timer)
			s.handle(e)
		})
	})
}

// then calls f once with the value of a promise, or with undefined if it is rejected.
func then(promise js.Value, f func(js.Value)) {
	var fulfilled, rejected js.Func
	settle := func(v js.Value) {
		fulfilled.Release()
		rejected.Release()
		f(v)
	}
	fulfilled = callback(func(args []js.Value) { settle(args[0]) })
	rejected = callback(func([]js.Value) { settle(js.Undefined()) })
	promise.Call("then", fulfilled, rejected)
}

// readStatus reads the JSON of a status.
func readStatus(data js.Value) client.Status {
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
