package checkout

import (
	"errors"
	"time"
)

// LatePolicy is what becomes of money that arrives after a session has ended.
// The shop is told in any case.
type LatePolicy string

// The policies for late money.
const (
	// LateHold: nothing more; the shop decides.
	LateHold LatePolicy = "hold"
	// LateAccept: the session counts as paid, and the shop fulfils.
	LateAccept LatePolicy = "accept"
	// LateRefund: it goes back by itself.
	LateRefund LatePolicy = "refund"
)

// Known reports whether p is one of the policies, or "", which is LateHold.
func (p LatePolicy) Known() bool {
	switch p {
	case "", LateHold, LateAccept, LateRefund:
		return true
	default:
		return false
	}
}

// check refuses a policy that nobody knows, and a name that no page could show.
func (m Merchant) check() error {
	if err := CheckText("Name", m.Name); err != nil {
		return errors.New("checkout: Config.Merchants: of " + quote(m.ID) + ": " + err.Error())
	}
	if !m.PaidLate.Known() {
		return errors.New("checkout: Config.Merchants: PaidLate of " + quote(m.ID) + " is not hold, accept or refund")
	}
	return nil
}

// receive records that an attempt of the session was confirmed as paid at now,
// and does with money that came late or twice as the shop wishes. The refund
// that this may cost is whole, a refund of all of the attempt.
func (m Merchant) receive(session *Session, a Attempt, whole Refund, now time.Time) outcome {
	switch o := session.pay(a.ID, now); o.events[0] {
	case EventPaidTwice:
		return o.and(m.receiveAgain(*session, whole))
	case EventPaidLate:
		return o.and(m.receiveLate(whole))
	default:
		return o
	}
}

// receiveAgain does with a second payment as the shop wishes. After a first that
// came late it is late as well, and a shop that gives late money back keeps
// neither.
func (m Merchant) receiveAgain(session Session, whole Refund) outcome {
	switch {
	case !m.KeepPaidTwice:
		whole.Reason = RefundPaidTwice
	case session.PaidLate && m.PaidLate == LateRefund:
		whole.Reason = RefundPaidLate
	default:
		return outcome{}
	}
	return outcome{refund: &whole}
}

func (m Merchant) receiveLate(whole Refund) outcome {
	switch m.PaidLate {
	case LateAccept:
		return outcome{events: []EventType{EventPaid}}
	case LateRefund:
		whole.Reason = RefundPaidLate
		return outcome{refund: &whole}
	default:
		return outcome{}
	}
}
