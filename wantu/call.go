package wantu

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

func mismatch(name string) error {
	return fmt.Errorf("%w: %s differs", ErrMismatch, name)
}

// callState is what is known about one call while it runs.
type callState struct {
	endpoint string
	sent     Fields
	limit    int               // the largest answer, in bytes
	mask     *strings.Replacer // hides secrets

	status   int       // the HTTP status; 0 before an answer came
	date     time.Time // the HTTP header Date of the answer
	message  Message
	verified bool
	code     ReturnCode // the return_code of message; 0 before it is read
}

// call sends one request. It passes the answer to read once the answer is
// verified, reports success and matches the request. read takes the endpoint's
// own fields from it.
func (c *Client) call(ctx context.Context, endpoint string, f *form, read func(*answer)) error {
	if f.err != nil {
		return f.err
	}
	sent := f.fields
	sent["merchant_account"] = c.merchantAccount
	sent["store_account"] = c.storeAccount
	sent["send_time"] = FormatTime(c.now())
	sent["version"] = "1.0"
	sent[signField] = Sign(sent, c.key)
	t := &callState{endpoint: endpoint, sent: sent, limit: f.limit, mask: c.mask(sent)}
	ctx, done := c.observe(ctx, t)
	err := withEndpoint(ctx, endpoint, c.roundTrip(ctx, t, read))
	done(err)
	return err
}

// roundTrip sends the request, checks the answer and passes it to read.
func (c *Client) roundTrip(ctx context.Context, t *callState, read func(*answer)) error {
	body, err := c.post(ctx, t)
	if err != nil {
		return err
	}
	if err := c.readAnswer(body, t); err != nil {
		return err
	}
	a := &answer{Message: t.message, requiresHTTPS: isHTTPS(c.baseURL)}
	if err := a.checkEchoes(t.sent); err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	read(a)
	return a.err
}

// mask returns a replacer that hides the secrets of a call. The gateway knows
// them and may quote them, but a log must not contain them: the keys, the
// shopper's open_id, the auth_code that charges the shopper, and the merchant's
// URLs, because they often contain a token.
func (c *Client) mask(sent Fields) *strings.Replacer {
	type secret struct{ text, name string }
	secrets := []secret{
		{c.key, "[key]"}, {c.previousKey, "[key]"}, {sent["open_id"], "[open_id]"}, {sent["auth_code"], "[auth_code]"},
		{sent["notify_url"], "[notify_url]"}, {sent["return_url"], "[return_url]"},
	}
	// The longest first, so that a secret that begins with another one is hidden
	// completely.
	slices.SortStableFunc(secrets, func(a, b secret) int { return len(b.text) - len(a.text) })
	var pairs []string
	for _, s := range secrets {
		// The replacer would find an empty text between any two characters.
		if s.text != "" {
			pairs = append(pairs, s.text, s.name)
		}
	}
	return strings.NewReplacer(pairs...)
}

// readAnswer decodes and verifies an answer. When the signature is wrong and the
// answer reports an error, it returns that error as an unverified [*APIError], so
// that a log shows the return_code.
func (c *Client) readAnswer(body []byte, t *callState) (err error) {
	if t.message, err = decode(trimByteOrderMark(body), t.limit); err != nil {
		return err
	}
	err = c.verify(t.message)
	if t.verified = err == nil; t.verified {
		return nil
	}
	if refusal := t.refusal(); refusal != nil {
		return refusal
	}
	return err
}

// verify accepts a signature made with Key or, if it is set, with PreviousKey.
func (c *Client) verify(m Message) error {
	err := m.Verify(c.key)
	if err != nil && c.previousKey != "" {
		return m.Verify(c.previousKey)
	}
	return err
}

// refusal returns the error that the answer reports, nil on success.
func (t *callState) refusal() error {
	code, err := parseReturnCode(t.message.Text("return_code"))
	if err != nil {
		if !t.verified {
			return ErrSignature
		}
		return err
	}
	if t.code = code; code == CodeSuccess {
		return nil
	}
	return &APIError{
		Endpoint: t.endpoint, Code: code, Unverified: !t.verified,
		Msg:  safeText(t.message.Text("return_msg"), t.mask),
		Desc: safeText(t.message.Text("return_desc"), t.mask),
	}
}

// post sends the fields as a JSON object and returns the body of the answer.
func (c *Client) post(ctx context.Context, t *callState) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &transportError{cause: err}
	}
	object := make(map[string]any, len(t.sent))
	for name, text := range t.sent {
		object[name] = text
	}
	body, err := marshal(object)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	watch := &connectionWatch{}
	request, err := http.NewRequestWithContext(watch.withTrace(ctx), http.MethodPost, c.baseURL+"/"+t.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, &transportError{cause: err}
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Accept", "application/json")
	return c.exchange(request, watch, t)
}

func (c *Client) exchange(request *http.Request, watch *connectionWatch, t *callState) ([]byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, newTransportError(err, watch)
	}
	defer func() { _ = response.Body.Close() }()
	t.date, _ = http.ParseTime(response.Header.Get("Date")) // zero when the header is missing
	if t.status = response.StatusCode; t.status != http.StatusOK {
		drain(response)
		return nil, statusError(t.status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(t.limit)+1))
	if err != nil {
		return nil, &transportError{cause: err, sent: true}
	}
	return body, nil
}
