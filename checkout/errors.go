package checkout

import "errors"

// ErrNotFound says that there is no such record, for example no such session. It is the
// same for an unknown ID and for a malformed one.
var ErrNotFound = errors.New("not found")

// ErrConflict says that a record has changed since it was read: read it again. A Store
// returns it. The Service tries again and never returns it.
var ErrConflict = errors.New("changed meanwhile")

// ErrLeaseLost says that somebody else has, or has had, the lease of the attempt since.
// It matches [ErrConflict] too.
var ErrLeaseLost error = leaseLostError{}

type leaseLostError struct{}

func (leaseLostError) Error() string { return "somebody else has the lease now" }

// Is makes errors.Is find [ErrConflict].
func (leaseLostError) Is(target error) bool { return target == ErrConflict }

// ErrPaymentTaken says that the payment at the gateway belongs to another attempt: it is
// bound to that attempt, or that attempt's order in the same account has the payment's
// TradeID.
var ErrPaymentTaken = errors.New("the payment belongs to another order")

// ErrNotPayable says that no order may be placed for the session any more, or not now
// because a payment is reported.
var ErrNotPayable = errors.New("the session takes no payment any more")

// ErrNotRefundable says that the session is not paid, so there is nothing to refund.
var ErrNotRefundable = errors.New("the session is not paid")

// ErrTooManyEndpoints says that the merchant has MaxWebhookEndpoints webhook endpoints.
var ErrTooManyEndpoints = errors.New("the shop has too many webhook endpoints")

// ErrConfigured says that the webhook endpoint is one of the configuration, which the API
// cannot change.
var ErrConfigured = errors.New("the webhook endpoint is in the configuration")

// ErrNoEndpoint says that no webhook endpoint of the merchant wants the event.
var ErrNoEndpoint = errors.New("no webhook endpoint wants the event")

// DisabledError says that a webhook endpoint is disabled, so nothing can be sent to it.
type DisabledError struct{ Merchant, Endpoint string }

func (e *DisabledError) Error() string {
	return "the webhook endpoint " + e.Endpoint + " of merchant " + e.Merchant + " is disabled"
}

// ErrNotHere says that this device cannot pay with the wallet. The page shows a guide
// instead.
var ErrNotHere = errors.New("this wallet cannot be paid with on this device")

// ErrNeedsOpenID says that a JSAPI order needs the shopper's openid first.
var ErrNeedsOpenID = errors.New("the order needs the shopper's openid")

// UsedError says that a field of a request names an object of an earlier request, which
// asked for something else.
type UsedError struct {
	Field   string
	Problem string
	// ID is the object that the field names.
	ID string
}

func (e *UsedError) Error() string { return e.Field + ": " + e.Problem }

// FieldCode says in one word what is wrong with a field, for a program.
type FieldCode string

// The codes of fields. A field that is there and not missing, unknown or repeated is
// invalid.
const (
	FieldInvalid  FieldCode = "invalid"
	FieldMissing  FieldCode = "missing"
	FieldUnknown  FieldCode = "unknown"
	FieldRepeated FieldCode = "repeated"
)

// FieldError says which field of a request is wrong, and how, for the sender of the
// request. Several of them can be joined by errors.Join.
type FieldError struct {
	Field   string
	Problem string
	// Code defaults to FieldInvalid.
	Code FieldCode
	// Allowed are the values that the field may have, where a list of them helps.
	Allowed []string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// FieldErrors returns the FieldErrors in err, which may be joined, in their order.
func FieldErrors(err error) (all []*FieldError) {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		for _, one := range joined.Unwrap() {
			all = append(all, FieldErrors(one)...)
		}
		return all
	}
	var fault *FieldError
	if errors.As(err, &fault) {
		all = append(all, fault)
	}
	return all
}

// The kinds of errors that a Gateway returns, matched with errors.Is.
var (
	// ErrOutcomeUnknown says that the gateway may or may not have done what it was
	// asked to do. Only a query tells.
	ErrOutcomeUnknown = errors.New("the gateway's answer is not known")
	// ErrRefused says that the gateway did not do it, for certain.
	ErrRefused = errors.New("the gateway refused")
	// ErrNoOrder says that the gateway does not know the order.
	ErrNoOrder = errors.New("the gateway knows no such order")
	// ErrNoRefund says that the gateway does not know the refund. Only
	// [RefundQuerier] returns it.
	ErrNoRefund = errors.New("the gateway knows no such refund")
	// ErrNumberUsed says that the gateway already has an order of this number.
	ErrNumberUsed = errors.New("the gateway already has an order of this number")
	// ErrAlreadyPaid says that the order is paid and cannot be closed.
	ErrAlreadyPaid = errors.New("the order is paid")
	// ErrOtherAccount says that a notification is signed by the gateway, for another
	// account.
	ErrOtherAccount = errors.New("the notification is for another account")
)

// RefusedError is an ErrRefused with the gateway's own word.
type RefusedError struct {
	// Word may be shown to the shop, for example "508 REFUND_ERROR".
	Word string
	// Settled says that the gateway has made no refund with this number, in this call or
	// in an earlier one. Without it only this call was refused: an earlier call may have
	// made the refund.
	Settled bool
}

func (e *RefusedError) Error() string { return ErrRefused.Error() + ": " + e.Word }

// Is makes errors.Is find [ErrRefused].
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }
