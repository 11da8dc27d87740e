package checkout

import (
	"strconv"
	"time"
)

// DifferenceKind says how the gateway's statement and the checkout's own records
// differ. "Here" is the checkout, "there" the statement.
type DifferenceKind string

// The kinds of differences.
const (
	// DifferencePaidThere: the statement lists a payment of an attempt that is
	// not paid here. The gateway is queried about it at once.
	DifferencePaidThere DifferenceKind = "paid_there_not_here"
	// DifferencePaidHere: an attempt is paid here, and the statement does not list
	// it.
	DifferencePaidHere DifferenceKind = "paid_here_not_there"
	// DifferencePayment: a payment has another amount or currency there.
	DifferencePayment DifferenceKind = "payment_differs"
	// DifferencePaidTwice: the statement lists two payments of one order.
	DifferencePaidTwice DifferenceKind = "order_paid_twice"
	// DifferenceRefundThere: the statement lists a refund that is not known here, or
	// that has failed here. It is stored as succeeded at once, with these exceptions, which
	// an operator decides:
	//   - an unknown refund has no valid refund number, its order is not paid here, its
	//     currency is not that of the payment, or its amount is 0 or more than what is left
	//     of the payment,
	//   - a failed refund has another amount or currency here.
	DifferenceRefundThere DifferenceKind = "refund_there_not_here"
	// DifferenceRefundHere: a refund succeeded here, and the statement does not list
	// it.
	DifferenceRefundHere DifferenceKind = "refund_here_not_there"
	// DifferenceRefund: a refund has another amount or currency there.
	DifferenceRefund DifferenceKind = "refund_differs"
	// DifferenceRefundPending: the statement lists a refund that is pending here. It
	// is sent again at once with its number. This refunds nothing more. Whatever the
	// gateway answers, the refund is then stored as succeeded.
	DifferenceRefundPending DifferenceKind = "refund_pending_here"
	// DifferenceUnknownPayment: the statement lists a payment of an order that
	// the checkout did not place. Another system or a person uses the account.
	DifferenceUnknownPayment DifferenceKind = "payment_of_unknown_order"
	// DifferenceUnknownRefund: the statement lists a refund of such an order.
	DifferenceUnknownRefund DifferenceKind = "refund_of_unknown_order"
)

// Difference is a difference between the gateway's statement and the checkout's
// records. It is part of a webhook.
type Difference struct {
	Kind       DifferenceKind `json:"kind"`
	OutTradeNo string         `json:"out_trade_no"`
	// OutRefundNo is the checkout's number of a refund, and GatewayRefundID the
	// gateway's, each "" where it is not known.
	OutRefundNo     string `json:"out_refund_no,omitempty"`
	GatewayRefundID string `json:"gateway_refund_id,omitempty"`
	// TradeID is the gateway's number of the order, "" where it is not known.
	TradeID string `json:"trade_id,omitempty"`
	// Here is what the checkout has, and There what the statement lists. One of them
	// may be nil.
	Here  *Booked `json:"here"`
	There *Booked `json:"there"`
	// Healed says that the checkout's records now agree with the statement. It is false
	// in each event, because the event is written before the difference is settled.
	Healed bool `json:"healed,omitempty"`
}

// Finding is a difference together with the records that it is about.
type Finding struct {
	Difference
	// SessionID, AttemptID and RefundID are the stored records, or "".
	SessionID, AttemptID, RefundID string
}

// Booked is one side of a [Difference].
type Booked struct {
	// Amount is in minor units of Currency. It is -1 where the statement's amount
	// cannot be expressed in minor units.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Status is the state of the attempt or the refund in the checkout. It is "" on the
	// side of the statement.
	Status string `json:"status,omitempty"`
	// At is when it was paid or refunded, or nil.
	At *time.Time `json:"at,omitempty"`
}

// Key identifies a difference by its kind, numbers and amounts: two runs that find
// the same difference get the same key. It has no limit of length, because it quotes
// the statement.
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

// Trade is one row of the gateway's statement. The gateway does not sign it, so it
// never makes an attempt paid.
type Trade struct {
	// Refund is true for a refund and false for a payment.
	Refund     bool
	OutTradeNo string
	TradeID    string
	// OutRefundNo and GatewayRefundID are the numbers of a refund. One of them may be
	// "".
	OutRefundNo, GatewayRefundID string
	// Amount is in minor units of Currency, 0 or more, also for a refund. It is -1 if the
	// gateway's amount cannot be expressed in minor units.
	Amount   int64
	Currency string
	// At is the gateway's time of the row, to the second; zero where there is none.
	At time.Time
}

// Booked returns the row as one side of a difference.
func (t Trade) Booked() *Booked { return newBooked(t.Amount, t.Currency, "", t.At) }

// Booked returns the attempt's payment as one side of a difference.
func (a Attempt) Booked() *Booked {
	return newBooked(a.Amount, a.Currency, string(a.State), a.PaidAt)
}

// Booked returns the refund as one side of a difference.
func (r Refund) Booked() *Booked {
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
