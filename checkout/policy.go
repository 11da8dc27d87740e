package checkout

import (
	"errors"
	"strconv"
	"time"
)

// LatePolicy says what happens with a payment that arrives after its session has
// ended. In any case the session's payment status becomes paid, and the shop gets
// [EventPaidLate].
type LatePolicy string

// The policies for late payments.
const (
	// LateHold: nothing else happens, and the shop decides.
	LateHold LatePolicy = "hold"
	// LateAccept: the shop gets [EventPaid] too, and fulfils.
	LateAccept LatePolicy = "accept"
	// LateRefund: the payment is refunded automatically if its wallet can refund.
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

// check returns an error for an unknown policy, and for a name that a page cannot
// show.
func (m Merchant) check() error {
	if err := CheckText("Name", m.Name); err != nil {
		return errors.New("checkout: Config.Merchants: of " + quote(m.ID) + ": " + err.Error())
	}
	if !m.PaidLate.Known() {
		return errors.New("checkout: Config.Merchants: PaidLate of " + quote(m.ID) + " is not hold, accept or refund")
	}
	if m.QueriesPerSecond < 0 || m.QueriesPerSecond > MaxQueriesPerSecond {
		return errors.New("checkout: Config.Merchants: QueriesPerSecond of " + quote(m.ID) + " is not between 1 and " + strconv.Itoa(MaxQueriesPerSecond))
	}
	return nil
}

// receive records at now that a paid attempt pays the session, and applies the
// shop's policy to a payment that is late or the second one. full is a refund of the
// full amount for that, nil where the wallet cannot refund: then the shop decides.
func (m Merchant) receive(session *Session, a Attempt, full *Refund, now time.Time) outcome {
	switch o := session.pay(a, now); o.events[0] {
	case EventPaidTwice:
		return o.and(m.receiveSecond(*session, full))
	case EventPaidLate:
		return o.and(m.receiveLate(full))
	default:
		return o
	}
}

// receiveSecond applies the shop's policy to a second payment. Where the first one
// was late, the second is late too: a shop that refunds late payments keeps neither.
func (m Merchant) receiveSecond(session Session, full *Refund) outcome {
	switch {
	case !m.KeepPaidTwice:
		return refundFor(RefundPaidTwice, full)
	case session.PaidLate && m.PaidLate == LateRefund:
		return refundFor(RefundPaidLate, full)
	default:
		return outcome{}
	}
}

func (m Merchant) receiveLate(full *Refund) outcome {
	switch m.PaidLate {
	case LateAccept:
		return outcome{events: []EventType{EventPaid}}
	case LateRefund:
		return refundFor(RefundPaidLate, full)
	default:
		return outcome{}
	}
}

// refundFor returns the outcome of a refund for a reason; full may be nil.
func refundFor(why RefundReason, full *Refund) outcome {
	if full == nil {
		return outcome{}
	}
	refund := *full
	refund.Reason = why
	return outcome{refund: &refund}
}
