package wantu

import (
	"context"
	"strings"
	"time"
)

// Transport observes every call, for logs, metrics and traces. It is called just
// before a request is sent. The context that it returns is used for the request; nil
// means the same context as before. The function that it returns is called once with
// the result; it may be nil. A request that is refused with a [*FieldError] is not
// sent, and Transport is not called.
//
// Transport never sees a key: "sign" is left out, and each key in another field is
// replaced by "[key]". Many people may read a log, so these values are hidden too:
//
//   - open_id and auth_code, because they identify or charge the shopper;
//   - notify_url and return_url, because they often contain a token of the merchant;
//   - qrcode_url, url, data, parameters and order_list of an answer, because with
//     them anybody could open the payment, or because they are a whole statement.
//
// If such a value is a text or a number, its name in brackets replaces it, such as
// "[open_id]". If it is an object or a list, it is left out. The values of open_id,
// auth_code, notify_url and return_url are also hidden where the gateway repeats them
// in another field or in an error. The remaining fields may still contain personal
// data, for example when the shop writes a name into subject or attach. Protect the
// log accordingly.
//
// Transport runs on the caller's goroutine, so it must be fast and safe for
// concurrent use. A panic in it reaches the caller.
type Transport func(ctx context.Context, sent Sent) (context.Context, func(Received))

// Sent is a request as a [Transport] sees it.
type Sent struct {
	Endpoint string // last element of the path, such as "query"
	Fields   Fields // a masked copy, without "sign"
}

// Received is the result of a request as a [Transport] sees it.
type Received struct {
	Status   int           // the HTTP status; 0 when no answer came
	Code     ReturnCode    // return_code, also if the answer is unverified; 0 when it was not read
	Fields   Fields        // a masked copy of the signed fields, without "sign"; nil unless the answer verified
	Date     time.Time     // the HTTP header Date of the answer, in whole seconds; zero when missing
	Duration time.Duration // from just before the request was sent until the answer was read
	Err      error         // the error that the call returns; safe to log
}

// isHiddenField reports whether a field's value is hidden from a Transport.
func isHiddenField(name string) bool {
	switch name {
	case "open_id", "auth_code", "notify_url", "return_url", "qrcode_url", "url", "data", "parameters", "order_list":
		return true
	default:
		return false
	}
}

// maskedCopy returns a copy of fields without the values that are hidden from a
// Transport.
func maskedCopy(fields Fields, mask *strings.Replacer) Fields {
	copied := make(Fields, len(fields))
	for name, text := range fields {
		switch {
		case name == signField:
		case isHiddenField(name):
			copied[name] = "[" + name + "]"
		default:
			copied[mask.Replace(name)] = mask.Replace(text)
		}
	}
	return copied
}

// observe calls the Transport. It returns the context for the request, and a
// function that tells the Transport the result.
func (c *Client) observe(ctx context.Context, t *callState) (context.Context, func(error)) {
	if c.transport == nil {
		return ctx, func(error) {}
	}
	start := time.Now()
	requestCtx, done := c.transport(ctx, Sent{Endpoint: t.endpoint, Fields: maskedCopy(t.sent, t.mask)})
	if requestCtx == nil {
		requestCtx = ctx
	}
	return requestCtx, func(err error) {
		if done == nil {
			return
		}
		received := Received{Status: t.status, Code: t.code, Date: t.date, Duration: time.Since(start), Err: err}
		if t.verified {
			received.Fields = maskedCopy(t.message.Fields(), t.mask)
		}
		done(received)
	}
}
