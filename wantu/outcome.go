package wantu

import (
	"context"
	"errors"
)

// OutcomeUnknown reports whether the gateway may have carried out the call that
// returned err. To find out, call [Client.Query] with the same out_trade_no.
// [Retryable] tells whether you may send the same call again.
//
// OutcomeUnknown is true for
//
//   - a timeout, a connection that broke, an HTTP status other than 200, and a
//     context that was canceled after the request was sent;
//   - 500 SYSTEM_ERROR, 504 BANK_ERROR, 506 USER_PAYING, FAIL, and a return_code
//     that is not in the manual;
//   - an answer with a wrong signature, that is unreadable, or that does not match
//     the request;
//   - a [Client.PosPayAndWait] that could not cancel the order.
//
// It is false when the gateway did not carry out the call, or undid it: err is nil,
// a [*FieldError], [ErrCanceled], no connection was made, or a definite return_code
// came with a good signature.
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
		return api.Unverified || !api.Code.isDefinite()
	case errors.As(err, &code):
		return !ReturnCode(code).isDefinite()
	case errors.As(err, &transport):
		return transport.sent
	default:
		return true
	}
}

// Retryable reports whether it is useful and harmless to send the same call again a
// little later. [OutcomeUnknown] is another question: it tells whether the failed
// call may have been carried out.
//
//   - Some calls may be repeated without harm: query, close, cancel, order-list,
//     merchant-qrcode, currency, and refund, because one out_refund_no refunds only
//     once. For these Retryable is true when the cause is temporary: no connection,
//     a connection that broke, a timeout, HTTP 429 and 5xx, 500 SYSTEM_ERROR, 504
//     BANK_ERROR, 506 USER_PAYING, and an answer that is truncated or unreadable.
//   - The other calls open an order: create-qrcode, pospay, pay-form, web, wap and
//     app. For these Retryable is true only when no connection was made, so that
//     nothing was sent. Otherwise ask OutcomeUnknown, and query the order.
//
// Retryable is false when a retry would fail in the same way: for a [*FieldError], a
// definite return_code or one that is not in the manual, FAIL, a wrong signature,
// and an answer that is too large or does not match the request. It is false for
// nil, for [ErrCanceled], and for an error of [Client.ParseNotification]. It is also
// false when the caller's context was canceled or its deadline had passed, because a
// retry with that context would fail at once. OutcomeUnknown tells whether a retry
// with another context could do harm.
//
// Retryable does not say when to retry. Use a backoff, and give up at some point.
func Retryable(err error) bool {
	var unsettled *unsettledError
	if err == nil || errors.As(err, &unsettled) || errors.Is(err, context.Canceled) {
		return false
	}
	var api *APIError
	if errors.As(err, &api) {
		return isRepeatable(api.Endpoint) && !api.Unverified && api.Code.isTemporary()
	}
	var call *callError
	if !errors.As(err, &call) || call.contextDone {
		return false
	}
	var transport *transportError
	if errors.As(err, &transport) {
		return !transport.sent || isRepeatable(call.endpoint)
	}
	return isRepeatable(call.endpoint) && isTemporaryAnswer(err)
}

// isRepeatable reports whether a call may be sent twice without harm.
func isRepeatable(endpoint string) bool {
	switch endpoint {
	case "query", "close", "cancel", "refund", "order-list", "merchant-qrcode", "currency":
		return true
	default:
		return false
	}
}

// isTemporaryAnswer reports whether a retry may bring a better answer than the one
// that caused err. An answer that is too large would be too large again.
func isTemporaryAnswer(err error) bool {
	var status statusError
	if errors.As(err, &status) {
		return status.isTemporary()
	}
	return errors.Is(err, ErrMalformed) && !errors.Is(err, errTooLarge)
}
