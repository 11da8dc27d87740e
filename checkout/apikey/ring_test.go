package apikey_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
)

// memory is a store of keys that counts its calls.
type memory struct {
	mu     sync.Mutex
	keys   []apikey.Key
	usedAt map[string]time.Time
	reads  int
	writes int
	err    error
}

func (m *memory) set(keys ...apikey.Key) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = keys
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// ValidAPIKeys implements apikey.Store.
func (m *memory) ValidAPIKeys(context.Context, time.Time) ([]apikey.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return m.keys, m.err
}

// RecordKeyUses implements apikey.Store.
func (m *memory) RecordKeyUses(_ context.Context, usedAt map[string]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.usedAt == nil {
		m.usedAt = map[string]time.Time{}
	}
	for id, at := range usedAt {
		m.usedAt[id] = at
	}
	return m.err
}

func (m *memory) calls() (reads, writes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads, m.writes
}

// clockFunc is a clock.
type clockFunc func() time.Time

func (f clockFunc) Now() time.Time { return f() }

func newRing(t *testing.T, c apikey.RingConfig) *apikey.Ring {
	t.Helper()
	if c.Clock == nil {
		c.Clock = clockFunc(time.Now)
	}
	r, err := apikey.NewRing(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// key returns a key of the merchant shop whose ID is its secret's.
func key(secret string) apikey.Key {
	return apikey.Key{ID: "key_" + secret, Merchant: "shop", Hash: apikey.HashOf(secret)}
}

func TestKeyIsFound(t *testing.T) {
	t.Parallel()
	now := noon
	revoked, ending := key("revoked"), key("ending")
	revoked.RevokedAt, ending.EndsAt = noon.Add(-time.Hour), noon.Add(time.Hour)
	store := &memory{keys: []apikey.Key{key("stored"), revoked, ending}}
	r := newRing(t, apikey.RingConfig{Configured: []apikey.Key{key("configured")}, Store: store, Clock: clockFunc(func() time.Time { return now })})
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	finds := func(want map[string]bool) {
		t.Helper()
		for secret, found := range want {
			if k, ok := r.Find(secret); ok != found || ok && k.ID != "key_"+secret {
				t.Errorf("Find(%s) is %q, %v, want %v", secret, k.ID, ok, found)
			}
		}
	}
	finds(map[string]bool{"configured": true, "stored": true, "ending": true, "revoked": false, "": false, "unknown": false})
	now = ending.EndsAt
	finds(map[string]bool{"configured": true, "stored": true, "ending": false})
}

func TestSameKeyTwiceIsRefused(t *testing.T) {
	t.Parallel()
	mine, again, theirs := key("one"), key("one"), key("one")
	again.ID, theirs.Merchant = "another", "other"
	for want, second := range map[string]apikey.Key{`"shop" has an API key twice`: again, `"other" and "shop" have the same`: theirs} {
		_, err := apikey.NewRing(apikey.RingConfig{Configured: []apikey.Key{mine, second}, Clock: clockFunc(time.Now)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want one with %q", err, want)
		}
	}
	if _, err := apikey.NewRing(apikey.RingConfig{}); err == nil {
		t.Error("a ring needs no clock")
	}
}

// TestRequestCausesNoQuery: a request with a known key costs no query, and neither does
// somebody who guesses keys.
func TestRequestCausesNoQuery(t *testing.T) {
	t.Parallel()
	store := &memory{keys: []apikey.Key{key("stored")}}
	r := newRing(t, apikey.RingConfig{Store: store})
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		r.Find("stored")
		r.Find("unknown")
	}
	if reads, writes := store.calls(); reads != 1 || writes != 0 {
		t.Errorf("%d reads and %d writes, want the read of Refresh alone", reads, writes)
	}
}

func TestChangesOfKeysAreLearned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		r := newRing(t, apikey.RingConfig{Store: store})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		settle := func() {
			time.Sleep(apikey.RefreshInterval)
			synctest.Wait()
		}
		isFound := func(when string, want bool) {
			t.Helper()
			if _, found := r.Find("one"); found != want {
				t.Errorf("%s: found is %v", when, found)
			}
		}
		isFound("at first", false)
		store.set(key("one"))
		settle()
		isFound("once it was created", true)
		store.fail(errors.New("the database is away"))
		settle()
		isFound("while the database is away", true)
		store.fail(nil)
		store.set()
		settle()
		isFound("once it was revoked", false)
		stop()
		running.Wait()
	})
}

func TestUsesAreRecordedOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{keys: []apikey.Key{key("stored"), key("unused")}}
		r := newRing(t, apikey.RingConfig{Configured: []apikey.Key{key("configured")}, Store: store})
		if err := r.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		for range 5 * 60 { // five minutes
			r.Find("stored")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if _, writes := store.calls(); writes != 5 {
			t.Errorf("%d writes in five minutes", writes)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if _, writes := store.calls(); writes != 5 {
			t.Errorf("%d writes after five more minutes without a request, want no more", writes)
		}
		last := time.Now()
		r.Find("configured")
		stop()
		running.Wait()
		if got := store.usedAt["key_configured"]; !got.Equal(last.Truncate(time.Millisecond)) {
			t.Errorf("the use before the end is recorded as %v, want %v", got, last)
		}
		if _, used := store.usedAt["key_unused"]; used {
			t.Error("a key that nobody used was used")
		}
	})
}

func TestFailingStoreIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		var told []error
		r := newRing(t, apikey.RingConfig{Store: store, Alert: func(err error) { told = append(told, err) }})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { r.Run(ctx) })
		store.fail(errors.New("no table"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		store.fail(nil)
		time.Sleep(10 * time.Second)
		store.fail(errors.New("no table"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		stop()
		running.Wait()
		if len(told) != 2 || !strings.Contains(told[0].Error(), "reading the API keys: no table") {
			t.Errorf("told %v, want once for each time that it began to fail", told)
		}
	})
}
