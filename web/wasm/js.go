//go:build js && wasm

package main

import (
	"math"
	"syscall/js"
)

// post sends a message to the page.
func post(message map[string]any) {
	js.Global().Call("postMessage", message)
}

// reportCrash tells the page after a panic, so that the page goes on with its fallback.
// Every function that the browser calls must defer it.
func reportCrash() {
	if r := recover(); r != nil {
		post(map[string]any{"cmd": "crashed"})
	}
}

// callback returns a function for the browser to call.
func callback(f func(args []js.Value)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		defer reportCrash()
		f(args)
		return nil
	})
}

// text returns a property that is a string, or "" for any other type.
func text(v js.Value, name string) string {
	if p := v.Get(name); p.Type() == js.TypeString {
		return p.String()
	}
	return ""
}

// number returns a property that is a number or a string of digits. It returns -1,
// which means none, for anything else.
func number(v js.Value, name string) int {
	p := v.Get(name)
	if kind := p.Type(); kind != js.TypeNumber && kind != js.TypeString {
		return -1
	}
	if n := js.Global().Get("Number").Invoke(p).Float(); !math.IsNaN(n) {
		return int(n)
	}
	return -1
}
