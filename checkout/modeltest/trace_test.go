package modeltest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// trace adds a line with the time to the log.
func (w *world) trace(format string, args ...any) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	w.log = append(w.log, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// lines returns a copy of the log.
func (w *world) lines() []string {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return slices.Clone(w.log)
}

// reach notes that a fact has happened in the run.
func (w *world) reach(f fact) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	w.facts[f] = true
}

// hasReached reports whether a fact has happened in the run.
func (w *world) hasReached(f fact) bool {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.facts[f]
}

// saveFinal saves the final states, for the milestones.
func (w *world) saveFinal() {
	for _, id := range w.sessions() {
		w.final = append(w.final, w.state(id))
	}
}

// recordOutcome notes the facts that follow from the outcome of a call.
func (w *world) recordOutcome(c *call, v outcome) {
	switch {
	case v == dieBefore || v == dieAfter:
		w.reach(crashed)
		w.reach(crashedDuringCall)
	case v == stall && (strings.HasPrefix(c.name, "CreateAttempt") || c.name == "CreateSessionWithAttempt"):
		w.reach(frozenBeforeOrder)
	case v == stall && c.kind == querying:
		w.reach(frozenBeforeClose)
	case v == stall && (strings.HasPrefix(c.name, "CreateRefund") || strings.HasPrefix(c.name, "LeaseRefund")):
		w.reach(frozenBeforeRefund)
	case c.kind == writing && v == failAfter:
		w.reach(commitUnknown)
	case c.kind == creating && v == late:
		w.reach(orderPlacedLate)
	case c.kind == refunding && v == late:
		w.reach(refundMadeLate)
	case c.kind == refunding && (v == refuse || v == refuseForGood):
		w.reach(refundRefused)
	}
}
