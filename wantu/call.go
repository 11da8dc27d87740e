package wantu

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

func mismatch(name string) error {
	return fmt.Errorf("%w: %s differs", ErrMismatch, name)
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
	body, err := c.post(ctx, endpoint, f)
	if err != nil {
		return err
	}
	mask := c.mask(sent)
	message, err := c.open(endpoint, body, f.limit, mask)
	if err != nil {
		return err
	}
	a := &answer{Message: message}
	if err := a.agree(sent); err != nil {
		return fmt.Errorf("wantu: %s: %w", endpoint, err)
	}
	if err := refusal(endpoint, message, mask, false); err != nil {
		return err
	}
	if read(a); a.err != nil {
		return fmt.Errorf("wantu: %s: %w", endpoint, a.err)
	}
	return nil
}

// mask hides what the gateway knows of the call and a log must not: the key,
// and who the shopper is to WeChat.
func (c *Client) mask(sent Fields) *strings.Replacer {
	hidden := []string{c.key, "[key]"}
	// An empty text would be found between any two characters.
	if id := sent["open_id"]; id != "" {
		hidden = append(hidden, id, "[open_id]")
	}
	return strings.NewReplacer(hidden...)
}

// open decodes and verifies an answer. An answer that does not verify still
// shows its return_code to the reader of the log.
func (c *Client) open(endpoint string, body []byte, limit int, mask *strings.Replacer) (Message, error) {
	message, err := decode(body, limit)
	if err != nil {
		return Message{}, fmt.Errorf("wantu: %s: %w", endpoint, err)
	}
	if err := message.Verify(c.key); err != nil {
		if refusal := refusal(endpoint, message, mask, true); refusal != nil {
			return Message{}, refusal
		}
		return Message{}, fmt.Errorf("wantu: %s: %w", endpoint, err)
	}
	return message, nil
}

// refusal returns the error that the answer reports, nil on success.
func refusal(endpoint string, m Message, mask *strings.Replacer, unverified bool) error {
	code, err := parseReturnCode(m.Text("return_code"))
	if err != nil {
		if unverified {
			err = ErrSignature
		}
		return fmt.Errorf("wantu: %s: %w", endpoint, err)
	}
	if code == CodeSuccess {
		return nil
	}
	return &APIError{
		Endpoint: endpoint, Code: code, Unverified: unverified,
		Msg:  foreign(m.Text("return_msg"), mask),
		Desc: foreign(m.Text("return_desc"), mask),
	}
}

// post sends the form as a JSON object and returns the body of the answer.
func (c *Client) post(ctx context.Context, endpoint string, f *form) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &transportError{endpoint: endpoint, cause: err}
	}
	object := make(map[string]any, len(f.fields))
	for name, text := range f.fields {
		object[name] = text
	}
	body, err := marshal(object)
	if err != nil {
		return nil, fmt.Errorf("wantu: %s: %w", endpoint, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.baseURL+"/"+endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, &transportError{endpoint: endpoint, cause: err}
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("Accept", "application/json")
	return c.exchange(endpoint, request, f.limit)
}

func (c *Client) exchange(endpoint string, request *http.Request, limit int) ([]byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, newTransportError(endpoint, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("wantu: %s: %w: %d", endpoint, ErrStatus, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	if err != nil {
		return nil, &transportError{endpoint: endpoint, cause: err, sent: true}
	}
	return body, nil
}
