package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestReturnUsesTheServicesClock checks that a return is compared with times of the
// Service's clock, even if that clock differs from the machine's.
func TestReturnUsesTheServicesClock(t *testing.T) {
	t.Parallel()
	for name, difference := range map[string]time.Duration{"20 minutes behind": -20 * time.Minute, "20 minutes ahead": 20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.clock.advance(difference)
			a := f.newOrder(windows, flow.WalletAlipayCN)
			page := "/c/" + a.SessionID
			cookie, _, _ := strings.Cut(f.get(page).header.Get("Set-Cookie"), ";")
			back := f.get("/r/"+a.ReturnToken, "Cookie", cookie).header.Get("Location")
			if html := f.get(back).body; !strings.Contains(html, `data-state="confirming"`) {
				t.Errorf("after the return, the page is not confirming:\n%s", html)
			}
			f.confirm(a)
			if html := f.get(back).body; !strings.Contains(html, `data-state="redirecting"`) {
				t.Errorf("after the query returned unpaid, the page is not redirecting:\n%s", html)
			}
			if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
				t.Fatal(err)
			}
			f.clock.advance(3 * time.Second)
			f.confirm(a)
			if got := f.get(back); got.status != http.StatusSeeOther {
				t.Errorf("shortly after the return, the paid page has status %d, want a redirect", got.status)
			}
			f.clock.advance(3 * time.Minute)
			if got := f.get(back); got.status != http.StatusOK {
				t.Errorf("long after the return, the receipt has status %d, want 200", got.status)
			}
		})
	}
}
