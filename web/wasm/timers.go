//go:build js && wasm

package main

import (
	"syscall/js"

	"github.com/wantukit/wantukit/web/client"
)

// timers are the machine's timers.
type timers struct {
	// fire is called with the name of a timer that ran out.
	fire   func(client.Timer)
	byName map[client.Timer]*timer
}

// timer keeps its callback, because a page has few timers and sets them often.
type timer struct {
	id   js.Value
	fire js.Func
}

func newTimers(fire func(client.Timer)) *timers {
	return &timers{fire: fire, byName: map[client.Timer]*timer{}}
}

func (t *timers) set(name client.Timer, after client.Millis) {
	one, ok := t.byName[name]
	if !ok {
		one = &timer{fire: callback(func([]js.Value) { t.fire(name) })}
		t.byName[name] = one
	}
	t.clear(name)
	one.id = js.Global().Call("setTimeout", one.fire, int64(after))
}

func (t *timers) clear(name client.Timer) {
	if one, ok := t.byName[name]; ok {
		js.Global().Call("clearTimeout", one.id)
	}
}
