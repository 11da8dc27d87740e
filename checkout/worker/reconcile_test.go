package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/worker"
)

// reconciler is a fake Reconciler. Each merchant in due is due once. The merchant
// "broken" fails.
type reconciler struct {
	due   []string
	takes time.Duration
	// begun, if set, receives each merchant whose reconciliation begins.
	begun chan string
	// dueErr is the error of ReconciliationsDue.
	dueErr error

	mu            sync.Mutex
	runs          []string
	running, most int
}

func (r *reconciler) ReconciliationsDue(context.Context) ([]checkout.Span, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var spans []checkout.Span
	for _, merchant := range r.due {
		if !slices.Contains(r.runs, merchant) {
			spans = append(spans, checkout.Span{Merchant: merchant, From: time.Unix(0, 0), To: time.Unix(86400, 0)})
		}
	}
	return spans, r.dueErr
}

func (r *reconciler) Reconcile(ctx context.Context, merchant string, from, to time.Time) (checkout.Reconciliation, error) {
	r.mu.Lock()
	r.running++
	r.most = max(r.most, r.running)
	r.runs = append(r.runs, merchant)
	r.mu.Unlock()
	if r.begun != nil {
		r.begun <- merchant
	}
	var err error
	select {
	case <-time.After(r.takes):
	case <-ctx.Done():
		err = ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	if merchant == "broken" {
		err = errors.New("the gateway is away")
	}
	return checkout.Reconciliation{Merchant: merchant, From: from.UTC(), To: to.UTC(), Payments: 12}, err
}

func TestFailedReconciliationDoesNotStopOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &reconciler{due: []string{"a", "broken", "c", "d", "e", "f"}, takes: time.Minute}
		var log bytes.Buffer
		must(t, worker.ReconcileJob(r, slog.New(slog.NewTextHandler(&log, nil)))(t.Context()))
		slices.Sort(r.runs)
		if want := []string{"a", "broken", "c", "d", "e", "f"}; !slices.Equal(r.runs, want) {
			t.Errorf("ran %v, want %v", r.runs, want)
		}
		if r.most != 4 {
			t.Errorf("%d at once, want 4", r.most)
		}
		for merchant, lines := range map[string]int{"a": 1, "f": 1, "broken": 0} {
			want := fmt.Sprintf(`level=INFO msg=reconciled merchant=%s from=1970-01-01T00:00:00.000Z to=1970-01-02T00:00:00.000Z payments=12 refunds=0 elsewhere=0 differences=0`, merchant)
			if got := strings.Count(log.String(), want); got != lines {
				t.Errorf("%s: %d log lines without differences, want %d: %s", merchant, got, lines, &log)
			}
		}
	})
}

func TestReconciliationsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &reconciler{due: []string{"a", "b", "c", "d", "e", "f"}, takes: time.Hour}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := worker.ReconcileJob(r, slog.New(slog.DiscardHandler))(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if len(r.runs) != 4 {
			t.Errorf("ran %v, want only the first 4", r.runs)
		}
	})
}

func TestErrorOfReconciliationsDueIsReturned(t *testing.T) {
	t.Parallel()
	r := &reconciler{dueErr: errors.New("no database")}
	if err := worker.ReconcileJob(r, slog.New(slog.DiscardHandler))(t.Context()); !errors.Is(err, r.dueErr) {
		t.Errorf("error %v, want %v", err, r.dueErr)
	}
}

// TestOneReconciliationAtATime checks that only one node reconciles, and that no
// second round begins meanwhile.
func TestOneReconciliationAtATime(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		f := newFixture("")
		r := &reconciler{due: []string{"a"}, begun: make(chan string, 9), takes: time.Hour}
		f.config.Reconciler = r
		f.startWorker()
		receive(t, r.begun)
		if f.db.Postgres() != nil { // SQLite has one node
			f.startWorker()
		}
		job := func() (n int) {
			must(t, f.db.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'reconcile'`).Scan(&n))
			return n
		}
		must(t, worker.WriteReconcileJob(t.Context(), f.config.DB))
		if n := job(); n != 1 {
			t.Errorf("%d rounds, want 1", n)
		}
	})
}

// TestStopCancelsAReconciliation checks that a long reconciliation does not delay
// the shutdown.
func TestStopCancelsAReconciliation(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	r := &reconciler{due: []string{"a"}, begun: make(chan string, 1), takes: time.Hour}
	f.config.Reconciler = r
	w, err := worker.New(f.config)
	must(t, err)
	must(t, w.Start(t.Context()))
	receive(t, r.begun)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	must(t, w.Stop(ctx))
	if r.running != 0 {
		t.Error("the reconciliation still runs")
	}
}

// TestDifferenceWebhook checks that the body has the difference, and null as the
// session.
func TestDifferenceWebhook(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	f := newFixture(t, url)
	f.startWorker()
	e := checkout.Event{ID: "evt_1", Type: checkout.EventDifference, Merchant: shop, CreatedAt: time.Now(), Difference: &checkout.Difference{
		Kind: checkout.DifferenceUnknownPayment, OutTradeNo: "till-7", There: &checkout.Booked{Amount: 500, Currency: "HKD"},
	}}
	for range 2 {
		_, err := f.store.AddDifference(t.Context(), e)
		must(t, err)
	}
	var got map[string]any
	must(t, json.Unmarshal(receive(t, calls).body, &got))
	data, hasData := got["data"]
	difference, _ := got["difference"].(map[string]any)
	if !hasData || data != nil || got["type"] != "reconciliation.difference" || difference["kind"] != "payment_of_unknown_order" ||
		difference["out_trade_no"] != "till-7" || difference["here"] != nil {
		t.Errorf("body %v", got)
	}
	f.awaitTries(e.ID, 1)
	if jobs, pending := f.jobs(""), f.pending(); jobs != 0 || pending != 0 {
		t.Errorf("%d jobs and %d more webhooks", jobs, pending)
	}
}
