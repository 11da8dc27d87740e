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

// trip is one call under way.
type trip struct {
	endpoint string
	sent     Fields
	limit    int // bytes of the answer
	mask     *strings.Replacer

	status   int       // of HTTP, once there is one
	date     time.Time // by the answer's HTTP header
	message  Message
	verified bool
	code     ReturnCode // of message, once it is read
}

// call sends one request and returns the answer, verified, successful and
// about what was asked. read takes the endpoint's own fields out of it.
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
	t := &trip{endpoint: endpoint, sent: sent, limit: f.limit, mask: c.mask(sent)}
	ctx, done := c.observe(ctx, t)
	err := failed(ctx, endpoint, c.travel(ctx, t, read))
	done(err)
	return err
}

// travel goes to the gateway and back.
func (c *Client) travel(ctx context.Context, t *trip, read func(*answer)) error {
	body, err := c.post(ctx, t)
	if err != nil {
		return err
	}
	if err := c.open(body, t); err != nil {
		return err
	}
	a := &answer{Message: t.message, secure: isHTTPS(c.baseURL)}
	if err := a.agree(t.sent); err != nil {
		return err
	}
	if err := t.refusal(); err != nil {
		return err
	}
	read(a)
	return a.err
}

// mask hides what the gateway knows of the call and a log must not: the keys,
// who the shopper is to WeChat, the code that charges them, and the addresses
// that often hold a token of the merchant's.
func (c *Client) mask(sent Fields) *strings.Replacer {
	type secret struct{ text, name string }
	secrets := []secret{
		{c.key, "[key]"}, {c.previousKey, "[key]"}, {sent["open_id"], "[open_id]"}, {sent["auth_code"], "[auth_code]"},
		{sent["notify_url"], "[notify_url]"}, {sent["return_url"], "[return_url]"},
	}
	// The longest first: one that begins with another is hidden whole.
	slices.SortStableFunc(secrets, func(a, b secret) int { return len(b.text) - len(a.text) })
	var pairs []string
	for _, s := range secrets {
		// An empty text would be found between any two characters.
		if s.text != "" {
			pairs = append(pairs, s.text, s.name)
		}
	}
	return strings.NewReplacer(pairs...)
}

// open decodes and verifies an answer. An answer that does not verify still
// shows its return_code to the reader of the log.
func (c *Client) open(body []byte, t *trip) (err error) {
	if t.message, err = decode(unmarked(body), t.limit); err != nil {
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

// verify takes a signature under the key, and under the one before it while
// keys are changed.
func (c *Client) verify(m Message) error {
	err := m.Verify(c.key)
	if err != nil && c.previousKey != "" {
		return m.Verify(c.previousKey)
	}
	return err
}

// refusal returns the error that the answer reports, nil on success.
func (t *trip) refusal() error {
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
		Msg:  foreign(t.message.Text("return_msg"), t.mask),
		Desc: foreign(t.message.Text("return_desc"), t.mask),
	}
}

// post sends the fields as a JSON object and returns the body of the answer.
func (c *Client) post(ctx context.Context, t *trip) ([]byte, error) {
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
	d := &dial{}
	request, err := http.NewRequestWithContext(d.watch(ctx), http.MethodPost, c.baseURL+"/"+t.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, &transportError{cause: err}
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Accept", "application/json")
	return c.exchange(request, d, t)
}

func (c *Client) exchange(request *http.Request, d *dial, t *trip) ([]byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, newTransportError(err, d)
	}
	defer func() { _ = response.Body.Close() }()
	t.date, _ = http.ParseTime(response.Header.Get("Date")) // zero where it has none
	if t.status = response.StatusCode; t.status != http.StatusOK {
		return nil, statusError(t.status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(t.limit)+1))
	if err != nil {
		return nil, &transportError{cause: err, sent: true}
	}
	return body, nil
}
