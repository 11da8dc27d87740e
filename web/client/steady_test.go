package client_test

import (
	"testing"

	"github.com/wantukit/wantukit/web/client"
)

func TestSteadyClock(t *testing.T) {
	t.Parallel()
	const epoch = 1.8e12
	var s client.Steady
	for _, step := range []struct {
		what       string
		mono, wall float64
		want       client.Millis
	}{
		{"the beginning", 5000, epoch, 0},
		{"a second later", 6000, epoch + 1000, 1000},
		{"ten minutes of sleep, in which the monotonic clock stood still", 6000, epoch + 601_000, 601_000},
		{"the device's clock is set back an hour", 7000, epoch - 2_998_000, 602_000},
		{"and goes on from there", 8000, epoch - 2_997_000, 603_000},
		{"a second in which neither moves", 8000, epoch - 2_997_000, 603_000},
	} {
		if got := s.Tell(step.mono, step.wall); got != step.want {
			t.Errorf("%s: %d, want %d", step.what, got, step.want)
		}
	}
}
