package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// databases returns an empty database of each kind.
func databases(t *testing.T) map[string]*store.DB {
	t.Helper()
	return map[string]*store.DB{"SQLite": open(t, newPath(t)), "PostgreSQL": openPostgres(t, pgtest.Database(t))}
}

// TestTimelineIsAppendOnly checks that no statement can change or remove an entry.
func TestTimelineIsAppendOnly(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		s := store.New(db, nil)
		must(t, s.CreateSession(t.Context(), newSession()))
		statements := []string{"UPDATE timeline SET result = 'paid'", "DELETE FROM timeline", "DELETE FROM sessions"}
		if db.Postgres() != nil {
			statements = append(statements, "TRUNCATE timeline", "TRUNCATE sessions CASCADE")
		}
		for _, statement := range statements {
			if _, err := db.Writer().ExecContext(t.Context(), statement); err == nil {
				t.Errorf("%s: %s succeeded", name, statement)
			} else if strings.Contains(statement, " timeline") && !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %s: error %v, want one with the reason", name, statement, err)
			}
		}
		timeline, err := s.Timeline(t.Context(), "cs_1")
		if diff := cmp.Diff([]checkout.Entry{newSession().Entry()}, timeline); err != nil || diff != "" {
			t.Errorf("%s: error %v, timeline (-want +got):\n%s", name, err, diff)
		}
	}
}

// storeOneOfEach stores a session with one entry of each kind in its timeline.
func storeOneOfEach(t *testing.T, s *store.Store) {
	t.Helper()
	session := newSession()
	session.ClientReferenceID = "HN-1001"
	must(t, s.CreateSession(t.Context(), session))
	a := checkout.Attempt{
		ID: "at_1", SessionID: session.ID, State: checkout.AttemptPaid, Wallet: flow.WalletWeChat, Flow: flow.Native, Reason: "a computer",
		OutTradeNo: "order1", TradeID: "trade1", NotifyToken: "n", ReturnToken: "r", Amount: 1, CreatedAt: session.CreatedAt.Add(time.Second),
	}
	must(t, s.CreateAttempt(t.Context(), a, session.Version, time.Time{}))
	n := checkout.Notification{
		ID: "nt_1", SessionID: session.ID, AttemptID: a.ID, ReceivedAt: session.CreatedAt.Add(2 * time.Second),
		Verdict: checkout.VerdictMismatch, Body: "{}", Detail: "another amount",
	}
	e := checkout.Event{
		ID: "evt_1", Type: checkout.EventNotificationMismatch, SessionID: session.ID, AttemptID: a.ID, CreatedAt: n.ReceivedAt,
		Version: session.Version + 2, // the attempt has raised it by one
	}
	must(t, s.AddNotification(t.Context(), n, time.Time{}, &e))
	must(t, s.CreateRefund(t.Context(), checkout.Refund{
		ID: "re_1", SessionID: session.ID, AttemptID: a.ID, State: checkout.RefundPending, Reason: checkout.RefundRequested,
		OutRefundNo: "refund1", GatewayID: "given1", ClientReferenceID: "HN-1001-R", Amount: 1, CreatedAt: session.CreatedAt.Add(3 * time.Second),
	}, time.Time{}))
}

// TestMigrationFillsTheTimeline checks that the migration fills the timeline from the
// other tables, and moves the notifications into it.
func TestMigrationFillsTheTimeline(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db := open(t, path)
	storeOneOfEach(t, store.New(db, nil))
	want, err := store.New(db, nil).Timeline(t.Context(), "cs_1")
	if err != nil || len(want) != 5 {
		t.Fatalf("%d entries, error %v", len(want), err)
	}
	migrateDown(t, db, 4)
	got, err := store.New(open(t, path), nil).Timeline(t.Context(), "cs_1")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, timeline (-want +got):\n%s", err, diff)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		s := store.New(db, nil)
		storeOneOfEach(t, s)
		other := newSession()
		other.ID, other.ClientReferenceID = "cs_2", "HN-1001"
		must(t, s.CreateSession(t.Context(), other))
		for number, want := range map[string][]string{
			"cs_1": {"cs_1"}, "at_1": {"cs_1"}, "re_1": {"cs_1"}, "evt_1": {"cs_1"}, "order1": {"cs_1"}, "trade1": {"cs_1"},
			"refund1": {"cs_1"}, "given1": {"cs_1"}, "HN-1001-R": {"cs_1"}, "HN-1001": {"cs_1", "cs_2"}, "": nil, "nobody": nil, "n": nil, "r": nil,
		} {
			if got, err := s.Lookup(t.Context(), number); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q is %v, error %v, want %v", name, number, got, err, want)
			}
		}
	}
}
