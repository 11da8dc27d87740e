package sandbox

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// Status is what became of an order.
//
//	NOT_PAY   ──▶ SUCCESS | PAY_ERROR | CLOSED | EXPIRED | CANCELED
//	PAY_ERROR ──▶ SUCCESS | PAY_ERROR | CLOSED | EXPIRED | CANCELED
//	SUCCESS   ──▶ CANCELED
//	CLOSED    ──▶ CANCELED
//	EXPIRED   ──▶ CANCELED
type Status string

// The statuses. SUCCESS, CLOSED and EXPIRED are final but for CANCELED. A
// refund leaves SUCCESS as it is: the manual has no other word.
const (
	StatusNotPay   Status = "NOT_PAY"   // opened
	StatusPayError Status = "PAY_ERROR" // failed; may be tried again
	StatusSuccess  Status = "SUCCESS"   // paid
	StatusClosed   Status = "CLOSED"    // ended by the merchant
	StatusExpired  Status = "EXPIRED"   // ended by time_expire
	StatusCanceled Status = "CANCELED"  // ended by the merchant, the money given back
)

// moves is the diagram of [Status]. Every change of a status goes by it.
func moves() map[Status][]Status {
	open := []Status{StatusSuccess, StatusPayError, StatusClosed, StatusExpired, StatusCanceled}
	final := []Status{StatusCanceled}
	return map[Status][]Status{
		StatusNotPay: open, StatusPayError: open,
		StatusSuccess: final, StatusClosed: final, StatusExpired: final,
	}
}

func (s Status) may(become Status) bool { return slices.Contains(moves()[s], become) }

// What [Sandbox.Pay], [Sandbox.Fail] and [Sandbox.Notify] may say.
var (
	// ErrUnknownOrder: no such out_trade_no.
	ErrUnknownOrder = errors.New("sandbox: unknown order")
	// ErrOrderEnded: the order is paid, closed, expired or canceled already.
	ErrOrderEnded = errors.New("sandbox: the order is paid, closed, expired or canceled")
	// ErrNotPaid: there is nothing to notify of.
	ErrNotPaid = errors.New("sandbox: the order is not paid")
	// ErrNotAcknowledged: the merchant did not take the notification.
	ErrNotAcknowledged = errors.New("sandbox: the notification was not acknowledged")
)

// Order is what the sandbox shows of an order.
type Order struct {
	OutTradeNo  string            `json:"out_trade_no"`
	TradeID     string            `json:"trade_id"`
	Endpoint    string            `json:"endpoint"` // that opened it, such as "web"
	PayChannel  wantu.PayChannel  `json:"pay_channel"`
	PaymentInst wantu.PaymentInst `json:"payment_inst,omitempty"`
	TotalFee    int64             `json:"total_fee"` // minor units
	FeeType     string            `json:"fee_type"`
	Subject     string            `json:"subject"`
	Attach      string            `json:"attach,omitempty"`
	Status      Status            `json:"status"`
	URL         string            `json:"url"`                // the page for the shopper
	ScanURL     string            `json:"scan_url,omitempty"` // the text of the QR code, where there is one

	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	PaidAt    time.Time `json:"paid_at,omitzero"`

	Refunds []Refund `json:"refunds,omitempty"` // oldest first

	Queries      int  `json:"queries"`      // answered by query
	Cancels      int  `json:"cancels"`      // asked for by cancel
	Closes       int  `json:"closes"`       // asked for by close
	NotifyTries  int  `json:"notify_tries"` // good notifications sent or dropped
	Acknowledged bool `json:"acknowledged"` // one of them was taken

	Notifications []Try `json:"notifications,omitempty"` // the newest 50 tries, oldest first
}

// Refund is money given back, by refund or by cancel.
type Refund struct {
	OutRefundNo string    `json:"out_refund_no,omitempty"` // "" when cancel gave it back
	RefundID    string    `json:"refund_id"`               // the trade_id, "_" and 0, 1, 2…
	Fee         int64     `json:"fee"`                     // minor units
	CreatedAt   time.Time `json:"created_at"`
}

// Refunded returns what was given back in all, in minor units.
func (o Order) Refunded() int64 {
	var sum int64
	for _, refund := range o.Refunds {
		sum += refund.Fee
	}
	return sum
}

// order is what the sandbox remembers beside that.
type order struct {
	Order

	surface   surface
	token     string // in the path of its page
	deviceSN  string
	notifyURL string
	returnURL string
	width     int    // qrcode_width in pixels, 0 when not asked for
	becomes   Status // at the second query, while the shopper enters a password; "" when nothing is due

	stop context.CancelFunc // ends its notifications; nil before they start
}

// copied shares nothing with o that may still change.
func (o *order) copied() order {
	c := *o
	c.Refunds = slices.Clone(o.Refunds)
	return c
}

// giveBack adds a refund. The ledger's lock is held.
func (o *order) giveBack(number string, fee int64, now time.Time) Refund {
	refund := Refund{
		OutRefundNo: number, RefundID: o.TradeID + "_" + strconv.Itoa(len(o.Refunds)),
		Fee: fee, CreatedAt: now.UTC().Truncate(time.Second),
	}
	o.Refunds = append(o.Refunds, refund)
	return refund
}

// settle brings Status up to date.
func (o *order) settle(now time.Time) {
	if !now.Before(o.ExpiresAt) {
		o.move(StatusExpired)
	}
}

// move changes the status; false when the diagram has no such move.
func (o *order) move(to Status) bool {
	if !o.Status.may(to) {
		return false
	}
	o.Status = to
	return true
}

func (o Order) payable() bool { return o.Status.may(StatusSuccess) }

// tradeStatus is Status in the manual's words, its spelling included.
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
