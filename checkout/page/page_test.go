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
			t.Errorf("%s: Valid is %v, Final is %v", from, from.Valid(), from.Final())
		}
		for _, to := range page.States() {
			// A final state moves to paid only, and paid moves to no state. All
			// others move to every other state.
			want := from != to && (!final[from] || to == page.Paid)
			if got := from.CanMove(to); got != want {
				t.Errorf("%s to %s: CanMove is %v, want %v", from, to, got, want)
			}
		}
	}
	if len(page.States()) != 8 || page.State("").Valid() {
		t.Errorf("%d states and valid %v for an empty one, want 8 and false", len(page.States()), page.State("").Valid())
	}
}
