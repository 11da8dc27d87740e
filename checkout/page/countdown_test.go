package page_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
)

func TestCountdown(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{0: "00:00", 9: "00:09", 61: "01:01", 3599: "59:59", 3600: "1:00:00", 36061: "10:01:01"} {
		if got := page.Countdown(seconds); got != want {
			t.Errorf("%d seconds are %q, want %q", seconds, got, want)
		}
	}
}
