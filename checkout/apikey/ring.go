package apikey

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// RefreshInterval is how often a Ring reads the stored keys. So a new key works, and a
	// revoked key is refused, within this time and the time of a query.
	RefreshInterval = 2 * time.Second
	// UseInterval is how often a Ring records which keys were used.
	UseInterval = time.Minute
	// storeTimeout bounds a call of the Store.
	storeTimeout = 10 * time.Second
)

// Store has the keys that operators make.
type Store interface {
	// ValidAPIKeys returns the keys that are neither revoked nor expired.
	ValidAPIKeys(ctx context.Context, now time.Time) ([]Key, error)
	// RecordKeyUses records when keys were used, by their IDs. A key need not be stored:
	// it may be of the configuration. An earlier time replaces no later one.
	RecordKeyUses(ctx context.Context, usedAt map[string]time.Time) error
}

// RingConfig is what a Ring is made of. Clock is needed.
type RingConfig struct {
	// Configured are the keys of the configuration. Each has an ID of its own.
	Configured []Key
	// Store has the other keys. Defaults to none.
	Store Store
	Clock interface{ Now() time.Time }
	// Alert is told when the Store fails for the first time after it worked. Defaults to
	// nobody.
	Alert func(error)
}

// Ring finds the key of a request in memory. A request causes no query, whatever key it
// has: [Ring.Run] reads all stored keys again and again. A Ring is safe for concurrent use.
type Ring struct {
	store Store
	clock interface{ Now() time.Time }
	alert func(error)

	configured keys
	stored     atomic.Pointer[keys]
	// fails is set while the Store fails.
	fails atomic.Bool
}

type keys map[Hash]*usedKey

// usedKey is a key with the times of its use.
type usedKey struct {
	Key
	// usedAt and recordedAt are in Unix milliseconds: when the key was last used, and what
	// the Store knows of that. 0 means never.
	usedAt, recordedAt atomic.Int64
}

// NewRing returns a Ring with the configured keys. Call [Ring.Refresh] or [Ring.Run] for
// those of the Store. NewRing fails if two keys of different merchants, or of the live and
// the test mode, are the same.
func NewRing(c RingConfig) (*Ring, error) {
	if c.Clock == nil {
		return nil, errors.New("apikey: RingConfig.Clock is missing")
	}
	r := &Ring{store: c.Store, clock: c.Clock, alert: c.Alert, configured: make(keys, len(c.Configured))}
	if r.alert == nil {
		r.alert = func(error) {}
	}
	for _, k := range c.Configured {
		other := r.configured[k.Hash]
		switch {
		case other == nil:
			r.configured[k.Hash] = &usedKey{Key: k}
		case other.Merchant != k.Merchant:
			return nil, fmt.Errorf("apikey: merchants %q and %q have the same API key", min(k.Merchant, other.Merchant), max(k.Merchant, other.Merchant))
		default:
			return nil, fmt.Errorf("apikey: merchant %q has an API key twice: %s and %s", k.Merchant, other.ID, k.ID)
		}
	}
	r.stored.Store(&keys{})
	return r, nil
}

// Find returns the key with a secret, and notes that it was used. It returns false for a
// secret that is unknown, and for a key that is revoked or expired. The time that Find
// takes says nothing about other secrets: it compares hashes, which nobody can choose.
func (r *Ring) Find(secret string) (Key, bool) {
	hash := HashOf(secret)
	k := r.configured[hash]
	if k == nil {
		k = (*r.stored.Load())[hash]
	}
	now := r.clock.Now()
	if k == nil || !k.IsValid(now) {
		return Key{}, false
	}
	k.usedAt.Store(now.UnixMilli())
	return k.Key, true
}

// Refresh reads the stored keys. After an error the keys from before stay.
func (r *Ring) Refresh(ctx context.Context) error {
	if r.store == nil {
		return nil
	}
	list, err := r.store.ValidAPIKeys(ctx, r.clock.Now())
	if err != nil {
		return fmt.Errorf("reading the API keys: %w", err)
	}
	before, after := *r.stored.Load(), make(keys, len(list))
	for _, k := range list {
		if known := before[k.Hash]; known != nil && known.ID == k.ID { // it keeps its use
			after[k.Hash] = known.with(k)
			continue
		}
		after[k.Hash] = &usedKey{Key: k}
	}
	r.stored.Store(&after)
	return nil
}

// with returns the key with the use of k. A request that uses k at this moment is not
// counted, which the next one makes good.
func (k *usedKey) with(now Key) *usedKey {
	renewed := &usedKey{Key: now}
	renewed.usedAt.Store(k.usedAt.Load())
	renewed.recordedAt.Store(k.recordedAt.Load())
	return renewed
}

// RecordUses records the keys that were used since it was last called.
func (r *Ring) RecordUses(ctx context.Context) error {
	if r.store == nil {
		return nil
	}
	uses, recorded := map[string]time.Time{}, []func(){}
	for _, all := range []keys{r.configured, *r.stored.Load()} {
		for _, k := range all {
			if at := k.usedAt.Load(); at > k.recordedAt.Load() {
				uses[k.ID] = time.UnixMilli(at).UTC()
				recorded = append(recorded, func() { k.recordedAt.Store(at) })
			}
		}
	}
	if len(uses) == 0 {
		return nil
	}
	if err := r.store.RecordKeyUses(ctx, uses); err != nil {
		return fmt.Errorf("recording which API keys were used: %w", err)
	}
	for _, record := range recorded {
		record()
	}
	return nil
}

// Run reads the stored keys every RefreshInterval, and records their use every UseInterval
// and at its end, until ctx is done.
func (r *Ring) Run(ctx context.Context) {
	refresh, record := time.NewTicker(RefreshInterval), time.NewTicker(UseInterval)
	defer refresh.Stop()
	defer record.Stop()
	for {
		select {
		case <-ctx.Done():
			r.call(context.WithoutCancel(ctx), r.RecordUses)
			return
		case <-refresh.C:
			r.call(ctx, r.Refresh)
		case <-record.C:
			r.call(ctx, r.RecordUses)
		}
	}
}

// call calls the Store, and alerts if it fails for the first time.
func (r *Ring) call(ctx context.Context, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	err := do(ctx)
	if err != nil && ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return // the program ends
	}
	if failed := r.fails.Swap(err != nil); err != nil && !failed {
		r.alert(err)
	}
}
