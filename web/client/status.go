package client

import (
	"strconv"

	"github.com/wantukit/wantukit/checkout/page"
)

// leaveAfter is the number of seconds for which the page shows the receipt before it opens
// the shop.
const leaveAfter = 3

// status handles a status from the server, and reports whether it changed the page.
// The table of states decides what the page may show next, so a late or reordered
// status does no harm.
func (m *Machine) status(s Status) (changed bool) {
	if m.state == page.Paid || !s.State.Valid() {
		return false
	}
	if !m.state.Final() {
		m.clock.set(s.Remaining, m.now)
		m.tick()
	}
	if s.State != m.state && !m.state.CanMove(s.State) {
		return false
	}
	if m.lacksContent(s) {
		m.leave(Command{Kind: CommandReload})
		return true
	}
	if s.State == m.state || m.isOutdated(s) {
		return false
	}
	m.page.Next, m.page.Receipt = s.Next, s.Receipt
	m.move(s.State)
	return true
}

// lacksContent reports whether s needs the code or the link of an attempt that is not
// the page's own.
func (m *Machine) lacksContent(s Status) bool {
	needs := s.State == page.Code || s.State == page.Redirecting
	return needs && !m.page.StatusOnly && s.Attempt != m.page.Attempt
}

// move shows a new state. It fills the receipt before it shows it, so that the layout
// does not shift.
func (m *Machine) move(to page.State) {
	show := Command{Kind: CommandShow, State: to}
	if m.state == page.Confirming && (to == page.Redirecting || to == page.Code) {
		show.Target = TargetReturned
	}
	m.state = to
	if to == page.Paid {
		m.receipt()
	}
	m.do(show)
	m.do(Command{Kind: CommandAnnounce, Target: Target(to)})
	if to.Final() {
		m.finish()
	}
}

// finish stops the stream and the timers that a final state does not need.
func (m *Machine) finish() {
	m.clearTimer(timerTick)
	m.clearTimer(timerConfirm)
	m.clearTimer(timerBridge)
	m.clearTimer(timerRecheck)
	m.clearTimer(timerRenew)
	m.stopStream()
	m.reschedule()
}

// stay keeps the page open, because the shopper uses the receipt.
func (m *Machine) stay() {
	m.clearTimer(timerLeave)
	m.do(Command{Kind: CommandConceal, Target: TargetLeaving})
	m.setText(TargetLeavingIn, "")
}

// receipt fills the receipt, and shows the link to the shop. It sets the timer that opens
// the shop, except in a frame, which the embedding page closes.
func (m *Machine) receipt() {
	if m.page.StatusOnly {
		return
	}
	if r := m.page.Receipt; r != (Receipt{}) {
		m.setText(TargetPaidAt, r.PaidAt)
		m.setText(TargetPaidWith, r.PaidWith)
		m.setText(TargetPaidNumber, r.Number)
	}
	if m.page.Next == "" {
		return
	}
	m.do(Command{Kind: CommandSetLink, Target: TargetNext, URL: m.page.Next})
	if m.page.Embedded {
		return
	}
	m.do(Command{Kind: CommandReveal, Target: TargetLeaving})
	m.leaveIn(leaveAfter)
}

// leaveIn opens the shop in a number of seconds, and shows the seconds.
func (m *Machine) leaveIn(seconds int) {
	m.leavingIn = seconds
	if seconds == 0 {
		m.leave(Command{Kind: CommandNavigate, URL: m.page.Next})
		return
	}
	m.setText(TargetLeavingIn, "("+strconv.Itoa(seconds)+")")
	m.setTimer(timerLeave, Second)
}
