package worker_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// shiftedClock differs from the system's clock by a duration, as a steady clock does
// after the system's clock was moved.
type shiftedClock time.Duration

func (m shiftedClock) Now() time.Time { return time.Now().Add(time.Duration(m)) }

// TestQueueUsesItsClock checks that the queue uses the configured clock. With the
// system's clock the sweep would stop for an hour, or a retry would come at once.
func TestQueueUsesItsClock(t *testing.T) {
	t.Parallel()
	for name, shift := range map[string]time.Duration{"the system's was moved ahead": -time.Hour, "the system's was moved back": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
				if tries.Add(1) == 1 {
					w.WriteHeader(http.StatusBadGateway)
				}
			})
			f := newFixtureWithClock(t, databases["SQLite"](t), url, shiftedClock(shift))
			swept := f.sweeps(errors.New("the store failed"))
			f.startWorker()
			for range 3 {
				receive(t, swept)
			}
			f.storeEvents(shop, 1)
			first := receive(t, calls)
			received := time.Now()
			second := receive(t, calls)
			if first.header.Get("Webhook-Id") != second.header.Get("Webhook-Id") {
				t.Error("the retry has another Webhook-Id")
			}
			if waited := time.Since(received); waited < 4*time.Second {
				t.Errorf("the retry came after %s, want 5 s", waited)
			}
		})
	}
}
