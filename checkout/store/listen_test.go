package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// listen starts a listener of db. It returns a channel with what the listener
// receives, once the listener is connected.
func listen(t *testing.T, db *store.DB) <-chan string {
	t.Helper()
	received := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { db.Listen(ctx, func(id string) { received <- id }) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	awaitSession(t, received, "")
	return received
}

// awaitSession waits until a listener has received an id.
func awaitSession(t *testing.T, received <-chan string, want string) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case got := <-received:
			if got == want {
				return
			}
		case <-timeout:
			t.Fatalf("%q was not received", want)
		}
	}
}

func TestListenReceivesChanges(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := store.New(openPostgres(t, url), nil)
	received := listen(t, openPostgres(t, url))
	session := newSession()
	if err := s.CreateSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	attempt := checkout.Attempt{ID: "at_1", SessionID: session.ID, Version: 1, State: checkout.AttemptCreating, Wallet: flow.WalletWeChat}
	if err := s.CreateAttempt(t.Context(), attempt, session.Version, time.Time{}); err != nil {
		t.Fatal(err)
	}
	awaitSession(t, received, session.ID)
	for _, change := range []checkout.Change{
		{Attempt: &attempt},
		{Events: []checkout.Event{{ID: "evt_1", SessionID: session.ID}}},
	} {
		if err := s.Apply(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		awaitSession(t, received, session.ID)
	}
	stale := checkout.Change{Session: &session, Events: []checkout.Event{{ID: "evt_2", SessionID: session.ID}}}
	if err := s.Apply(t.Context(), stale); err == nil {
		t.Fatal("a change with an old version was applied")
	}
	select {
	case id := <-received:
		t.Errorf("a change that was rolled back notified %q", id)
	case <-time.After(200 * time.Millisecond):
	}
}

func TestListenReconnects(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url, err := server.NewDatabase(t.Context(), "kit")
	if err != nil {
		t.Fatal(err)
	}
	db := openPostgres(t, url)
	received := listen(t, db)
	server.Stop(t)
	awaitSession(t, received, "") // any session may have changed
	server.Restart(t)
	s := store.New(db, nil)
	if err := s.CreateSession(t.Context(), newSession()); err != nil {
		t.Fatal(err)
	}
	for { // until the listener has reconnected
		if err := s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{{ID: "evt_" + time.Now().String(), SessionID: "cs_1"}}}); err != nil {
			t.Fatal(err)
		}
		select {
		case id := <-received:
			if id == "cs_1" {
				return
			}
		case <-time.After(100 * time.Millisecond):
		case <-t.Context().Done():
			return
		}
	}
}

func TestListenOnSQLiteWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	open(t, newPath(t)).Listen(ctx, func(string) { t.Error("the listener was called") })
}
