package checkout

import "errors"

// ErrNotFound says that there is no such session, attempt or event, in the
// same way for a malformed id as for an unknown one.
var ErrNotFound = errors.New("not found")

// ErrConflict says that what was to be changed has changed meanwhile: read it
// again. A Store returns it; the Service retries and does not.
var ErrConflict = errors.New("changed meanwhile")

// ErrLeaseLost says that somebody else holds, or has held, what was to be
// changed since the caller did. It matches [ErrConflict] too.
var ErrLeaseLost error = leaseLostError{}

type leaseLostError struct{}

func (leaseLostError) Error() string { return "the lease is another's by now" }

// Is makes errors.Is find [ErrConflict].
func (leaseLostError) Is(target error) bool { return target == ErrConflict }

// ErrPaymentTaken says that a payment at the gateway settles another attempt
// already, or is known as another's.
var ErrPaymentTaken = errors.New("the payment belongs to another order")

// ErrNotPayable says that the session takes no payment any more.
var ErrNotPayable = errors.New("the session takes no payment any more")

// ErrNotRefundable says that nothing of the session was paid, so that nothing
// can be given back.
var ErrNotRefundable = errors.New("the session is not paid")

// ErrNotHere says that the wallet cannot be paid with on this device; the page
// shows a guide instead.
var ErrNotHere = errors.New("this wallet cannot be paid with on this device")

// ErrNeedsOpenID says that a JSAPI order needs the shopper's openid first.
var ErrNeedsOpenID = errors.New("the order needs the shopper's openid")

// FieldError says which field of a request is wrong, and how, in words fit for
// the one who sent it.
type FieldError struct {
	Field   string
	Problem string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// The kinds of errors that a Gateway returns, matched with errors.Is.
var (
	// ErrOutcomeUnknown says that the gateway may or may not have done what
	// it was asked: only query knows.
	ErrOutcomeUnknown = errors.New("the gateway's answer is not known")
	// ErrRefused says that the gateway surely did not do it.
	ErrRefused = errors.New("the gateway refused")
	// ErrNoOrder says that the gateway knows no such order.
	ErrNoOrder = errors.New("the gateway knows no such order")
	// ErrNumberUsed says that the gateway already has an order of this number.
	ErrNumberUsed = errors.New("the gateway already has an order of this number")
	// ErrAlreadyPaid says that the order is paid and cannot be closed.
	ErrAlreadyPaid = errors.New("the order is paid")
	// ErrOtherAccount says that a notification is signed by the gateway, and
	// is for another account.
	ErrOtherAccount = errors.New("the notification is for another account")
)

// RefusedError is an ErrRefused with the gateway's own word for it.
type RefusedError struct {
	// Word is fit for the shop, such as "508 REFUND_ERROR".
	Word string
	// Settled says that it answers for the number that was sent, and not for
	// this one call alone: nothing has been done under it before either.
	Settled bool
}

func (e *RefusedError) Error() string { return ErrRefused.Error() + ": " + e.Word }

// Is makes errors.Is find [ErrRefused].
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }
