package sandbox

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// Status is the state of an order. These changes are possible:
//
//	NOT_PAY   ──▶ SUCCESS | PAY_ERROR | CLOSED | EXPIRED | CANCELED
//	PAY_ERROR ──▶ SUCCESS | PAY_ERROR | CLOSED | EXPIRED | CANCELED
//	SUCCESS   ──▶ CANCELED
//	CLOSED    ──▶ CANCELED
//	EXPIRED   ──▶ CANCELED
type Status string

// The statuses. A refunded order stays SUCCESS, because the manual has no other status.
const (
	StatusNotPay   Status = "NOT_PAY"   // open and not paid
	StatusPayError Status = "PAY_ERROR" // a payment failed; the order may still be paid
	StatusSuccess  Status = "SUCCESS"   // paid
	StatusClosed   Status = "CLOSED"    // closed by the merchant
	StatusExpired  Status = "EXPIRED"   // not paid before it expired
	StatusCanceled Status = "CANCELED"  // canceled by the merchant; what was paid is given back
)

// transitions returns the possible changes: see [Status]. Each change is checked against
// it.
func transitions() map[Status][]Status {
	open := []Status{StatusSuccess, StatusPayError, StatusClosed, StatusExpired, StatusCanceled}
	final := []Status{StatusCanceled}
	return map[Status][]Status{
		StatusNotPay: open, StatusPayError: open,
		StatusSuccess: final, StatusClosed: final, StatusExpired: final,
	}
}

func (s Status) canBecome(to Status) bool { return slices.Contains(transitions()[s], to) }

// The errors of [Sandbox.Order], [Sandbox.Pay], [Sandbox.Fail] and [Sandbox.Notify].
var (
	// ErrUnknownOrder: no order has this out_trade_no.
	ErrUnknownOrder = errors.New("sandbox: unknown order")
	// ErrOrderEnded: the order is already paid, closed, expired or canceled.
	ErrOrderEnded = errors.New("sandbox: the order is paid, closed, expired or canceled")
	// ErrNotPaid: the order is not paid, so there is no notification to send.
	ErrNotPaid = errors.New("sandbox: the order is not paid")
	// ErrNotAcknowledged: the merchant did not acknowledge the notification, or it was
	// not sent in time.
	ErrNotAcknowledged = errors.New("sandbox: the notification was not acknowledged")
)

// Order is an order that the sandbox remembers.
type Order struct {
	OutTradeNo  string            `json:"out_trade_no"`
	TradeID     string            `json:"trade_id"`
	Endpoint    string            `json:"endpoint"` // the endpoint that opened it, such as "web"
	PayChannel  wantu.PayChannel  `json:"pay_channel"`
	PaymentInst wantu.PaymentInst `json:"payment_inst,omitempty"`
	TotalFee    int64             `json:"total_fee"` // minor units
	FeeType     string            `json:"fee_type"`
	Subject     string            `json:"subject"`
	Attach      string            `json:"attach,omitempty"`
	Status      Status            `json:"status"`
	URL         string            `json:"url"`                // the page where the shopper pays; which one depends on Endpoint
	ScanURL     string            `json:"scan_url,omitempty"` // the text of the QR code; "" if there is none

	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	PaidAt    time.Time `json:"paid_at,omitzero"`

	Refunds []Refund `json:"refunds,omitempty"` // oldest first

	Queries      int  `json:"queries"`      // calls of query
	Cancels      int  `json:"cancels"`      // calls of cancel
	Closes       int  `json:"closes"`       // calls of close
	NotifyTries  int  `json:"notify_tries"` // notifications sent or dropped; copies count, forged ones do not
	Acknowledged bool `json:"acknowledged"` // whether the merchant acknowledged one that was not forged

	Notifications []Try `json:"notifications,omitempty"` // the newest 50 attempts, oldest first
}

// Refund is a refund by the endpoint refund or cancel.
type Refund struct {
	OutRefundNo string    `json:"out_refund_no,omitempty"` // "" for a refund by cancel
	RefundID    string    `json:"refund_id"`               // the trade_id, "_" and 0, 1, 2…
	Fee         int64     `json:"fee"`                     // minor units
	CreatedAt   time.Time `json:"created_at"`
}

// Refunded returns the sum of the refunds, in minor units.
func (o Order) Refunded() int64 {
	var sum int64
	for _, refund := range o.Refunds {
		sum += refund.Fee
	}
	return sum
}

// order is an order with everything that the sandbox remembers about it.
type order struct {
	Order

	surface       surface
	token         string // in the path of its page
	deviceSN      string
	notifyURL     string
	returnURL     string
	width         int    // qrcode_width in pixels, 0 when not asked for
	pendingStatus Status // the status that the second query sets; "" if there is none

	stop context.CancelFunc // ends its notifications; nil before they start
}

// copied returns a copy that shares nothing with o that may still change.
func (o *order) copied() order {
	c := *o
	c.Refunds = slices.Clone(o.Refunds)
	return c
}

// addRefund adds a refund. The caller must hold the order store's lock.
func (o *order) addRefund(number string, fee int64, now time.Time) Refund {
	refund := Refund{
		OutRefundNo: number, RefundID: o.TradeID + "_" + strconv.Itoa(len(o.Refunds)),
		Fee: fee, CreatedAt: now.UTC().Truncate(time.Second),
	}
	o.Refunds = append(o.Refunds, refund)
	return refund
}

// expireIfDue marks the order as expired if its time is over.
func (o *order) expireIfDue(now time.Time) {
	if !now.Before(o.ExpiresAt) {
		o.changeStatus(StatusExpired)
	}
}

// changeStatus changes the status. It returns false if that change is not possible: see
// [Status].
func (o *order) changeStatus(to Status) bool {
	if !o.Status.canBecome(to) {
		return false
	}
	o.Status = to
	return true
}

func (o Order) payable() bool { return o.Status.canBecome(StatusSuccess) }

// tradeStatus returns the trade_status of the order, in the manual's spelling.
func (o *order) tradeStatus() string {
	switch o.Status {
	case StatusSuccess:
		return "SUCCESS"
	case StatusPayError:
		return "PAY_EEROR"
	default:
		return "NOT_PAY"
	}
}

func (o *order) tradeTime() string {
	if o.Status != StatusSuccess {
		return ""
	}
	return wantu.FormatTime(o.PaidAt)
}
