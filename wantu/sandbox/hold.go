package sandbox

import (
	"context"
	"slices"
	"sync"
)

// hold is a notification that a fault holds back: reorder until another order's
// was sent, delay until its time has come.
type hold struct {
	number string
	fault  Fault
	manual bool            // somebody asked for it, beside the schedule
	ctx    context.Context //nolint:containedctx // of the notification, which outlives the call that holds it
	send   func()
}

// holds are what is held back. A hold whose context has ended is none: that is
// looked at here, not told by another goroutine, so that a run can be repeated.
type holds struct {
	mu  sync.Mutex
	all []*hold
}

// add holds h back.
func (h *holds) add(held *hold) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	h.all = append(h.all, held)
}

// take removes and returns those that fit, the oldest first.
func (h *holds) take(fits func(*hold) bool) []*hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
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

// has reports whether one that fits is held.
func (h *holds) has(fits func(*hold) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	return slices.ContainsFunc(h.all, fits)
}

// numbers tells the orders of which one is held.
func (h *holds) numbers() map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	numbers := map[string]bool{}
	for _, held := range h.all {
		numbers[held.number] = true
	}
	return numbers
}

// prune forgets those that have ended. The lock is held.
func (h *holds) prune() {
	h.all = slices.DeleteFunc(h.all, func(held *hold) bool { return held.ctx.Err() != nil })
}

// waitsFor reports whether the notification of an order lets h go.
func (h *hold) waitsFor(number string) bool {
	return h.fault.Kind == FaultReorder && h.number != number
}

// delay holds a notification back for the time of its fault, or until the
// fault is removed.
func (s *Sandbox) delay(held *hold) {
	s.held.add(held)
	s.after(held.ctx, held.fault.Delay, func() {
		for _, due := range s.held.take(func(h *hold) bool { return h == held }) {
			due.send()
		}
	})
}

// release sends the notifications that fit.
func (s *Sandbox) release(fits func(*hold) bool) {
	for _, held := range s.held.take(fits) {
		s.after(held.ctx, 0, held.send)
	}
}
