package checkout

import (
	"context"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Gateway places orders and reports what became of them. Implementations are
// safe for concurrent use. Each error, except those of ReadNotification, matches
// ErrOutcomeUnknown, ErrRefused, ErrNoOrder, ErrNumberUsed or ErrAlreadyPaid.
type Gateway interface {
	// Create places an order. After ErrOutcomeUnknown only Query tells whether the
	// gateway has the order.
	Create(ctx context.Context, o Order) (Created, error)
	// Query returns what the gateway knows of an order, or ErrNoOrder.
	Query(ctx context.Context, r OrderRef) (OrderStatus, error)
	// Close ends an unpaid order. It returns ErrAlreadyPaid for a paid order. ErrNoOrder
	// means that there is no such order, or that the gateway cannot close it now.
	// ErrRefused and ErrOutcomeUnknown are possible too.
	Close(ctx context.Context, r OrderRef) error
	// Refund gives back money of a paid order. The same OutRefundNo refunds once,
	// however often it is sent: so the refund is sent again after
	// ErrOutcomeUnknown. The only other error is ErrRefused, best as a
	// *RefusedError.
	Refund(ctx context.Context, r RefundOrder) (RefundResult, error)
	// Statement returns the payments and refunds of a merchant's account in
	// [from, to), by the gateway's clock, in any order and each once. It ends at
	// the first error, which comes with a zero Trade. Rows before an error are
	// valid; rows that are missing then prove nothing.
	Statement(ctx context.Context, merchant string, from, to time.Time) iter.Seq2[Trade, error]
	// ReadNotification verifies a notification for an order and then parses it. An
	// error means that nothing in it may be believed. It matches ErrOtherAccount
	// where the signature is good but belongs to another account. The text is what
	// may be kept of the body in both cases, without its signature.
	ReadNotification(r OrderRef, m NotificationMessage) (n OrderStatus, text string, err error)
	// Acknowledgement returns the answer to a notification: that it was accepted, or
	// that it was refused and may be sent again.
	Acknowledgement(accepted bool) Acknowledgement
	// Account names the account at which a merchant's new orders are placed, or ""
	// for a merchant that is not configured. The name stays the same as long as the
	// account does. OrderRef.Account carries it back.
	Account(merchant string) string
	// CanRefund reports whether the gateway refunds payments of a wallet.
	CanRefund(w flow.Wallet) bool
}

// RefundQuerier is an optional interface of a Gateway whose refunds settle later. The
// Refund method of such a Gateway may return RefundResult.Pending. Each further try of
// a refund then begins with a query.
type RefundQuerier interface {
	// QueryRefund returns what the gateway knows of a refund. It returns ErrNoRefund if
	// the gateway does not know the refund, and the refund is then sent again.
	// [Service.SettleRefund] settles the refund as failed instead, if the statement does not
	// list it either. The other errors are those that Gateway.Refund returns.
	QueryRefund(ctx context.Context, r RefundOrder) (RefundResult, error)
}

// NotificationMessage is a notification as it arrived over HTTP.
type NotificationMessage struct {
	// Header returns the first value of a header, or "".
	Header func(name string) string
	Body   []byte
}

// Acknowledgement is the gateway's expected answer to a notification.
type Acknowledgement struct {
	ContentType string
	Body        []byte
}

// OrderRef names an order at the gateway.
type OrderRef struct {
	Merchant string
	// Account is what [Gateway] named when the order was placed. It is "" for an
	// order from before accounts were kept, which belongs to the account that is
	// configured.
	Account    string
	Channel    flow.Channel
	OutTradeNo string
}

// Order is what a Gateway needs to place an order.
type Order struct {
	OrderRef
	Wallet   flow.Wallet
	Flow     flow.Flow
	Amount   int64
	Currency string
	Subject  string
	// ProductID is a short name of the product, for the gateway's records.
	ProductID string
	// NotifyURL is where the gateway sends its notification, and ReturnURL where
	// the wallet sends the browser.
	NotifyURL, ReturnURL string
	// ExpiresAt is when the session ends, and Remaining how long that is from now.
	// The two differ where the system's clock was changed.
	ExpiresAt time.Time
	Remaining time.Duration
	// OpenID is the WeChat user, for [flow.JSAPI] only.
	OpenID string
	// FrameWidth is the width of a framed QR code in CSS pixels.
	FrameWidth int
}

// Created is the gateway's answer to an order.
type Created struct {
	TradeID string
	Placed  Placed
}

// RefundOrder is what a Gateway needs to refund.
type RefundOrder struct {
	OrderRef
	OutRefundNo string
	// Paid is the amount of the order, and Amount the amount to refund.
	Paid, Amount int64
	Currency     string
}

// RefundResult is the gateway's answer to a refund.
type RefundResult struct {
	// GatewayID is the gateway's own number of the refund.
	GatewayID string
	// Pending says that the gateway has accepted the refund and not made it yet.
	// Only a [RefundQuerier] may set it.
	Pending bool
}

// OrderStatus is what the gateway says of an order, in an answer to query or in a
// notification. A text field that the gateway left out is "". The amount is always
// there.
type OrderStatus struct {
	OutTradeNo string
	// TradeID is the gateway's own number of the order. Payee is the account within
	// which that number is unique.
	TradeID, Payee string
	Amount         int64
	Currency       string
	State          OrderState
	// Detail is the gateway's own word for the state.
	Detail string
}

// Payment names a payment at the gateway. The zero Payment names none.
type Payment struct {
	// Account is the gateway's account that was paid. TradeID is the gateway's
	// number, unique within the account.
	Account, TradeID string
}

// payment returns the payment that the gateway reports, zero where it names none.
func (o OrderStatus) payment() Payment {
	if o.TradeID == "" {
		return Payment{}
	}
	return Payment{Account: o.Payee, TradeID: o.TradeID}
}

// OrderState is what an order's status means.
type OrderState string

// The meanings of an order's status. OrderUnknown is a word of the gateway that
// the kit does not know. It raises an alert and then counts as unpaid.
const (
	OrderUnpaid  OrderState = "unpaid"
	OrderPaid    OrderState = "paid"
	OrderFailed  OrderState = "failed"
	OrderUnknown OrderState = "unknown"
)
