package worker_test

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/worker"
)

// schedule are the delays between tries.
var schedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

func TestRetryDelays(t *testing.T) {
	t.Parallel()
	var total time.Duration
	for i, after := range schedule {
		for random, want := range map[float64]time.Duration{0: after * 9 / 10, 0.5: after, 0.999999: after * 11 / 10} {
			got := worker.RetryDelay(i+1, random, 0)
			if off := (got - want).Abs(); off > time.Second {
				t.Errorf("after try %d, random %g: %s, want %s", i+1, random, got, want)
			}
		}
		total += worker.RetryDelay(i+1, 0, 0)
	}
	if total < 67*time.Hour {
		t.Errorf("a webhook is parked after %s, want 67 h or more", total)
	}
	if worker.RetryDelay(0, 0.5, 0) != schedule[0] || worker.RetryDelay(99, 0.5, 0) != 24*time.Hour {
		t.Error("wrong delay for a try outside the schedule")
	}
}

func TestRequestedDelays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tries           int
		requested, want time.Duration
	}{
		{1, time.Second, 5 * time.Second}, // the schedule is later
		{1, time.Hour, time.Hour},
		{1, 1000 * time.Hour, 24 * time.Hour},
		{9, time.Hour, 24 * time.Hour},
		{1, -time.Hour, 5 * time.Second},
	} {
		if got := worker.RetryDelay(c.tries, 0.5, c.requested); got != c.want {
			t.Errorf("after try %d, requested %s: %s, want %s", c.tries, c.requested, got, c.want)
		}
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "0": 0, "86401": 24 * time.Hour, "99999999999999999999999": 24 * time.Hour, "18446744073709551615": 24 * time.Hour,
		"Sun, 01 Mar 2026 13:00:00 GMT": time.Hour, "Sunday, 01-Mar-26 13:00:00 GMT": time.Hour, "Sun Mar  1 13:00:00 2026": time.Hour,
		"Sun, 01 Mar 2026 11:00:00 GMT": 0, "Sun, 01 Mar 9999 13:00:00 GMT": 24 * time.Hour,
		"": 0, "-5": 0, "+5": 0, "1.5": 0, "soon": 0, " 5": 0, "0x10": 0, "1e9": 0,
	} {
		if got := worker.RetryAfter(value, now); got != want {
			t.Errorf("Retry-After: %s: %s, want %s", value, got, want)
		}
	}
}
