package sandbox

import (
	"context"
	"slices"
	"sync"
)

// heldNotification is a notification that a fault holds back: FaultReorder until one of
// another order was sent, FaultDelay until the delay is over.
type heldNotification struct {
	number          string
	fault           Fault
	outsideSchedule bool            // it was sent again on request
	ctx             context.Context //nolint:containedctx // the notification outlives the call that holds it back
	send            func()
}

// heldNotifications are the notifications that faults hold back. One whose context is
// done no longer counts. Each method checks that itself: if another goroutine removed
// it, the order of events would vary, and a run could not be repeated.
type heldNotifications struct {
	mu  sync.Mutex
	all []*heldNotification
}

// add adds a notification.
func (h *heldNotifications) add(held *heldNotification) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	h.all = append(h.all, held)
}

// take removes and returns the notifications that fit, oldest first.
func (h *heldNotifications) take(fits func(*heldNotification) bool) []*heldNotification {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	var taken []*heldNotification
	h.all = slices.DeleteFunc(h.all, func(held *heldNotification) bool {
		if fits(held) {
			taken = append(taken, held)
			return true
		}
		return false
	})
	return taken
}

// has reports whether there is a notification that fits.
func (h *heldNotifications) has(fits func(*heldNotification) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	return slices.ContainsFunc(h.all, fits)
}

// numbers returns the out_trade_no of each order with a held notification.
func (h *heldNotifications) numbers() map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune()
	numbers := map[string]bool{}
	for _, held := range h.all {
		numbers[held.number] = true
	}
	return numbers
}

// prune removes the notifications whose context is done. The caller must hold the lock.
func (h *heldNotifications) prune() {
	h.all = slices.DeleteFunc(h.all, func(held *heldNotification) bool { return held.ctx.Err() != nil })
}

// isReleasedBy reports whether h may be sent once a notification of the order number was
// sent.
func (h *heldNotification) isReleasedBy(number string) bool {
	return h.fault.Kind == FaultReorder && h.number != number
}

// holdForDelay holds a notification back until the delay of its fault is over, or until
// the fault is removed.
func (s *Sandbox) holdForDelay(held *heldNotification) {
	s.held.add(held)
	s.after(held.ctx, held.fault.Delay, func() {
		for _, due := range s.held.take(func(h *heldNotification) bool { return h == held }) {
			due.send()
		}
	})
}

// sendHeld sends the held notifications that fit.
func (s *Sandbox) sendHeld(fits func(*heldNotification) bool) {
	for _, held := range s.held.take(fits) {
		s.after(held.ctx, 0, held.send)
	}
}
