package wantu

import (
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

// OutcomeUnknown reports whether the gateway may have acted on the call that
// returned err: a timeout, a connection that broke, an HTTP status other than
// 200, 500 SYSTEM_ERROR, 506 USER_PAYING, a return_code that nobody knows, an
// answer that is unsigned, unreadable or about something else. Settle it by
// [Client.Query] with the same out_trade_no.
//
// It is false when the gateway surely did not act: err is nil, a
// [*FieldError], a connection that never came about, or a definite return_code
// under a good signature.
func OutcomeUnknown(err error) bool {
	if err == nil {
		return false
	}
	var field *FieldError
	if errors.As(err, &field) {
		return false
	}
	var api *APIError
	if errors.As(err, &api) {
		return api.Unverified || !api.Code.definite()
	}
	var transport *transportError
	if errors.As(err, &transport) {
		return transport.sent
	}
	return true
}
