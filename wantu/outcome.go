package wantu

import (
	"context"
	"errors"
)

// OutcomeUnknown reports whether the gateway may have acted on the call that
// returned err: a timeout, a connection that broke, an HTTP status other than
// 200, 500 SYSTEM_ERROR, 504 BANK_ERROR, 506 USER_PAYING, FAIL, a return_code
// that nobody knows, an answer that is unsigned, unreadable or about something
// else, or a cancellation by [Client.PosPayAndWait] that nobody confirmed. Settle
// it by [Client.Query] with the same out_trade_no; whether the same call may
// simply be sent again says [Retryable].
//
// It is false when the gateway surely did not act, or acted and took it back:
// err is nil, a [*FieldError], [ErrCanceled], a connection that never came
// about, or a definite return_code under a good signature.
func OutcomeUnknown(err error) bool {
	var unsettled *unsettledError
	var field *FieldError
	var api *APIError
	var code codeError
	var transport *transportError
	switch {
	case err == nil:
		return false
	case errors.As(err, &unsettled):
		return true
	case errors.As(err, &field), errors.Is(err, ErrCanceled):
		return false
	case errors.As(err, &api):
		return api.Unverified || !api.Code.definite()
	case errors.As(err, &code):
		return !ReturnCode(code).definite()
	case errors.As(err, &transport):
		return transport.sent
	default:
		return true
	}
}

// Retryable reports whether sending the very same call again, a little later,
// makes sense and can do no harm. It is a question of its own beside
// [OutcomeUnknown], which asks what became of the call that failed:
//
//   - Where a repetition changes nothing (query, close, cancel, order-list,
//     merchant-qrcode, currency, and refund, for one out_refund_no refunds
//     once) it is true for what passes: no connection, one that broke, a
//     timeout, HTTP 429 and 5xx, 500 SYSTEM_ERROR, 504 BANK_ERROR, 506
//     USER_PAYING, and an answer that is truncated or unreadable.
//   - Where an order is placed (create-qrcode, pospay, pay-form, web, wap, app)
//     it is true only when no connection came about, so that nothing was sent.
//     Otherwise ask OutcomeUnknown, and query.
//
// It is false for nil, for whatever another try would only meet again (a
// [*FieldError], a definite return_code, one that nobody knows, FAIL, a wrong
// signature, an answer about something else or beyond its bound), for
// [ErrCanceled], for a notification, and when the caller's own context was
// canceled or its deadline had passed: with that context no other try is made,
// and with another OutcomeUnknown tells whether one does harm. It says nothing
// about how often and how soon: wait longer each time, and not for ever.
func Retryable(err error) bool {
	var unsettled *unsettledError
	if err == nil || errors.As(err, &unsettled) || errors.Is(err, context.Canceled) {
		return false
	}
	var api *APIError
	if errors.As(err, &api) {
		return repeatable(api.Endpoint) && !api.Unverified && api.Code.passes()
	}
	var call *callError
	if !errors.As(err, &call) || call.over {
		return false
	}
	var transport *transportError
	if errors.As(err, &transport) {
		return !transport.sent || repeatable(call.endpoint)
	}
	return repeatable(call.endpoint) && passes(err)
}

// repeatable reports whether a call may be sent twice.
func repeatable(endpoint string) bool {
	switch endpoint {
	case "query", "close", "cancel", "refund", "order-list", "merchant-qrcode", "currency":
		return true
	default:
		return false
	}
}

// passes reports whether an answer that cannot be used was an accident. What is
// beyond its bound will be so again.
func passes(err error) bool {
	var status statusError
	if errors.As(err, &status) {
		return status.passes()
	}
	return errors.Is(err, ErrMalformed) && !errors.Is(err, errTooLarge)
}
