package worker_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// BenchmarkWebhooks measures webhooks to one shop that answers at once. An operation is
// one event. The time begins with the first commit and ends when the shop has all
// webhooks and that is recorded. With one event a commit it measures the commits rather
// than the webhooks.
func BenchmarkWebhooks(b *testing.B) {
	for name, events := range map[string]int{"commits of 1 event": 1, "commits of 8 events": 8} {
		b.Run(name, func(b *testing.B) { benchmarkWebhooks(b, events) })
	}
}

func benchmarkWebhooks(b *testing.B, events int) {
	b.Helper()
	var received atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		received.Add(1)
	}))
	b.Cleanup(server.Close)
	f := newFixture(b, server.URL)
	f.startWorker()
	session := f.storeSession(shop)
	b.ResetTimer()
	began := time.Now()
	for stored := 0; stored < b.N; {
		var change checkout.Change
		for range min(events, b.N-stored) {
			stored++
			change.Events = append(change.Events, f.newEvent("evt_"+strconv.Itoa(stored), session))
		}
		must(b, f.store.Apply(b.Context(), change))
		for int64(stored)-received.Load() > 4096 { // less than what waits in memory
			time.Sleep(time.Millisecond)
		}
	}
	committed := time.Now()
	waitUntil(b, func() bool { return f.pending() == 0 })
	b.StopTimer()
	if jobs := f.jobs(""); jobs > 0 || received.Load() != int64(b.N) {
		b.Errorf("%d of %d events were received, and %d became jobs", received.Load(), b.N, jobs)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "webhooks/s")
	b.ReportMetric(float64(time.Since(committed).Milliseconds()), "ms-after-the-last-commit")
}

// BenchmarkOneWebhook measures from the commit of an event until its shop has the webhook,
// while nothing else happens.
func BenchmarkOneWebhook(b *testing.B) {
	url, calls := endpoint(b, ok)
	f := newFixture(b, url)
	f.startWorker()
	session := f.storeSession(shop)
	for i := range b.N {
		b.StopTimer()
		time.Sleep(5 * time.Millisecond)
		event := f.newEvent("evt_"+strconv.Itoa(i), session)
		b.StartTimer()
		f.add(event)
		receive(b, calls)
	}
}
