package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

// newEndpoint returns an endpoint that is not stored yet.
func newEndpoint(id, merchant string, events ...checkout.EventType) checkout.WebhookEndpoint {
	return checkout.WebhookEndpoint{
		ID: id, Merchant: merchant, URL: "https://shop.example/" + id, Events: events, Metadata: map[string]string{"team": "stock"},
		SealedSecret: "sealed", CreatedAt: noon,
	}
}

// allEndpoints returns the endpoints of all merchants.
func allEndpoints(t *testing.T, s *store.Store) []checkout.WebhookEndpoint {
	t.Helper()
	list, err := s.AllWebhookEndpoints(t.Context())
	must(t, err)
	return list
}

// TestWebhookEndpoints checks how an endpoint is stored, read, changed, deleted and
// forgotten, and that another merchant's is not found.
func TestWebhookEndpoints(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := store.New(db, nil), t.Context()
			a := newEndpoint("we_a", "shop", checkout.EventPaid, checkout.EventPaidLate)
			must(t, s.CreateWebhookEndpoint(ctx, a, 2))
			b := newEndpoint("we_b", "other")
			b.CreatedAt = noon.Add(time.Second)
			must(t, s.CreateWebhookEndpoint(ctx, b, 2))
			if diff := cmp.Diff([]checkout.WebhookEndpoint{a, b}, allEndpoints(t, s)); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			_, read := s.WebhookEndpoint(ctx, "other", "we_a")
			_, changed := s.ChangeWebhookEndpoint(ctx, "other", "we_a", func(*checkout.WebhookEndpoint) error { return nil })
			if !errors.Is(read, checkout.ErrNotFound) || !errors.Is(changed, checkout.ErrNotFound) {
				t.Errorf("another merchant's endpoint: %v, %v", read, changed)
			}
			before, err := s.WebhookEndpointsVersion(ctx)
			must(t, err)
			a.URL, a.Events, a.Metadata, a.SealedSecret, a.SealedPrevious, a.PreviousUntil = "https://new.example", nil, nil, "new", "sealed", noon.Add(time.Hour)
			got, err := s.ChangeWebhookEndpoint(ctx, "shop", "we_a", func(e *checkout.WebhookEndpoint) error { *e = a; return nil })
			must(t, err)
			if stored, err := s.WebhookEndpoint(ctx, "shop", "we_a"); err != nil || cmp.Diff(a, got) != "" || cmp.Diff(a, stored) != "" {
				t.Errorf("changed %+v, stored %+v, error %v, want %+v", got, stored, err, a)
			}
			if after, err := s.WebhookEndpointsVersion(ctx); err != nil || after <= before {
				t.Errorf("the version is %d after %d, error %v", after, before, err)
			}
			deleteEndpoint(t, s, a)
			if list, err := s.WebhookEndpoints(ctx, "shop"); err != nil || len(list) != 0 {
				t.Errorf("after the deletion: %v, %v", list, err)
			}
			if n := len(allEndpoints(t, s)); n != 2 {
				t.Errorf("%d endpoints, want the deleted one too", n)
			}
			must(t, s.ForgetWebhookEndpoints(ctx, noon.Add(time.Hour)))
			if n := len(allEndpoints(t, s)); n != 2 {
				t.Errorf("%d endpoints, want the one that was deleted a moment ago", n)
			}
			must(t, s.ForgetWebhookEndpoints(ctx, noon.Add(time.Hour+time.Millisecond)))
			if list := allEndpoints(t, s); len(list) != 1 || list[0].ID != "we_b" {
				t.Errorf("after a long time: %v", list)
			}
		})
	}
}

// deleteEndpoint deletes an endpoint at noon plus one hour.
func deleteEndpoint(t *testing.T, s *store.Store, e checkout.WebhookEndpoint) {
	t.Helper()
	_, err := s.ChangeWebhookEndpoint(t.Context(), e.Merchant, e.ID, func(e *checkout.WebhookEndpoint) error {
		e.DeletedAt = noon.Add(time.Hour)
		return nil
	})
	must(t, err)
}

// TestNumberOfEndpointsIsLimited checks the limit with concurrent requests, and that a
// deleted endpoint does not count.
func TestNumberOfEndpointsIsLimited(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := store.New(db, nil)
			var mu sync.Mutex
			stored := 0
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					err := s.CreateWebhookEndpoint(t.Context(), newEndpoint(fmt.Sprintf("we_%d", i), "shop"), 3)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						stored++
					case !errors.Is(err, checkout.ErrTooManyEndpoints):
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n := len(allEndpoints(t, s)); stored != 3 || n != 3 {
				t.Fatalf("%d requests succeeded, %d endpoints are stored, want 3", stored, n)
			}
			deleteEndpoint(t, s, allEndpoints(t, s)[0])
			must(t, s.CreateWebhookEndpoint(t.Context(), newEndpoint("we_next", "shop"), 3))
		})
	}
}

// deliveries returns the pending webhooks as event and endpoint.
func deliveries(t *testing.T, db *store.DB) (list []string) {
	t.Helper()
	rows, err := db.Writer().QueryContext(t.Context(), "SELECT event_id, endpoint FROM delivery_pending ORDER BY event_id, endpoint")
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var event, endpoint string
		must(t, rows.Scan(&event, &endpoint))
		list = append(list, event+" "+endpoint)
	}
	must(t, rows.Err())
	return list
}

// TestEventGoesToTheEndpointsThatWantIt checks to which endpoints an event is to be sent:
// those of its merchant that want its type and are not deleted.
func TestEventGoesToTheEndpointsThatWantIt(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := store.New(db, &webhooks{})
			deleted := newEndpoint("we_deleted", "shop")
			for _, e := range []checkout.WebhookEndpoint{
				newEndpoint("we_all", "shop"), newEndpoint("we_paid", "shop", checkout.EventExpired, checkout.EventPaid),
				newEndpoint("we_late", "shop", checkout.EventPaidLate), newEndpoint("we_other", "other"), deleted,
			} {
				must(t, s.CreateWebhookEndpoint(t.Context(), e, 16))
			}
			deleteEndpoint(t, s, deleted)
			storePending(t, s, checkout.Event{ID: "evt_1", CreatedAt: noon})
			if diff := cmp.Diff([]string{"evt_1 default", "evt_1 we_all", "evt_1 we_paid"}, deliveries(t, db)); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
			deleteEndpoint(t, s, newEndpoint("we_all", "shop"))
			if diff := cmp.Diff([]string{"evt_1 default", "evt_1 we_paid"}, deliveries(t, db)); diff != "" {
				t.Errorf("after a deletion (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEndpointsAreParkedAndDisabledApart checks that what happens to one endpoint leaves
// another one alone, and which endpoints a replay goes to.
func TestEndpointsAreParkedAndDisabledApart(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := store.New(db, &webhooks{}), t.Context()
			storePending(t, s, checkout.Event{ID: "evt_1", CreatedAt: noon})
			e, err := s.Event(ctx, "evt_1")
			must(t, err)
			wantTargets := func(want ...string) {
				t.Helper()
				keys, err := s.ReplayTargets(ctx, "evt_1")
				var got []string
				for _, k := range keys {
					got = append(got, k.Endpoint)
				}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("error %v, a replay goes to (-want +got):\n%s", err, diff)
				}
			}
			wantTargets("default")
			must(t, s.RecordWebhookTries(ctx, []checkout.WebhookTry{
				{EventID: "evt_1", Endpoint: "we_a", Number: 1, At: noon}, {EventID: "evt_1", Endpoint: "default", Number: 1, At: noon},
			}, nil))
			wantTargets("default", "we_a")
			must(t, s.ParkWebhook(ctx, e, "we_a", noon, 10, "the shop answered 500"))
			must(t, s.ParkWebhook(ctx, e, "we_b", noon, 10, "the shop answered 500"))
			wantTargets("we_a", "we_b")
			must(t, s.UnparkWebhook(ctx, checkout.WebhookKey{EventID: "evt_1", Endpoint: "we_a"}))
			wantTargets("we_b")
			must(t, s.DisableWebhooks(ctx, "shop", "we_a", noon, "the shop answered 410"))
			for endpoint, want := range map[string]bool{"we_a": true, "we_b": false, "default": false} {
				if got, err := s.WebhooksDisabled(ctx, "shop", endpoint); err != nil || got != want {
					t.Errorf("%s disabled: %v, %v, want %v", endpoint, got, err, want)
				}
			}
			if err := s.EnableWebhooks(ctx, "shop", "default"); !errors.Is(err, checkout.ErrNotFound) {
				t.Errorf("enabled what was not disabled: %v", err)
			}
		})
	}
}

// TestWebhooksSurviveTheMigration checks that what waits, is parked or disabled, and was
// tried, is that of the endpoint `webhook` after the migration, and is still there after
// the way back.
func TestWebhooksSurviveTheMigration(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, open reopen) {
		t.Helper()
		db, err := open()
		must(t, err)
		s := store.New(db, &webhooks{})
		storePending(t, s, checkout.Event{ID: "evt_1", CreatedAt: noon}, checkout.Event{ID: "evt_2", CreatedAt: noon})
		migrateDown(t, db, 16)
		for _, old := range oldStatements {
			_, err := db.Writer().ExecContext(t.Context(), old)
			must(t, err)
		}
		must(t, db.Close())
		for range 2 { // the second time, after the way back
			db, err = open()
			must(t, err)
			wantOldWebhooks(t, store.New(db, nil), db)
			migrateDown(t, db, 16)
			must(t, db.Close())
		}
	})
}

// oldStatements are those of the version before the endpoints.
var oldStatements = []string{
	`INSERT INTO webhook_pending (event_id, merchant, due_at) VALUES ('evt_old', 'shop', 1)`,
	`INSERT INTO webhook_parked (event_id, merchant, parked_at, tries, reason) VALUES ('evt_1', 'shop', 1, 10, 'r')
		ON CONFLICT (event_id) DO UPDATE SET parked_at = excluded.parked_at, tries = excluded.tries, reason = excluded.reason`,
	`INSERT INTO webhook_disabled (merchant, disabled_at, reason) VALUES ('shop', 1, 'r') ON CONFLICT (merchant) DO NOTHING`,
	`INSERT INTO webhook_tries (event_id, try, at, status, milliseconds, answer, error, next_at) VALUES ('evt_1', 10, 1, 500, 1, '', 'e', 0)
		ON CONFLICT (event_id, at, try) DO NOTHING`,
}

// wantOldWebhooks checks what oldStatements have written, and what was pending before.
func wantOldWebhooks(t *testing.T, s *store.Store, db *store.DB) {
	t.Helper()
	ctx := t.Context()
	if diff := cmp.Diff([]string{"evt_1 default", "evt_2 default", "evt_old default"}, deliveries(t, db)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	if list := parked(t, s, "shop"); len(list) != 1 || list[0].EventID != "evt_1" || list[0].Endpoint != checkout.DefaultEndpoint {
		t.Errorf("parked %v", list)
	}
	if disabled, err := s.WebhooksDisabled(ctx, "shop", checkout.DefaultEndpoint); err != nil || !disabled {
		t.Errorf("disabled: %v, %v", disabled, err)
	}
	if tries, err := s.WebhookTries(ctx, "evt_1"); err != nil || len(tries) != 1 || tries[0].Endpoint != checkout.DefaultEndpoint || tries[0].Status != 500 {
		t.Errorf("tries %v, %v", tries, err)
	}
}

// TestNodeOfTheVersionBefore checks the statements of a node that still runs while another
// one has migrated: they work as before, and concern the endpoint `webhook` alone.
func TestNodeOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	db := databases(t)["PostgreSQL"] // SQLite has one node
	s := store.New(db, &webhooks{})
	must(t, s.CreateWebhookEndpoint(t.Context(), newEndpoint("we_a", "shop"), 16))
	storePending(t, s, checkout.Event{ID: "evt_1", CreatedAt: noon}, checkout.Event{ID: "evt_2", CreatedAt: noon})
	for range 2 { // the second time there are conflicts
		for _, statement := range oldStatements[1:] {
			_, err := db.Writer().ExecContext(t.Context(), statement)
			must(t, err)
		}
	}
	_, err := db.Writer().ExecContext(t.Context(), oldStatements[0])
	must(t, err)
	must(t, s.ForgetWebhookTries(t.Context(), time.UnixMilli(1), 10)) // on the same table
	if _, err := db.Writer().ExecContext(t.Context(), `DELETE FROM webhook_pending WHERE event_id IN (
		SELECT event_id FROM webhook_pending WHERE due_at < 9000000000000 AND event_id = 'evt_2' ORDER BY due_at LIMIT 5 FOR UPDATE SKIP LOCKED)`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"evt_1 default", "evt_1 we_a", "evt_2 we_a", "evt_old default"}, deliveries(t, db)); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	if disabled, err := s.WebhooksDisabled(t.Context(), "shop", "we_a"); err != nil || disabled {
		t.Errorf("the other endpoint is disabled: %v, %v", disabled, err)
	}
	if keys, err := s.ReplayTargets(t.Context(), "evt_1"); err != nil || len(keys) != 1 || keys[0].Endpoint != checkout.DefaultEndpoint {
		t.Errorf("parked for %v, %v", keys, err)
	}
}
