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

// listen returns what a listener of db hears, once it listens.
func listen(t *testing.T, db *store.DB) <-chan string {
	t.Helper()
	heard := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { db.Listen(ctx, func(id string) { heard <- id }) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	hear(t, heard, "")
	return heard
}

// hear waits for a session's id.
func hear(t *testing.T, heard <-chan string, want string) {
	t.Helper()
	enough := time.After(30 * time.Second)
	for {
		select {
		case got := <-heard:
			if got == want {
				return
			}
		case <-enough:
			t.Fatalf("%q was not heard", want)
		}
	}
}

func TestNodesHearOfChanges(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	one := store.New(openPostgres(t, url), noJobs)
	heard := listen(t, openPostgres(t, url))
	session := newSession()
	if err := one.CreateSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	attempt := checkout.Attempt{ID: "at_1", SessionID: session.ID, Version: 1, State: checkout.AttemptCreating, Wallet: flow.WalletWeChat}
	if err := one.CreateAttempt(t.Context(), attempt, session.Version, time.Time{}); err != nil {
		t.Fatal(err)
	}
	hear(t, heard, session.ID)
	for _, change := range []checkout.Change{
		{Attempt: &attempt},
		{Events: []checkout.Event{{ID: "evt_1", SessionID: session.ID}}},
	} {
		if err := one.Apply(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		hear(t, heard, session.ID)
	}
	stale := checkout.Change{Session: &session, Events: []checkout.Event{{ID: "evt_2", SessionID: session.ID}}}
	if err := one.Apply(t.Context(), stale); err == nil {
		t.Fatal("an old version was taken")
	}
	select {
	case id := <-heard:
		t.Errorf("a change that was rolled back is told of %q", id)
	case <-time.After(200 * time.Millisecond):
	}
}

func TestListenerOutlivesItsConnection(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	url, err := server.NewDatabase(t.Context(), "kit")
	if err != nil {
		t.Fatal(err)
	}
	db := openPostgres(t, url)
	heard := listen(t, db)
	server.Stop(t)
	hear(t, heard, "") // watchers look for themselves
	server.Again(t)
	s := store.New(db, noJobs)
	if err := s.CreateSession(t.Context(), newSession()); err != nil {
		t.Fatal(err)
	}
	for { // it is heard of at the latest once the listener is back
		if err := s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{{ID: "evt_" + time.Now().String(), SessionID: "cs_1"}}}); err != nil {
			t.Fatal(err)
		}
		select {
		case id := <-heard:
			if id == "cs_1" {
				return
			}
		case <-time.After(100 * time.Millisecond):
		case <-t.Context().Done():
			return
		}
	}
}

func TestListenerOfSQLiteWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	open(t, newPath(t)).Listen(ctx, func(string) { t.Error("called") })
}
