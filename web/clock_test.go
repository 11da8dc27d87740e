package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestReturnGoesByTheServicesClock: where the checkout's clock is not this
// machine's, a return is still compared with what the checkout wrote down.
func TestReturnGoesByTheServicesClock(t *testing.T) {
	t.Parallel()
	for name, apart := range map[string]time.Duration{"20 minutes behind": -20 * time.Minute, "20 minutes ahead": 20 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.clock.advance(apart)
			a := f.placed(windows, flow.WalletAlipayCN)
			page := "/c/" + a.SessionID
			cookie, _, _ := strings.Cut(f.get(page).header.Get("Set-Cookie"), ";")
			back := f.get("/r/"+a.ReturnToken, "Cookie", cookie).header.Get("Location")
			if html := f.get(back).body; !strings.Contains(html, `data-state="confirming"`) {
				t.Errorf("just back, the page says:\n%s", html)
			}
			f.confirm(a)
			if html := f.get(back).body; !strings.Contains(html, `data-state="redirecting"`) {
				t.Errorf("after the gateway said unpaid, the page says:\n%s", html)
			}
			if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
				t.Fatal(err)
			}
			f.clock.advance(3 * time.Second)
			f.confirm(a)
			if got := f.get(back); got.status != http.StatusSeeOther {
				t.Errorf("paid and just back, the shopper is not sent on: %d", got.status)
			}
			f.clock.advance(3 * time.Minute)
			if got := f.get(back); got.status != http.StatusOK {
				t.Errorf("long after the return, the receipt is not shown: %d", got.status)
			}
		})
	}
}
