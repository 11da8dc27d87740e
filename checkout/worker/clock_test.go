package worker_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// moved is a clock that is away from the system's, as a steady one is after
// the system's was moved.
type moved time.Duration

func (m moved) Now() time.Time { return time.Now().Add(time.Duration(m)) }

// TestQueueGoesByItsClock: by the system's, which SQLite and River would go by,
// the sweep stops for an hour or a second try comes at once.
func TestQueueGoesByItsClock(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"the system's was moved ahead": -time.Hour, "the system's was moved back": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
				if tries.Add(1) == 1 {
					w.WriteHeader(http.StatusBadGateway)
				}
			})
			f := newFixtureAt(t, databases["SQLite"](t), url, moved(by))
			swept := make(chan struct{}, 100)
			f.config.Sweeper = sweeper(func() error { swept <- struct{}{}; return errors.New("seen") })
			f.work()
			for range 3 {
				next(t, swept)
			}
			f.tell(shop, 1)
			first := next(t, calls)
			begun := time.Now()
			second := next(t, calls)
			if first.header.Get("Webhook-Id") != second.header.Get("Webhook-Id") {
				t.Error("the second try is another webhook")
			}
			if waited := time.Since(begun); waited < 4*time.Second {
				t.Errorf("the second try came after %s, want 5 s", waited)
			}
		})
	}
}
