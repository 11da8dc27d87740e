package client

import "github.com/wantukit/wantukit/checkout/page"

// leaveAfter is how long the receipt is shown before the shop is.
const leaveAfter = 3 * Second

// status takes what the server says and reports whether it was news. The table
// decides what a page may show next, so that a late or reordered status does
// no harm.
func (m *Machine) status(s Status) (news bool) {
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
	if m.lacks(s) {
		m.leave(Command{Kind: CommandReload})
		return true
	}
	if s.State == m.state || m.held(s) {
		return false
	}
	m.page.Next, m.page.Receipt = s.Next, s.Receipt
	m.move(s.State)
	return true
}

// lacks reports whether the page has no content for s: the code or the link of
// another attempt than its own.
func (m *Machine) lacks(s Status) bool {
	needs := s.State == page.Code || s.State == page.Redirecting
	return needs && !m.page.StatusOnly && s.Attempt != m.page.Attempt
}

// move shows a new state. A receipt is whole before it is shown, so that
// nothing on it moves.
func (m *Machine) move(to page.State) {
	m.state = to
	if to == page.Paid {
		m.receipt()
	}
	m.do(Command{Kind: CommandShow, State: to})
	m.do(Command{Kind: CommandAnnounce, Target: Target(to)})
	m.tellParent()
	if to.Final() {
		m.finish()
	}
}

// finish stops what a final state has no use for.
func (m *Machine) finish() {
	m.clearTimer(timerTick)
	m.clearTimer(timerConfirm)
	m.clearTimer(timerBridge)
	m.clearTimer(timerHold)
	m.clearTimer(timerRenew)
	m.stopStream()
	m.reschedule()
}

// stay keeps a shopper who does something with the receipt.
func (m *Machine) stay() {
	m.clearTimer(timerLeave)
	m.do(Command{Kind: CommandConceal, Target: TargetLeaving})
}

// receipt fills the receipt and offers the way back to the shop, and takes it where the page is the
// shopper's own: a frame stays for its parent to close.
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
	m.setTimer(timerLeave, leaveAfter)
}
