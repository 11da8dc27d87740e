package wantu

import (
	"context"
	"errors"
	"fmt"
)

// What can be wrong with an answer or a notification. None of it may move an
// order.
var (
	// ErrSignature: the signature is missing or wrong.
	ErrSignature = errors.New("the signature is missing or wrong")
	// ErrMalformed: not what the manual promises: not JSON, too large, too
	// deep, a name twice, a field missing or unreadable.
	ErrMalformed = errors.New("the message is malformed")
	// ErrMismatch: well signed, but about another order, amount, currency,
	// merchant or store.
	ErrMismatch = errors.New("the message is about something else")
	// ErrStatus: the HTTP status is not 200, redirects included.
	ErrStatus = errors.New("the HTTP status is not 200")
)

// ErrCanceled is how [Client.PosPayAndWait] gives up: nothing is owed. What was
// paid in the last moment is given back.
var ErrCanceled = errors.New("nobody paid in time, the order was canceled")

// callError is a call that failed otherwise than by a refusal of the gateway's.
// It knows the endpoint, which [Retryable] asks about.
type callError struct {
	endpoint string // last element of the path
	cause    error
	over     bool // the caller's context was done, so another try would end at once
}

func (e *callError) Error() string { return "wantu: " + e.endpoint + ": " + e.cause.Error() }

func (e *callError) Unwrap() error { return e.cause }

// failed says at which endpoint err happened, and whether ctx was done by then,
// unless err says itself what the gateway answered.
func failed(ctx context.Context, endpoint string, err error) error {
	var api *APIError
	if err == nil || errors.As(err, &api) {
		return err
	}
	return &callError{endpoint: endpoint, cause: err, over: ctx.Err() != nil}
}

// statusError is an HTTP status that is not 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("%v: %d", ErrStatus, int(e)) }

// Is makes errors.Is find [ErrStatus].
func (e statusError) Is(target error) bool { return target == ErrStatus }

// passes reports whether the status is one that goes away by itself.
func (e statusError) passes() bool { return e >= 500 || e == 429 }

// FieldError says which field of a request or of the configuration is wrong.
// Nothing was sent.
type FieldError struct {
	Field   string // the manual's name, or the name of the Config field
	Problem string // never holds the value
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("wantu: %s %s", e.Field, e.Problem)
}

// APIError is an answer whose return_code is not success. errors.Is finds the
// code's sentinel, such as [ErrOrderPaid].
type APIError struct {
	Endpoint string     // last element of the path, such as "query"
	Code     ReturnCode // return_code
	Msg      string     // return_msg, at most 128 characters
	Desc     string     // return_desc: for 303 and 304 the field's name; at most 128 characters

	// Unverified: the answer's signature is missing or wrong, as when the
	// gateway and the client hold different keys. Such an answer is good for a
	// log line only: errors.Is finds [ErrSignature] in it and no code.
	Unverified bool
}

func (e *APIError) Error() string {
	text := fmt.Sprintf("wantu: %s: %s", e.Endpoint, e.Code)
	if e.Msg != "" && e.Msg != e.Code.Name() {
		text += " " + e.Msg
	}
	if e.Desc != "" {
		text += ": " + e.Desc
	}
	if e.Unverified {
		text += " (" + ErrSignature.Error() + ": is the key right?)"
	}
	return text
}

// Is makes errors.Is match the sentinel of e.Code.
func (e *APIError) Is(target error) bool {
	if e.Unverified {
		return target == ErrSignature
	}
	code, ok := target.(codeError)
	return ok && ReturnCode(code) == e.Code
}

// unsettledError is a payment that [Client.PosPayAndWait] could neither see paid
// nor end. It does not unwrap: what the gateway said to the cancellation says
// nothing about the payment.
type unsettledError struct{ cause error }

func (e *unsettledError) Error() string {
	return "whether it is paid is unknown, for the order could not be canceled: " + e.cause.Error()
}
