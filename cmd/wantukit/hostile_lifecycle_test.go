package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
)

// Two nodes on one PostgreSQL close and confirm the same order at the same time.
// docs/hostile.md lists the case.

// peer is a node without its web server.
type peer struct {
	*checkout.Service
	store *store.Store
	// front is the handler between the node and the gateway.
	front *faulty
}

// fastClock is a clock that is ahead by more than a lease. A node with it takes over an
// order that another node still works on.
type fastClock struct{ by time.Duration }

func (c fastClock) Now() time.Time { return time.Now().Add(c.by) }

func newPeer(t *testing.T, database string, gateway *sandbox.Sandbox, ahead time.Duration) *peer {
	t.Helper()
	p := &peer{front: &faulty{gateway: gateway}}
	server := httptest.NewServer(p.front)
	t.Cleanup(server.Close)
	db, err := store.OpenPostgres(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	p.store = store.New(db, nil)
	client, err := wantu.New(wantu.Config{
		BaseURL: server.URL + "/paygate", MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount, Key: sandbox.DefaultKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := wantupay.New(map[string]wantupay.Account{"shop": {Client: client}})
	if err != nil {
		t.Fatal(err)
	}
	returns, err := web.NewReturnPolicy(map[string]web.Merchant{"shop": {ReturnHosts: []string{"shop.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	p.Service, err = checkout.New(checkout.Config{
		Store: p.store, Gateway: accounts, Clock: fastClock{ahead}, Random: rand.Reader, Routes: web.NewRoutes("https://pay.example"), Returns: returns,
		Merchants: map[string]checkout.Merchant{"shop": {ID: "shop", Name: "Shop"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	return p
}

// waiting returns an attempt that can be paid.
func (p *peer) waiting(t *testing.T) checkout.Attempt {
	t.Helper()
	s, err := p.Create(t.Context(), checkout.NewSession{Merchant: "shop", Amount: 1250, Currency: "HKD", Subject: "Tea", SuccessURL: "https://shop.example/ok"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.Start(t.Context(), checkout.StartRequest{SessionID: s.ID, Wallet: flow.WalletWeChat, Device: flow.Device{Kind: flow.DeviceDesktop, Container: flow.ContainerNone}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// paid checks that an order is recorded as paid, and that the events are those.
func (p *peer) paid(t *testing.T, a checkout.Attempt, events ...checkout.EventType) {
	t.Helper()
	attempt, err := p.store.Attempt(t.Context(), a.ID)
	if err != nil || attempt.State != checkout.AttemptPaid {
		t.Errorf("the attempt is %s (%v)", attempt.State, err)
	}
	session, err := p.store.Session(t.Context(), a.SessionID)
	if err != nil || session.PaymentStatus != checkout.PaymentPaid {
		t.Errorf("the session is %s and %s (%v)", session.Status, session.PaymentStatus, err)
	}
	var told []checkout.EventType
	all, err := p.store.Events(t.Context(), a.SessionID)
	for _, e := range all {
		told = append(told, e.Type)
	}
	slices.Sort(told) // their times are of two clocks
	late := []checkout.EventType{checkout.EventCanceled, checkout.EventPaidLate}
	ok := slices.Equal(told, events)
	if events == nil {
		ok = slices.Equal(told, late) || slices.Equal(told, []checkout.EventType{checkout.EventPaid})
	}
	if err != nil || !ok {
		t.Errorf("the shop was told %v (%v), want %v", told, err, events)
	}
}

// at calls first when the gateway is called at an endpoint, and then answers as
// usual.
func (f *faulty) at(endpoint string, answer http.HandlerFunc, first func()) {
	var once sync.Once
	f.set(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/"+endpoint) {
			once.Do(first)
		}
		answer(w, r)
	})
}

func TestHostileLifecycleClosedAndPaidOnTwoNodes(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	gateway, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	gateway.Notifications(false)
	pay := func(t *testing.T, a checkout.Attempt) {
		if _, err := gateway.Pay(a.OutTradeNo); err != nil {
			t.Error(err)
		}
	}
	const overtakes = 2 * time.Minute

	t.Run("the payment is written first", func(t *testing.T) {
		t.Parallel()
		closing, confirming := newPeer(t, database, gateway, 0), newPeer(t, database, gateway, overtakes)
		a := closing.waiting(t)
		closing.front.at("close", closing.front.crossed, func() {
			pay(t, a)
			if _, err := confirming.Confirm(t.Context(), a.ID, checkout.CauseSchedule); err != nil {
				t.Error(err)
			}
			confirming.paid(t, a, checkout.EventPaid)
		})
		if s, err := closing.Cancel(t.Context(), a.SessionID); err != nil || s.Status != checkout.StatusComplete {
			t.Errorf("the session is %s (%v)", s.Status, err)
		}
		closing.paid(t, a, checkout.EventPaid)
	})
	t.Run("the closing is written first", func(t *testing.T) {
		t.Parallel()
		closing, confirming := newPeer(t, database, gateway, overtakes), newPeer(t, database, gateway, 0)
		a := confirming.waiting(t)
		closing.front.at("close", closing.front.crossed, func() { pay(t, a) })
		asked, answer := make(chan struct{}), make(chan struct{})
		confirming.front.at("query", confirming.front.gateway.ServeHTTP, func() {
			close(asked)
			<-answer
		})
		done := make(chan error)
		go func() {
			_, err := confirming.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
			done <- err
		}()
		<-asked
		if s, err := closing.Cancel(t.Context(), a.SessionID); err != nil || s.Status != checkout.StatusCanceled {
			t.Errorf("the session is %s (%v)", s.Status, err)
		}
		close(answer)
		if err := <-done; err != nil {
			t.Error(err)
		}
		confirming.paid(t, a, checkout.EventCanceled, checkout.EventPaidLate)
	})
	t.Run("at once, again and again", func(t *testing.T) {
		t.Parallel()
		closing, confirming := newPeer(t, database, gateway, 0), newPeer(t, database, gateway, overtakes)
		closing.front.set(closing.front.crossed)
		for range 20 {
			a := closing.waiting(t)
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := closing.Cancel(t.Context(), a.SessionID); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				pay(t, a)
				if _, err := confirming.Confirm(t.Context(), a.ID, checkout.CauseNotification); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			closing.paid(t, a)
		}
	})
}
