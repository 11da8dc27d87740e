package wantu

import (
	"context"
	"strings"
	"time"
)

// Transport watches every call that leaves, for logs, metrics and traces. It is
// called when a request is about to be sent, with what is sent; the context that
// it returns, nil for the same, carries the request, and the function that it
// returns, which may be nil, is called once with what came of it. A request that
// is refused with a [*FieldError] is not sent and not shown.
//
// It never sees the keys: "sign" is left out, and wherever a key occurs there is
// "[key]". It does not see either what would let its reader act, for a log is
// read by many and kept for long:
//
//   - open_id and auth_code name or charge the shopper;
//   - notify_url and return_url often hold a token of the merchant's;
//   - qrcode_url, url, data, parameters and order_list of an answer open the
//     payment to whoever holds them, or are a whole statement.
//
// For each of them that is a text or a number there is its name in brackets,
// such as "[open_id]", which tells that there was one; an object or a list, as
// data, parameters and order_list mostly are, is left out. The first four are
// hidden too where the gateway repeats them in another field, or in an error.
// What is left may still be about a person, as subject and attach are when the
// shop put a name there: keep such a log accordingly.
//
// It runs on the caller's goroutine, so it must be quick and safe for concurrent
// use; a panic in it is the caller's.
type Transport func(ctx context.Context, sent Sent) (context.Context, func(Received))

// Sent is a request, as [Transport] may see it.
type Sent struct {
	Endpoint string // last element of the path, such as "query"
	Fields   Fields // a copy, masked; without "sign"
}

// Received is what came of a request, as [Transport] may see it.
type Received struct {
	Status   int           // of HTTP; 0 when no answer came
	Code     ReturnCode    // return_code; 0 when none could be read
	Fields   Fields        // a copy, masked; without "sign" and what it does not cover; nil unless it verified
	Date     time.Time     // the gateway's clock, by the answer's HTTP Date, to the second; zero when it has none
	Duration time.Duration // from before the request was sent until the answer was read
	Err      error         // what the call returns; safe to log
}

// hiddenField reports whether a field's value is kept from a Transport.
func hiddenField(name string) bool {
	switch name {
	case "open_id", "auth_code", "notify_url", "return_url", "qrcode_url", "url", "data", "parameters", "order_list":
		return true
	default:
		return false
	}
}

// shown returns what a Transport may see of fields.
func shown(fields Fields, mask *strings.Replacer) Fields {
	copied := make(Fields, len(fields))
	for name, text := range fields {
		switch {
		case name == signField:
		case hiddenField(name):
			copied[name] = "[" + name + "]"
		default:
			copied[mask.Replace(name)] = mask.Replace(text)
		}
	}
	return copied
}

// observe tells the Transport that a call begins, and returns the context to
// send it with and the function that tells it the end.
func (c *Client) observe(ctx context.Context, t *trip) (context.Context, func(error)) {
	if c.transport == nil {
		return ctx, func(error) {}
	}
	start := time.Now()
	carrier, done := c.transport(ctx, Sent{Endpoint: t.endpoint, Fields: shown(t.sent, t.mask)})
	if carrier == nil {
		carrier = ctx
	}
	return carrier, func(err error) {
		if done == nil {
			return
		}
		received := Received{Status: t.status, Code: t.code, Date: t.date, Duration: time.Since(start), Err: err}
		if t.verified {
			received.Fields = shown(t.message.Fields(), t.mask)
		}
		done(received)
	}
}
