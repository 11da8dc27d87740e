package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
)

// TestMigrationCountsTimelineEntries checks that the migration fills an attempt's
// counters from the timeline.
func TestMigrationCountsTimelineEntries(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db := open(t, path)
	s := store.New(db, nil)
	session := newSession()
	must(t, s.CreateSession(t.Context(), session))
	at := session.CreatedAt
	a := checkout.Attempt{
		ID: "at_1", SessionID: session.ID, State: checkout.AttemptClosed, Wallet: flow.WalletWeChat, Flow: flow.JSAPI,
		OutTradeNo: "order1", NotifyToken: "n", ReturnToken: "r", CreatedAt: at, QueriedAt: at.Add(time.Hour), EndedAt: at.Add(time.Hour),
	}
	must(t, s.CreateAttempt(t.Context(), a, session.Version, time.Time{}))
	for i, verdict := range []checkout.Verdict{checkout.VerdictAccepted, checkout.VerdictRejected, checkout.VerdictRejected} {
		must(t, s.AddNotification(t.Context(), checkout.Notification{
			SessionID: session.ID, AttemptID: a.ID, ReceivedAt: at.Add(time.Duration(i) * time.Second), Verdict: verdict,
		}, time.Time{}, nil))
	}
	for kind, result := range map[checkout.EntryKind]string{checkout.EntryReturn: "", checkout.EntryBridge: checkout.BridgeFail} {
		_, err := s.RecordFew(t.Context(), checkout.Entry{SessionID: session.ID, AttemptID: a.ID, At: at.Add(time.Minute), Kind: kind, Result: result})
		must(t, err)
	}
	want, err := s.Attempt(t.Context(), a.ID)
	must(t, err)
	if want.Notifications.Rejected != 2 || want.Returns != 1 || !want.BridgeFailed {
		t.Fatalf("the attempt before the migration is %+v", want)
	}
	migrateDown(t, db, 10)
	got, err := store.New(open(t, path), nil).Attempt(t.Context(), a.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, attempt (-want +got):\n%s", err, diff)
	}
}
