package sandbox

import (
	"context"
	"slices"
	"sync"
)

// hold is a notification that waits for another order's.
type hold struct {
	number string
	fault  Fault
	ctx    context.Context //nolint:containedctx // of the notification, which outlives the call that holds it
	send   func()
}

type holds struct {
	mu  sync.Mutex
	all []*hold
}

// add keeps h until ctx ends.
func (h *holds) add(ctx context.Context, held hold) {
	kept := &held
	h.mu.Lock()
	h.all = append(h.all, kept)
	h.mu.Unlock()
	context.AfterFunc(ctx, func() { h.take(func(other *hold) bool { return other == kept }) })
}

// take removes and returns those that fit, the oldest first.
func (h *holds) take(fits func(*hold) bool) []*hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	var taken []*hold
	h.all = slices.DeleteFunc(h.all, func(held *hold) bool {
		if fits(held) {
			taken = append(taken, held)
			return true
		}
		return false
	})
	return taken
}

// others reports whether an order but number is held.
func (h *holds) others(number string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.all, func(held *hold) bool { return held.number != number })
}

// release sends the notifications that fit.
func (s *Sandbox) release(fits func(hold) bool) {
	for _, held := range s.held.take(func(h *hold) bool { return fits(*h) }) {
		s.after(held.ctx, 0, held.send)
	}
}
