//go:build js && wasm

package main

import (
	"syscall/js"

	"github.com/wantukit/wantukit/web/client"
)

// timers are the machine's, by name.
type timers struct {
	ring  func(client.Timer)
	named map[client.Timer]*timer
}

// timer keeps its callback, because a page has few timers and sets them often.
type timer struct {
	id   js.Value
	ring js.Func
}

func newTimers(ring func(client.Timer)) *timers {
	return &timers{ring: ring, named: map[client.Timer]*timer{}}
}

func (t *timers) set(name client.Timer, after client.Millis) {
	one, ok := t.named[name]
	if !ok {
		one = &timer{ring: callback(func([]js.Value) { t.ring(name) })}
		t.named[name] = one
	}
	t.clear(name)
	one.id = js.Global().Call("setTimeout", one.ring, int64(after))
}

func (t *timers) clear(name client.Timer) {
	if one, ok := t.named[name]; ok {
		js.Global().Call("clearTimeout", one.id)
	}
}
