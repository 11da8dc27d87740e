package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// buyer is a shop and its shopper that use plain HTTP without a browser.
type buyer struct {
	*testing.T
	demo   *demo
	client *http.Client
}

func newBuyer(t *testing.T, prepare ...func(*demo)) *buyer {
	t.Helper()
	return newBuyerAt(t, startDemo(t, prepare...))
}

// newBuyerAt returns a buyer at a running demo.
func newBuyerAt(t *testing.T, d *demo) *buyer {
	return &buyer{t, d, &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// session makes a session by the merchant API, as the demo shop would, and
// returns its id.
func (b *buyer) session(channels ...string) string {
	b.Helper()
	var answer struct {
		ID string `json:"id"`
	}
	status := b.api(http.MethodPost, "/v1/checkout/sessions", map[string]any{
		"amount": 48000, "currency": "HKD", "subject": "Ticket", "channels": channels,
		"success_url": b.demo.publicURL + "/shop/orders/X",
	}, &answer)
	if status != http.StatusCreated {
		b.Fatalf("creating a session: %d", status)
	}
	return answer.ID
}

// api calls the merchant API as the shop's server and reads the answer.
func (b *buyer) api(method, path string, body, answer any) (status int) {
	b.Helper()
	var request io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			b.Fatal(err)
		}
		request = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, b.demo.publicURL+path, request)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+config.DemoAPIKey)
	r.Header.Set("Content-Type", "application/json")
	status, text := b.send(r)
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		b.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return status
}

func (b *buyer) send(r *http.Request) (status int, text string) {
	b.Helper()
	r.Header.Set("User-Agent", desktop.userAgent)
	response, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	if location := response.Header.Get("Location"); location != "" {
		return response.StatusCode, location
	}
	return response.StatusCode, string(body)
}

func (b *buyer) get(path string) (status int, text string) {
	b.Helper()
	r, err := http.NewRequest(http.MethodGet, b.demo.publicURL+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	return b.send(r)
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

// post sends a form of the page at path, with the page's token.
func (b *buyer) post(page, action string, fields url.Values) (status int, location string) {
	b.Helper()
	_, html := b.get(page)
	found := tokenField.FindStringSubmatch(html)
	if found == nil {
		b.Fatalf("%s has no form:\n%s", page, html)
	}
	form := url.Values{"token": {found[1]}}
	for name, values := range fields {
		form[name] = values
	}
	r, err := http.NewRequest(http.MethodPost, b.demo.publicURL+strings.SplitN(page, "?", 2)[0]+action, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

// start places the order of a wallet and returns its attempt.
func (b *buyer) start(id string, w flow.Wallet) checkout.Attempt {
	b.Helper()
	if status, text := b.post("/c/"+id, "/attempts", url.Values{"wallet": {string(w)}}); status != http.StatusSeeOther {
		b.Fatalf("starting to pay: %d %s", status, text)
	}
	attempts := b.attempts(id)
	return attempts[len(attempts)-1]
}

func (b *buyer) attempts(id string) []checkout.Attempt {
	b.Helper()
	attempts, err := b.demo.kit.Store().Attempts(b.Context(), id)
	if err != nil || len(attempts) == 0 {
		b.Fatalf("the attempts are %v (%v)", attempts, err)
	}
	return attempts
}

// awaitPaid waits until the session is paid.
func (b *buyer) awaitPaid(id string) {
	b.Helper()
	eventually(b.T, "the session is paid", func() bool {
		session, err := b.demo.kit.Store().Session(b.Context(), id)
		return err == nil && session.PaymentStatus == checkout.PaymentPaid
	})
}

// paidOnce checks that the session has exactly one event, of its payment.
func (b *buyer) paidOnce(id string) {
	b.Helper()
	events, err := b.demo.kit.Store().Events(b.Context(), id)
	if err != nil || len(events) != 1 || events[0].Type != checkout.EventPaid {
		b.Errorf("the events are %+v (%v), want one, of the payment", events, err)
	}
}
