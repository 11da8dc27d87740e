package page_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
)

func TestMovesOfPages(t *testing.T) {
	t.Parallel()
	final := map[page.State]bool{page.Paid: true, page.Expired: true, page.Canceled: true}
	for _, from := range page.States() {
		if !from.Valid() || from.Final() != final[from] {
			t.Errorf("%s: valid %v, final %v", from, from.Valid(), from.Final())
		}
		for _, to := range page.States() {
			// All lead anywhere but the final ones, which lead to paid, but for
			// paid, which leads nowhere.
			want := from != to && (!final[from] || to == page.Paid)
			if got := from.CanMove(to); got != want {
				t.Errorf("%s to %s: %v, want %v", from, to, got, want)
			}
		}
	}
	if len(page.States()) != 8 || page.State("").Valid() {
		t.Error("not the states of the design")
	}
}
