package wantu

import (
	"context"
	"errors"
	"fmt"
)

// The reasons why an answer or a notification cannot be used. Do not change an
// order because of such a message.
var (
	// ErrSignature: the signature is missing or wrong.
	ErrSignature = errors.New("the signature is missing or wrong")
	// ErrMalformed: the message is not as the manual describes it. It is not JSON,
	// too large or too deep, or a field is missing, unreadable or there twice.
	ErrMalformed = errors.New("the message is malformed")
	// ErrMismatch: the signature is good, but the message is about another order,
	// amount, currency, merchant or store.
	ErrMismatch = errors.New("the message does not match")
	// ErrStatus: the HTTP status is not 200. Redirects count as such.
	ErrStatus = errors.New("the HTTP status is not 200")
)

// ErrCanceled is returned by [Client.PosPayAndWait] when nobody paid in time. The
// shopper owes nothing. A payment in the last moment is given back.
var ErrCanceled = errors.New("nobody paid in time, the order was canceled")

// callError is the error of a call that failed for any reason except a refusal by
// the gateway. [Retryable] needs its endpoint.
type callError struct {
	endpoint    string // last element of the path
	cause       error
	contextDone bool // the caller's context was done, so a retry would fail at once
}

func (e *callError) Error() string { return "wantu: " + e.endpoint + ": " + e.cause.Error() }

func (e *callError) Unwrap() error { return e.cause }

// withEndpoint adds to err the endpoint, and whether ctx was done. It leaves nil
// and an [*APIError] unchanged.
func withEndpoint(ctx context.Context, endpoint string, err error) error {
	var api *APIError
	if err == nil || errors.As(err, &api) {
		return err
	}
	return &callError{endpoint: endpoint, cause: err, contextDone: ctx.Err() != nil}
}

// statusError is an HTTP status other than 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("%v: %d", ErrStatus, int(e)) }

// Is makes errors.Is find [ErrStatus].
func (e statusError) Is(target error) bool { return target == ErrStatus }

// isTemporary reports whether the same call may succeed later.
func (e statusError) isTemporary() bool { return e >= 500 || e == 429 }

// FieldError names the wrong field of a request, of [PosPayWait] or of the
// configuration. Nothing was sent.
type FieldError struct {
	Field   string // the manual's name, or the Go name of a field of Config or PosPayWait
	Problem string // what is wrong; it never contains the value
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("wantu: %s %s", e.Field, e.Problem)
}

// APIError is an answer whose return_code is not success. errors.Is finds the
// code's sentinel, such as [ErrOrderPaid].
type APIError struct {
	Endpoint string     // last element of the path, such as "query"
	Code     ReturnCode // return_code
	Msg      string     // return_msg without secrets, cut to 128 characters
	Desc     string     // return_desc without secrets, cut to 128 characters; for 303 and 304 the field's name

	// Unverified is true when the answer's signature is missing or wrong, for
	// example because the gateway and the client have different keys. Use such an
	// answer only for a log line: errors.Is finds [ErrSignature] in it, and not
	// the code's sentinel.
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

// Is makes errors.Is match the sentinel of e.Code, or only [ErrSignature] if e is
// unverified.
func (e *APIError) Is(target error) bool {
	if e.Unverified {
		return target == ErrSignature
	}
	code, ok := target.(codeError)
	return ok && ReturnCode(code) == e.Code
}

// unsettledError is the result of a [Client.PosPayAndWait] that neither saw the
// order paid nor canceled it. It has no Unwrap, because its cause is the answer to
// the cancellation and does not tell whether the order is paid.
type unsettledError struct{ cause error }

func (e *unsettledError) Error() string {
	return "the order may be paid, and it could not be canceled: " + e.cause.Error()
}
