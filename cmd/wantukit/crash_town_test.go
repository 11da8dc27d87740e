package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// town is everything around a cluster that survives it: a shop that records what it
// was promised and told, its shoppers, and a gateway with faults.
type town struct {
	*cluster
	client   *http.Client
	visitors atomic.Int64

	mu       sync.Mutex
	sessions map[string]int64  // by id: the amount of each that was answered with 201
	refunds  map[string]int64  // likewise
	told     map[string][]byte // by id: the body of each webhook that was answered with 2xx
	refused  map[string]bool   // webhooks that were answered with 503 once
	tries    int
	lies     []string // what the kit must never say

	awaited atomic.Int32 // a moment
	came    chan struct{}
}

// moment is a point in time at which a wrong order of steps shows after a kill:
// right after the kit has acknowledged something, or after the gateway has carried
// out a call.
type moment int32

const (
	booked moment = iota + 1
	givenBack
	notified
	heard
	called
)

// at is called at each moment.
func (w *town) at(m moment) {
	if w.awaited.CompareAndSwap(int32(m), 0) {
		w.came <- struct{}{}
	}
}

// await waits for the next such moment, but not for long.
func (w *town) await(m moment) {
	w.awaited.Store(int32(m))
	select {
	case <-w.came:
	case <-time.After(time.Second):
		if !w.awaited.CompareAndSwap(int32(m), 0) {
			<-w.came
		}
	}
}

// RoundTrip implements http.RoundTripper for the gateway's notifications.
func (w *town) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusOK {
		w.at(notified)
	}
	return response, err
}

const townSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// newTown returns a town around a cluster without nodes. database is a PostgreSQL,
// or "" for SQLite.
func newTown(t *testing.T, database string) *town {
	t.Helper()
	w := &town{
		sessions: map[string]int64{}, refunds: map[string]int64{}, told: map[string][]byte{}, refused: map[string]bool{},
		came: make(chan struct{}),
		client: &http.Client{
			Timeout:       3 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	verifier, err := webhooks.NewWebhook(townSecret)
	if err != nil {
		t.Fatal(err)
	}
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.receiveWebhook(verifier, rw, r) }))
	t.Cleanup(hook.Close)
	w.cluster = newClusterOf(t, clusterPlan{
		database: database,
		shop:     fmt.Sprintf("    webhook: {url: %q, secret: %q, allow_private: [\"127.0.0.0/8\"]}\n    paid_late: refund\n", hook.URL, townSecret),
		called:   func() { w.at(called) },
		sandbox: func(c *sandbox.Config) {
			c.HTTPClient = &http.Client{Transport: w}
			c.MaxOrders = 1_000_000
			for range 60 {
				c.NotifySchedule = append(c.NotifySchedule, time.Second)
			}
		},
	})
	return w
}

// receiveWebhook is the shop's webhook endpoint. It refuses one event in ten the first time.
func (w *town) receiveWebhook(verifier *webhooks.Webhook, rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the kit was killed
	}
	var said struct {
		ID string `json:"id"`
	}
	wrong := verifier.Verify(body, r.Header)
	if wrong == nil {
		wrong = json.Unmarshal(body, &said)
	}
	id := r.Header.Get("Webhook-Id")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tries++
	before, again := w.told[id]
	switch {
	case wrong != nil:
		w.lies = append(w.lies, fmt.Sprintf("webhook %s: %v", id, wrong))
	case id == "" || said.ID != id:
		w.lies = append(w.lies, fmt.Sprintf("webhook %s has the event %s", id, said.ID))
	case again && !bytes.Equal(before, body):
		w.lies = append(w.lies, fmt.Sprintf("webhook %s says something else the second time:\n%s\n%s", id, before, body))
	case !again && !w.refused[id] && rand.IntN(10) == 0:
		w.refused[id] = true
		rw.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.told[id] = body
	defer w.at(heard)
	rw.WriteHeader(http.StatusNoContent)
}

// promised is what the kit has acknowledged.
type promised struct {
	sessions, refunds map[string]int64
	told              map[string][]byte
	orders            []sandbox.Order
	lies              []string
}

// promised returns a copy, with the acknowledged notifications that the gateway
// knows of.
func (w *town) promised() promised {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := promised{map[string]int64{}, map[string]int64{}, map[string][]byte{}, w.sandbox.Orders(), w.lies}
	for id, amount := range w.sessions {
		p.sessions[id] = amount
	}
	for id, amount := range w.refunds {
		p.refunds[id] = amount
	}
	for id, body := range w.told {
		p.told[id] = body
	}
	return p
}

// sendShoppers sends shoppers, four at a time, until ctx is done. It returns when the
// last one has ended.
func (w *town) sendShoppers(ctx context.Context) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				w.visit(ctx)
			}
		})
	}
	wg.Wait()
}

// visit is one shopper, who gives up at the first failure.
func (w *town) visit(ctx context.Context) {
	visitor := w.visitors.Add(1)
	subject, amount := "Ticket "+strconv.FormatInt(visitor, 10), 100+rand.Int64N(90000)
	id, ok := w.book(ctx, w.public.URL, subject, amount)
	if !ok {
		time.Sleep(20 * time.Millisecond) // no node may be up
		return
	}
	mood := visitor % 10
	cashier := w.choose(ctx, id, []string{"alipay_cn", "wechat"}[visitor%2])
	if mood < 2 { // changes the channel, and may pay both
		w.choose(ctx, id, []string{"wechat", "alipay_cn"}[visitor%2])
	}
	if mood == 2 { // a double click
		w.choose(ctx, id, []string{"alipay_cn", "wechat"}[visitor%2])
	}
	if mood == 3 {
		w.post(ctx, id, "/cancel", nil)
	}
	if mood == 4 {
		w.openPage(ctx, id)
	}
	w.pay(ctx, subject, cashier, mood == 0)
	if mood == 5 {
		w.post(ctx, id, "/confirm", nil)
	}
	if mood > 5 {
		w.requestRefund(ctx, w.public.URL, id, amount/2)
	}
}

// book makes a session, and records it once it is answered.
func (w *town) book(ctx context.Context, base, subject string, amount int64) (id string, ok bool) {
	body := fmt.Sprintf(`{"amount": %d, "currency": "HKD", "subject": %q, "channels": ["alipay_cn", "wechat"], "success_url": "https://shop.example.com/ok"}`, amount, subject)
	id, ok = w.order(ctx, base+"/v1/checkout/sessions", body)
	if ok {
		w.mu.Lock()
		w.sessions[id] = amount
		w.mu.Unlock()
		w.at(booked)
	}
	return id, ok
}

// order posts to the merchant API and returns the id of the new object.
func (w *town) order(ctx context.Context, at, body string) (id string, ok bool) {
	status, text := w.call(ctx, http.MethodPost, at, "application/json", body)
	var made struct {
		ID string `json:"id"`
	}
	if status != http.StatusCreated && status != http.StatusOK || json.Unmarshal([]byte(text), &made) != nil {
		return "", false
	}
	return made.ID, true
}

// call sends a request and returns the answer, or its Location. status is 0 if
// there was no complete answer.
func (w *town) call(ctx context.Context, method, at, contentType, body string) (status int, text string) {
	r, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		w.Error(err)
		return 0, ""
	}
	r.Header.Set("Authorization", "Bearer "+clusterKey)
	r.Header.Set("User-Agent", desktop.userAgent)
	r.Header.Set("Content-Type", contentType)
	response, err := w.client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, ""
	}
	if location := response.Header.Get("Location"); location != "" {
		return response.StatusCode, location
	}
	return response.StatusCode, string(answer)
}

// choose starts to pay with a wallet, with up to three tries, and returns the
// cashier's address, or "" if there is none.
func (w *town) choose(ctx context.Context, id, wallet string) (cashier string) {
	for range 3 {
		at := w.post(ctx, id, "/attempts", url.Values{"wallet": {wallet}})
		if strings.HasPrefix(at, w.gateway) {
			cashier, _, _ = strings.Cut(at, "?")
			return cashier
		}
		if wallet == "wechat" && strings.HasSuffix(at, "/c/"+id) {
			return "" // the page shows the code, or why not
		}
	}
	return ""
}

// post sends a form of a session's page, and returns the Location.
func (w *town) post(ctx context.Context, id, action string, fields url.Values) (location string) {
	page := w.public.URL + "/c/" + id
	_, html := w.call(ctx, http.MethodGet, page, "", "")
	token := tokenField.FindStringSubmatch(html)
	if token == nil {
		return ""
	}
	form := url.Values{"token": {token[1]}}
	for name, values := range fields {
		form[name] = values
	}
	_, location = w.call(ctx, http.MethodPost, page+action, "application/x-www-form-urlencoded", form.Encode())
	return location
}

// openPage opens the page for a moment.
func (w *town) openPage(ctx context.Context, id string) {
	ctx, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	w.call(ctx, http.MethodGet, w.public.URL+"/c/"+id+"/events", "", "")
}

// pay pays the shopper's order, at its cashier if there is one. Then the browser
// returns. A confused shopper pays every order.
func (w *town) pay(ctx context.Context, subject, cashier string, confused bool) {
	if cashier != "" {
		if _, back := w.call(ctx, http.MethodPost, cashier+"/pay", "", ""); strings.HasPrefix(back, w.public.URL) {
			w.call(ctx, http.MethodGet, back, "", "")
		}
	}
	for _, o := range w.sandbox.Orders() {
		if o.Subject == subject && (cashier == "" || confused) {
			w.call(ctx, http.MethodPost, w.gateway+"/sandbox/orders/"+o.OutTradeNo+"/pay", "", "")
			cashier = o.URL
		}
	}
}

// requestRefund requests a refund as soon as the session is paid, and repeats the
// request while the answer is lost.
func (w *town) requestRefund(ctx context.Context, base, id string, amount int64) {
	at := base + "/v1/checkout/sessions/" + id
	for range 100 {
		if _, text := w.call(ctx, http.MethodGet, at, "", ""); strings.Contains(text, `"payment_status":"paid"`) {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	for range 3 {
		refund, ok := w.order(ctx, at+"/refunds", fmt.Sprintf(`{"amount": %d, "client_reference_id": "R-%s"}`, amount, id))
		if ok {
			w.mu.Lock()
			w.refunds[refund] = amount
			w.mu.Unlock()
			w.at(givenBack)
			return
		}
	}
}

// injectFaults sets faults of the gateway until ctx is done, and then removes them.
func (w *town) injectFaults(ctx context.Context) {
	defer w.sandbox.ClearFaults()
	short := func() time.Duration { return rand.N(400 * time.Millisecond) }
	for ctx.Err() == nil {
		faults := []sandbox.Fault{
			{Kind: sandbox.FaultLate, Delay: short() + 1}, {Kind: sandbox.FaultLate, When: sandbox.Before, Delay: short() + 1},
			{Kind: sandbox.FaultCut}, {Kind: sandbox.FaultUnsigned}, {Kind: sandbox.FaultForged}, {Kind: sandbox.FaultOtherOrder},
			{Kind: sandbox.FaultHangUp}, {Kind: sandbox.FaultHangUp, When: sandbox.After}, {Kind: sandbox.FaultHangUp, When: sandbox.After, Endpoint: "refund"},
			{Kind: sandbox.FaultStatus}, {Kind: sandbox.FaultHTML}, {Kind: sandbox.FaultRefuse},
			{Kind: sandbox.FaultDelay, Delay: short() + 1}, {Kind: sandbox.FaultDrop}, {Kind: sandbox.FaultDuplicate, Copies: 3}, {Kind: sandbox.FaultReorder},
			{Kind: sandbox.FaultForge}, {Kind: sandbox.FaultForge, Forgery: sandbox.ForgeHigher},
		}
		fault := faults[rand.IntN(len(faults))]
		fault.Times = 1
		if _, err := w.sandbox.AddFault(fault); err != nil {
			w.sandbox.ClearFaults() // too many are set: hardly anybody comes
		}
		select {
		case <-ctx.Done():
		case <-time.After(60 * time.Millisecond):
		}
	}
}
