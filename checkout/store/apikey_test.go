package store_test

import (
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(*testing.T, *store.Store)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, store.New(open(t, newPath(t)), nil))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, store.New(openPostgres(t, pgtest.Database(t)), nil))
	})
}

// newKey returns a key of a merchant that is not stored yet.
func newKey(t *testing.T, merchant string, createdAt time.Time) apikey.Key {
	t.Helper()
	k, _, err := apikey.New(rand.Reader, apikey.Key{Merchant: merchant, Name: "till", CreatedAt: createdAt})
	must(t, err)
	return k
}

func validIDs(t *testing.T, s *store.Store, now time.Time) []string {
	t.Helper()
	valid, err := s.ValidAPIKeys(t.Context(), now)
	must(t, err)
	ids := []string{}
	for _, k := range valid {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestAPIKeysAreStored(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store) {
		first, second := newKey(t, "tea", noon), newKey(t, "tea", noon.Add(time.Hour))
		second.Scopes, second.Test, second.EndsAt = []apikey.Scope{apikey.Read, apikey.Refund}, true, noon.Add(2*time.Hour)
		other := newKey(t, "rice", noon)
		for _, k := range []apikey.Key{second, first, other} {
			must(t, s.AddAPIKey(t.Context(), k))
		}
		got, err := s.APIKeys(t.Context(), "tea")
		must(t, err)
		if diff := cmp.Diff([]apikey.Key{first, second}, got); diff != "" {
			t.Errorf("the keys of tea (-want +got):\n%s", diff)
		}
		if all, err := s.APIKeys(t.Context(), ""); err != nil || len(all) != 3 {
			t.Errorf("all keys are %d (%v)", len(all), err)
		}
		if err := s.AddAPIKey(t.Context(), first); err == nil {
			t.Error("a key is stored twice")
		}
		if k, err := s.APIKey(t.Context(), second.ID); err != nil || !cmp.Equal(k, second) {
			t.Errorf("the key is %+v (%v)", k, err)
		}
		if _, err := s.APIKey(t.Context(), "key_nobody"); !errors.Is(err, checkout.ErrNotFound) {
			t.Errorf("an unknown key: %v", err)
		}
	})
}

func TestAPIKeyEnds(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		revoked, expiring, stays := newKey(t, "tea", noon), newKey(t, "tea", noon), newKey(t, "tea", noon)
		expiring.EndsAt = noon.Add(time.Hour)
		for _, k := range []apikey.Key{revoked, expiring, stays} {
			must(t, s.AddAPIKey(ctx, k))
		}
		must(t, s.RevokeAPIKey(ctx, revoked.ID, noon))
		want := []string{expiring.ID, stays.ID}
		slices.Sort(want)
		if got := validIDs(t, s, noon.Add(time.Minute)); !slices.Equal(got, want) {
			t.Errorf("valid are %v, want %v", got, want)
		}
		if got := validIDs(t, s, expiring.EndsAt); !slices.Equal(got, []string{stays.ID}) {
			t.Errorf("valid after the expiry are %v, want %s", got, stays.ID)
		}
		for id, want := range map[string]error{revoked.ID: store.ErrKeyEnded, expiring.ID: store.ErrKeyEnded, "key_nobody": checkout.ErrNotFound} {
			if err := s.RevokeAPIKey(ctx, id, expiring.EndsAt); !errors.Is(err, want) {
				t.Errorf("revoking %s: %v, want %v", id, err, want)
			}
			if err := s.RollAPIKey(ctx, id, noon.Add(48*time.Hour), newKey(t, "tea", expiring.EndsAt)); !errors.Is(err, want) {
				t.Errorf("rolling %s: %v, want %v", id, err, want)
			}
		}
		if all, err := s.APIKeys(ctx, "tea"); err != nil || len(all) != 3 {
			t.Errorf("%d keys (%v): a roll that failed stored its new key", len(all), err)
		}
	})
}

func TestAPIKeyIsRolled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, want time.Time }{
		"a key without an end":   {time.Time{}, noon.Add(24 * time.Hour)},
		"a key that ends later":  {noon.Add(48 * time.Hour), noon.Add(24 * time.Hour)},
		"a key that ends sooner": {noon.Add(time.Hour), noon.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, func(t *testing.T, s *store.Store) {
				old, successor := newKey(t, "tea", noon.Add(-time.Hour)), newKey(t, "tea", noon)
				old.EndsAt = c.before
				must(t, s.AddAPIKey(t.Context(), old))
				must(t, s.RollAPIKey(t.Context(), old.ID, noon.Add(24*time.Hour), successor))
				k, err := s.APIKey(t.Context(), old.ID)
				if err != nil || !k.EndsAt.Equal(c.want) {
					t.Errorf("the old key ends at %v (%v), want %v", k.EndsAt, err, c.want)
				}
				if got := validIDs(t, s, noon); len(got) != 2 {
					t.Errorf("valid during the overlap are %v, want both", got)
				}
				if got := validIDs(t, s, c.want); !slices.Equal(got, []string{successor.ID}) {
					t.Errorf("valid after the overlap are %v, want %s", got, successor.ID)
				}
			})
		})
	}
}

func TestUsesOfKeysAreStored(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *store.Store) {
		k := newKey(t, "tea", noon)
		must(t, s.AddAPIKey(t.Context(), k))
		for _, at := range []time.Time{noon.Add(time.Hour), noon.Add(2 * time.Hour), noon.Add(90 * time.Minute)} {
			must(t, s.RecordKeyUses(t.Context(), map[string]time.Time{k.ID: at, "config:tea/till": at}))
		}
		want := noon.Add(2 * time.Hour)
		if got, err := s.APIKey(t.Context(), k.ID); err != nil || !got.UsedAt.Equal(want) {
			t.Errorf("used at %v (%v), want the latest, %v", got.UsedAt, err, want)
		}
		uses, err := s.KeyUses(t.Context())
		if err != nil || len(uses) != 2 || !uses["config:tea/till"].Equal(want) {
			t.Errorf("the uses are %v (%v)", uses, err)
		}
	})
}
