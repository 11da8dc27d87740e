package checkout_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/reconcile"
)

// fixture is a Service with a fake gateway and a store in memory. Its methods fail
// the test when something goes wrong.
type fixture struct {
	*checkout.Service
	*reconcile.Reconciler
	t       *testing.T
	store   checkout.Store
	memory  *memory
	gateway *gateway
	alerts  *alerts
}

// wallClock is the system's clock. In a synctest bubble it is the bubble's clock.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// alerts collects the alerts that an operator would get.
type alerts struct {
	mu  sync.Mutex
	all []checkout.Alert
}

func (r *alerts) add(one checkout.Alert) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

// count returns the number of alerts.
func (r *alerts) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// alarms returns the problems of the alerts that call a person.
func (r *alerts) alarms() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []string
	for _, one := range r.all {
		if one.Alarm {
			found = append(found, one.Problem)
		}
	}
	return found
}

const (
	shop    = "shop"
	hkd     = "HKD"
	success = "https://shop.example/ok"
)

// inBubble runs a test in a synctest bubble: time passes only while all goroutines
// wait. The test fails if background queries cannot be drained at its end.
func inBubble(t *testing.T, do func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		f := newFixture(t, m)
		f.memory = m
		do(t, f)
		if err := f.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func newFixture(t *testing.T, store checkout.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, store: store, gateway: newGateway(t), alerts: &alerts{}}
	f.configure(f.config())
	return f
}

// configure replaces the Service and the Reconciler by new ones with this
// configuration.
func (f *fixture) configure(c checkout.Config) {
	f.t.Helper()
	var err error
	if f.Service, err = checkout.New(c); err != nil {
		f.t.Fatal(err)
	}
	if f.Reconciler, err = reconcile.New(reconcile.Config{
		Records: c.Store, Gateway: c.Gateway, Checkout: f.Service, Random: c.Random, Merchants: c.Merchants, Alert: c.Alert,
	}); err != nil {
		f.t.Fatal(err)
	}
}

// routes has the URLs of a checkout at https://pay.example.
type routes struct{}

func (routes) Page(sessionID string) string { return "https://pay.example/c/" + sessionID }
func (routes) Notify(token string) string   { return "https://pay.example/n/" + token }
func (routes) Return(token string) string   { return "https://pay.example/r/" + token }
func (routes) PaymentDirectory() string     { return "https://pay.example/c/" }

func (f *fixture) config() checkout.Config {
	return checkout.Config{
		Store: f.store, Gateway: f.gateway, Clock: wallClock{}, Random: rand.Reader,
		Merchants: map[string]checkout.Merchant{shop: {ID: shop, Name: "Shop", WeChatAccount: true}},
		Routes:    routes{}, Returns: anyReturn{}, Alert: f.alerts.add,
	}
}

// anyReturn allows each URL.
type anyReturn struct{}

func (anyReturn) CheckReturn(_, _, _ string) error { return nil }

var (
	desktop = flow.Device{Kind: flow.DeviceDesktop, Container: flow.ContainerNone, Reason: "test"}
	phone   = flow.Device{Kind: flow.DeviceHandheld, Container: flow.ContainerNone, Reason: "test"}
	inApp   = flow.Device{Kind: flow.DeviceHandheld, Container: flow.ContainerWeChat, Reason: "test"}
	ahead   = flow.Device{Kind: flow.DeviceDesktop, Container: flow.ContainerNone, Prefetched: true, Reason: "test"}
	program = flow.Device{Kind: flow.DeviceDesktop, Container: flow.ContainerNone, Program: true, Reason: "test"}
)

// newTicket is a request for a session of HKD 880.00.
func newTicket() checkout.NewSession {
	return checkout.NewSession{Merchant: shop, Amount: 88000, Currency: hkd, Subject: "Ticket", SuccessURL: success}
}

// session creates an open session.
func (f *fixture) session() checkout.Session {
	f.t.Helper()
	s, err := f.Create(f.t.Context(), newTicket())
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// request is a request for an order on a computer, with the flow that the checkout
// chooses.
func request(s checkout.Session, w flow.Wallet) checkout.StartRequest {
	return checkout.StartRequest{SessionID: s.ID, Wallet: w, Device: desktop}
}

// start places an order, and checks that its attempt is pending.
func (f *fixture) start(s checkout.Session, w flow.Wallet) checkout.Attempt {
	f.t.Helper()
	a, err := f.Start(f.t.Context(), request(s, w))
	if err != nil {
		f.t.Fatal(err)
	}
	if a.State != checkout.AttemptPending {
		f.t.Fatalf("attempt is %s, want pending", a.State)
	}
	return a
}

// pending returns a pending attempt in a new session.
func (f *fixture) pending() checkout.Attempt {
	f.t.Helper()
	return f.start(f.session(), flow.WalletAlipayCN)
}

// confirm queries the gateway as the sweep does.
func (f *fixture) confirm(a checkout.Attempt) checkout.Attempt {
	f.t.Helper()
	a, err := f.Confirm(f.t.Context(), a.ID, checkout.CauseSchedule)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// notification returns a signed notification that says that an attempt is paid. do
// may change it.
func notification(a checkout.Attempt, do func(*fakeNotification)) checkout.NotificationMessage {
	n := fakeNotification{Sign: "signed", Merchant: a.Merchant, OrderStatus: checkout.OrderStatus{
		OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, Amount: a.Amount, Currency: a.Currency,
		State: checkout.OrderPaid, Detail: "SUCCESS",
	}}
	if do != nil {
		do(&n)
	}
	body, _ := json.Marshal(n) // plain fields always marshal
	return checkout.NotificationMessage{Header: func(string) string { return "" }, Body: body}
}

// notify delivers a notification, and waits for the query that it causes.
func (f *fixture) notify(a checkout.Attempt, do func(*fakeNotification)) checkout.Verdict {
	f.t.Helper()
	verdict, err := f.Notify(f.t.Context(), a.NotifyToken, notification(a, do))
	if err != nil {
		f.t.Fatal(err)
	}
	f.waitUntilIdle()
	return verdict
}

// waitUntilIdle waits until every goroutine of the bubble has ended or waits for
// time to pass.
func (f *fixture) waitUntilIdle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// sweepFor sweeps every 2 s, as the worker does.
func (f *fixture) sweepFor(d time.Duration) {
	f.t.Helper()
	for range d / (2 * time.Second) {
		time.Sleep(2 * time.Second)
		f.SweepWatched(f.t.Context())
		if err := f.Sweep(f.t.Context()); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fixture) readSession(id string) checkout.Session {
	f.t.Helper()
	s, err := f.Session(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) readAttempt(a checkout.Attempt) checkout.Attempt {
	f.t.Helper()
	a, err := f.store.Attempt(f.t.Context(), a.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// checkState checks the states of an attempt and of its session, and the session's
// events.
func (f *fixture) checkState(a checkout.Attempt, state checkout.AttemptState, status checkout.Status, payment checkout.PaymentStatus, events ...checkout.EventType) {
	f.t.Helper()
	if got := f.readAttempt(a); got.State != state {
		f.t.Errorf("attempt is %s, want %s", got.State, state)
	}
	s := f.readSession(a.SessionID)
	if s.Status != status || s.PaymentStatus != payment {
		f.t.Errorf("session is %s and %s, want %s and %s", s.Status, s.PaymentStatus, status, payment)
	}
	f.checkEvents(s.ID, events...)
}

// checkEvents checks the types of a session's events, in their order.
func (f *fixture) checkEvents(sessionID string, want ...checkout.EventType) {
	f.t.Helper()
	events, err := f.store.Events(f.t.Context(), sessionID)
	if err != nil {
		f.t.Fatal(err)
	}
	var got []checkout.EventType
	for _, e := range events {
		got = append(got, e.Type)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// checkNoLease checks that no node has the lease of an attempt.
func (f *fixture) checkNoLease(a checkout.Attempt) {
	f.t.Helper()
	if until := f.memory.attempts[a.ID].LeasedUntil; !until.IsZero() {
		f.t.Errorf("the attempt is leased until %s, now is %s", until, time.Now())
	}
}

// same checks that got equals want.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantError checks that err is want. With nil it checks that there is no error.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// inBubbles runs each case in a bubble of its own.
func inBubbles(t *testing.T, cases map[string]func(*testing.T, *fixture)) {
	t.Helper()
	t.Parallel()
	for name, do := range cases {
		t.Run(name, func(t *testing.T) { inBubble(t, do) })
	}
}
