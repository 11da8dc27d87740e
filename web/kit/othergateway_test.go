package kit_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// acme is a gateway of another shape than Wantu's. It has REST resources instead of
// signed forms, signs its notifications in a header, wants the plain text OK for them,
// and settles refunds later.
type acme struct {
	server *httptest.Server

	mu      sync.Mutex
	orders  map[string]*acmeOrder
	refunds map[string]*acmeRefund
	// posts counts the refunds that were posted, and gets those that were queried.
	posts, gets int
}

type acmeOrder struct {
	Reference string `json:"reference"`
	Cents     int64  `json:"cents"`
	Currency  string `json:"currency"`
	Callback  string `json:"callback"`
	Paid      bool   `json:"paid"`
}

type acmeRefund struct {
	Reference string `json:"reference"`
	Cents     int64  `json:"cents"`
	Done      bool   `json:"done"`
}

const acmeSecret = "the-secret-of-acme"

func newAcme(t *testing.T) *acme {
	t.Helper()
	a := &acme{orders: map[string]*acmeOrder{}, refunds: map[string]*acmeRefund{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) { acmePost(w, r, a.orders) })
	mux.HandleFunc("GET /orders/{reference}", func(w http.ResponseWriter, r *http.Request) { acmeGet(w, r, a.orders) })
	mux.HandleFunc("DELETE /orders/{reference}", func(w http.ResponseWriter, r *http.Request) { acmeGet(w, r, a.orders) })
	mux.HandleFunc("POST /refunds", func(w http.ResponseWriter, r *http.Request) { a.posts++; acmePost(w, r, a.refunds) })
	mux.HandleFunc("GET /refunds/{reference}", func(w http.ResponseWriter, r *http.Request) { a.gets++; acmeGet(w, r, a.refunds) })
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(a.server.Close)
	return a
}

func (o *acmeOrder) name() string  { return o.Reference }
func (f *acmeRefund) name() string { return f.Reference }

func acmePost[T any, R interface {
	*T
	name() string
}](w http.ResponseWriter, r *http.Request, stored map[string]R) {
	made := R(new(T))
	if err := json.NewDecoder(r.Body).Decode(made); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	stored[made.name()] = made
	_ = json.NewEncoder(w).Encode(made)
}

func acmeGet[R any](w http.ResponseWriter, r *http.Request, stored map[string]R) {
	found, known := stored[r.PathValue("reference")]
	if !known {
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(found)
}

// notify posts a paid order's notification with this signature, and returns the answer.
func (a *acme) notify(t *testing.T, reference, signature string) (status int, contentType, body string) {
	t.Helper()
	a.mu.Lock()
	order := *a.orders[reference]
	a.mu.Unlock()
	text, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	if signature == "" {
		signature = acmeSignature(text)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, order.Callback, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Acme-Signature", signature)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("Content-Type"), string(answer)
}

func acmeSignature(body []byte) string {
	mac := hmac.New(sha256.New, []byte(acmeSecret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// acmeGateway makes acme a checkout.Gateway whose refunds settle later.
type acmeGateway struct{ base string }

var _ checkout.RefundQuerier = acmeGateway{}

// call sends a request and decodes the answer. It returns unknown for a 404.
func (g acmeGateway) call(ctx context.Context, method, path string, send, receive any, unknown error) error {
	body, err := json.Marshal(send)
	if err != nil {
		return fmt.Errorf("%w: %w", checkout.ErrRefused, err)
	}
	request, err := http.NewRequestWithContext(ctx, method, g.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", checkout.ErrRefused, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", checkout.ErrOutcomeUnknown, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		if err := json.NewDecoder(response.Body).Decode(receive); err != nil {
			return fmt.Errorf("%w: %w", checkout.ErrOutcomeUnknown, err)
		}
		return nil
	case http.StatusNotFound:
		return unknown
	default:
		return fmt.Errorf("%w: status %d", checkout.ErrOutcomeUnknown, response.StatusCode)
	}
}

func (g acmeGateway) Create(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	made := acmeOrder{Reference: o.OutTradeNo, Cents: o.Amount, Currency: o.Currency, Callback: o.NotifyURL}
	err := g.call(ctx, http.MethodPost, "/orders", made, &made, checkout.ErrRefused)
	return checkout.Created{TradeID: "acme-" + made.Reference, Placed: checkout.Placed{Code: "acme:pay/" + made.Reference}}, err
}

func (g acmeGateway) Query(ctx context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	var found acmeOrder
	err := g.call(ctx, http.MethodGet, "/orders/"+r.OutTradeNo, nil, &found, checkout.ErrNoOrder)
	return found.status(), err
}

func (o acmeOrder) status() checkout.OrderStatus {
	state := checkout.OrderUnpaid
	if o.Paid {
		state = checkout.OrderPaid
	}
	return checkout.OrderStatus{
		OutTradeNo: o.Reference, TradeID: "acme-" + o.Reference, Payee: "acme", Amount: o.Cents, Currency: o.Currency,
		State: state, Detail: fmt.Sprintf("paid: %v", o.Paid),
	}
}

func (g acmeGateway) Close(ctx context.Context, r checkout.OrderRef) error {
	var closed acmeOrder
	return g.call(ctx, http.MethodDelete, "/orders/"+r.OutTradeNo, nil, &closed, checkout.ErrNoOrder)
}

func (g acmeGateway) Refund(ctx context.Context, r checkout.RefundOrder) (checkout.RefundResult, error) {
	made := acmeRefund{Reference: r.OutRefundNo, Cents: r.Amount}
	err := g.call(ctx, http.MethodPost, "/refunds", made, &made, checkout.ErrRefused)
	return made.result(), err
}

func (g acmeGateway) QueryRefund(ctx context.Context, r checkout.RefundOrder) (checkout.RefundResult, error) {
	var found acmeRefund
	err := g.call(ctx, http.MethodGet, "/refunds/"+r.OutRefundNo, nil, &found, checkout.ErrNoRefund)
	return found.result(), err
}

func (f acmeRefund) result() checkout.RefundResult {
	return checkout.RefundResult{GatewayID: "acme-" + f.Reference, Pending: !f.Done}
}

func (g acmeGateway) Statement(context.Context, string, time.Time, time.Time) iter.Seq2[checkout.Trade, error] {
	return func(func(checkout.Trade, error) bool) {}
}

func (g acmeGateway) ReadNotification(_ checkout.OrderRef, m checkout.NotificationMessage) (checkout.OrderStatus, string, error) {
	if !hmac.Equal([]byte(acmeSignature(m.Body)), []byte(m.Header("X-Acme-Signature"))) {
		return checkout.OrderStatus{}, string(m.Body), checkout.ErrRefused
	}
	var notified acmeOrder
	err := json.Unmarshal(m.Body, &notified)
	return notified.status(), string(m.Body), err
}

func (g acmeGateway) Acknowledgement(accepted bool) checkout.Acknowledgement {
	body := "TRY AGAIN"
	if accepted {
		body = "OK"
	}
	return checkout.Acknowledgement{ContentType: "text/plain", Body: []byte(body)}
}

func (g acmeGateway) Account(string) string { return "acme" }

func (g acmeGateway) CanRefund(flow.Wallet) bool { return true }

// runAcmeKit runs a kit that takes payments at acme. It ends with the test.
func runAcmeKit(t *testing.T, a *acme) (k *kit.Kit, publicURL string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	publicURL = "http://" + listener.Addr().String()
	k, err = kit.New(t.Context(), kit.Config{
		Database: kit.Database{Folder: t.TempDir()}, PublicURL: publicURL, Secret: bytes.Repeat([]byte{7}, web.MinSecret),
		Merchants: []kit.Merchant{{
			Checkout: checkout.Merchant{ID: "tea", Name: "Tea House"},
			Web:      web.Merchant{APIKeys: []apikey.Configured{{Secret: "sk_test_tea_house"}}, ReturnHosts: []string{"shop.example.com"}},
		}},
		Gateway: acmeGateway{a.server.URL}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: k, ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx, func() error { return server.Serve(listener) }, server.Shutdown) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return k, publicURL
}

// TestAnotherGateway takes a payment and makes a refund at a gateway of another shape,
// with an adapter that needs no change of package checkout.
func TestAnotherGateway(t *testing.T) {
	t.Parallel()
	a := newAcme(t)
	k, publicURL := runAcmeKit(t, a)
	id := createSession(publicURL, "sk_test_tea_house")
	attempt, err := k.Service().Start(t.Context(), checkout.StartRequest{
		SessionID: id, Wallet: flow.WalletWeChat, Device: flow.Device{Kind: flow.DeviceDesktop, Container: flow.ContainerNone},
	})
	if err != nil || attempt.Placed.Code != "acme:pay/"+attempt.OutTradeNo {
		t.Fatalf("attempt %+v, error %v", attempt, err)
	}
	a.mu.Lock()
	a.orders[attempt.OutTradeNo].Paid = true
	a.mu.Unlock()
	if status, kind, body := a.notify(t, attempt.OutTradeNo, "forged"); status != http.StatusBadRequest || !strings.HasPrefix(kind, "text/plain") || body != "TRY AGAIN" {
		t.Errorf("a forged notification is answered with %d %s %q", status, kind, body)
	}
	if status, kind, body := a.notify(t, attempt.OutTradeNo, ""); status != http.StatusOK || !strings.HasPrefix(kind, "text/plain") || body != "OK" {
		t.Errorf("a notification is answered with %d %s %q", status, kind, body)
	}
	waitUntil(t, "the session is paid", func() bool {
		session, err := k.Store().Session(t.Context(), id)
		return err == nil && session.PaymentStatus == checkout.PaymentPaid
	})

	refund, err := k.Service().Refund(t.Context(), id, checkout.NewRefund{Amount: 4800})
	if err != nil || refund.State != checkout.RefundPending {
		t.Fatalf("refund %+v, error %v; want it pending", refund, err)
	}
	a.mu.Lock()
	a.refunds[refund.OutRefundNo].Done = true
	a.mu.Unlock()
	waitUntil(t, "the refund has succeeded", func() bool {
		stored, err := k.Store().Refund(t.Context(), refund.ID)
		return err == nil && stored.State == checkout.RefundSucceeded && stored.GatewayID == "acme-"+refund.OutRefundNo
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.posts != 1 || a.gets == 0 {
		t.Errorf("the refund was posted %d times and queried %d times, want 1 and some", a.posts, a.gets)
	}
}

// waitUntil fails the test where a condition does not come true within a minute.
func waitUntil(t *testing.T, what string, isTrue func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !isTrue(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}
