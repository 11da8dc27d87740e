package checkout

import (
	"strconv"
	"time"
)

// DifferenceKind is how the gateway's statement and the checkout's own books
// differ.
type DifferenceKind string

// The kinds of differences.
const (
	// DifferencePaidThere: the statement lists a payment of an attempt that is
	// not paid here. The gateway is asked about it at once.
	DifferencePaidThere DifferenceKind = "paid_there_not_here"
	// DifferencePaidHere: an attempt is paid here, and the statement does not
	// list it.
	DifferencePaidHere DifferenceKind = "paid_here_not_there"
	// DifferencePayment: a payment is of another amount or currency there.
	DifferencePayment DifferenceKind = "payment_differs"
	// DifferencePaidTwice: the statement lists two payments of one order.
	DifferencePaidTwice DifferenceKind = "order_paid_twice"
	// DifferenceRefundThere: the statement lists a refund of an attempt that
	// is not known here, or has failed. It is recorded at once.
	DifferenceRefundThere DifferenceKind = "refund_there_not_here"
	// DifferenceRefundHere: a refund succeeded here, and the statement does
	// not list it.
	DifferenceRefundHere DifferenceKind = "refund_here_not_there"
	// DifferenceRefund: a refund is of another amount or currency there.
	DifferenceRefund DifferenceKind = "refund_differs"
	// DifferenceRefundPending: the statement lists a refund that is pending
	// here. It is sent again at once, which refunds nothing more, and has
	// succeeded whatever the gateway answers.
	DifferenceRefundPending DifferenceKind = "refund_pending_here"
	// DifferenceUnknownPayment: the statement lists a payment of an order that
	// the checkout did not place: another system uses the account, or a person.
	DifferenceUnknownPayment DifferenceKind = "payment_of_unknown_order"
	// DifferenceUnknownRefund: as DifferenceUnknownPayment, of a refund.
	DifferenceUnknownRefund DifferenceKind = "refund_of_unknown_order"
)

// Difference is one between the statement and the books. It is part of a
// webhook.
type Difference struct {
	Kind       DifferenceKind `json:"kind"`
	OutTradeNo string         `json:"out_trade_no"`
	// OutRefundNo and GatewayRefundID are a refund's numbers, where they are
	// known: ours and the gateway's.
	OutRefundNo     string `json:"out_refund_no,omitempty"`
	GatewayRefundID string `json:"gateway_refund_id,omitempty"`
	// TradeID is the gateway's number of the order, where it is known.
	TradeID string `json:"trade_id,omitempty"`
	// Here is what the checkout has, and There what the statement lists; one
	// may be nil.
	Here  *Booked `json:"here"`
	There *Booked `json:"there"`
	// Healed says that it is settled since: asking the gateway brought the
	// books up to date. The event was written before that.
	Healed bool `json:"healed,omitempty"`

	// session, attemptID and refundID are what it is about here, or "".
	session, attemptID, refundID string
}

// Booked is one side of a [Difference].
type Booked struct {
	// Amount is in minor units of Currency, or -1 where the statement's
	// cannot be told in them.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Status is the attempt's or the refund's, here; there it is "".
	Status string `json:"status,omitempty"`
	// At is when it was paid or refunded, or nil.
	At *time.Time `json:"at,omitempty"`
}

// Key is the same for the same difference, whoever finds it and whenever: its
// kind, its numbers and its amounts. What the statement says in it may be of any
// length.
func (d Difference) Key() string {
	parts := []string{string(d.Kind), d.OutTradeNo, d.OutRefundNo, d.GatewayRefundID}
	if d.Kind == DifferencePaidTwice {
		parts = append(parts, d.TradeID)
	}
	for _, side := range []*Booked{d.Here, d.There} {
		if side != nil {
			parts = append(parts, strconv.FormatInt(side.Amount, 10), side.Currency)
		}
		parts = append(parts, "/")
	}
	var text []byte
	for _, part := range parts {
		text = strconv.AppendQuote(text, part)
	}
	return string(text)
}

// Trade is one row of the gateway's statement. Nobody signs it: it decides
// nothing about money.
type Trade struct {
	// Refund tells a refund from a payment.
	Refund     bool
	OutTradeNo string
	TradeID    string
	// OutRefundNo and GatewayRefundID are a refund's; one of them may be "".
	OutRefundNo, GatewayRefundID string
	// Amount is in minor units of Currency and never negative but for -1: it
	// cannot be told in them.
	Amount   int64
	Currency string
	// At is when the gateway says that it was, to the second; zero where it
	// does not say.
	At time.Time
}

func (t Trade) booked() *Booked { return newBooked(t.Amount, t.Currency, "", t.At) }

func (a Attempt) booked() *Booked { return newBooked(a.Amount, a.Currency, string(a.State), a.PaidAt) }

func (r Refund) booked() *Booked {
	return newBooked(r.Amount, r.Currency, string(r.State), r.SettledAt)
}

func newBooked(amount int64, currency, status string, at time.Time) *Booked {
	b := &Booked{Amount: amount, Currency: currency, Status: status}
	if !at.IsZero() {
		at = at.UTC()
		b.At = &at
	}
	return b
}

// of makes a difference about a row of the statement.
func (t Trade) of(kind DifferenceKind, here *Booked) Difference {
	return Difference{
		Kind: kind, OutTradeNo: t.OutTradeNo, TradeID: t.TradeID, OutRefundNo: t.OutRefundNo,
		GatewayRefundID: t.GatewayRefundID, Here: here, There: t.booked(),
	}
}

// about says whose attempt a difference is about.
func (d Difference) about(a Attempt) *Difference {
	d.session, d.attemptID = a.SessionID, a.ID
	return &d
}

// of says which refund a difference is about.
func (d *Difference) of(r Refund) *Difference {
	d.refundID = r.ID
	return d
}
