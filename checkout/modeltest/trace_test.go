package modeltest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// trace writes down what happens, with the time.
func (w *world) trace(format string, args ...any) {
	w.record.Lock()
	defer w.record.Unlock()
	w.did = append(w.did, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// lines returns what was traced.
func (w *world) lines() []string {
	w.record.Lock()
	defer w.record.Unlock()
	return slices.Clone(w.did)
}

// saw notes that the run has gone through something.
func (w *world) saw(f fact) {
	w.record.Lock()
	defer w.record.Unlock()
	w.facts[f] = true
}

func (w *world) happened(f fact) bool {
	w.record.Lock()
	defer w.record.Unlock()
	return w.facts[f]
}

// keepBooks keeps the books of the end, for what the run has reached.
func (w *world) keepBooks() {
	for _, id := range w.sessions() {
		w.final = append(w.final, w.books(id))
	}
}

// notice notes what a call's end means for the run.
func (w *world) notice(c *call, v verdict) {
	switch {
	case v == dieBefore || v == dieAfter:
		w.saw(crashed)
		w.saw(crashedAtWork)
	case v == stall && strings.HasPrefix(c.name, "CreateAttempt"):
		w.saw(frozenBeforeOrder)
	case v == stall && c.kind == asking:
		w.saw(frozenBeforeClose)
	case v == stall && (strings.HasPrefix(c.name, "CreateRefund") || strings.HasPrefix(c.name, "LeaseRefund")):
		w.saw(frozenBeforeRefund)
	case c.kind == writing && v == failAfter:
		w.saw(commitUnknown)
	case c.kind == creating && v == late:
		w.saw(orderLate)
	case c.kind == refunding && v == late:
		w.saw(refundLate)
	case c.kind == refunding && (v == refuse || v == refuseForGood):
		w.saw(refundRefused)
	}
}
