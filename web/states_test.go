package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// statePage is the path of a page that shows a state.
type statePage struct{ name, state, path string }

// newPages creates pages of every state and kind.
func (f *fixture) newPages() []statePage {
	f.Helper()
	// The clock is ahead for the first session only.
	expired := f.session("")
	f.clock.ahead.Store(int64(time.Hour))
	f.sweep(0)
	f.clock.ahead.Store(0)

	choose, canceled := f.session(""), f.session("")
	if _, err := f.service.Cancel(f.Context(), canceled); err != nil {
		f.Fatal(err)
	}
	code := f.newOrder(windows, flow.WalletWeChat)
	frame := f.newOrder(windows, flow.WalletAlipayHK)
	leaving := f.newOrder(iPhone, flow.WalletAlipayCN)
	sheet := f.newOrder(inChat, flow.WalletWeChat)
	failed, paid := f.newOrder(windows, flow.WalletWeChat), f.newOrder(windows, flow.WalletWeChat)
	if _, err := f.sandbox.Fail(failed.OutTradeNo); err != nil {
		f.Fatal(err)
	}
	f.confirm(failed)
	if _, err := f.sandbox.Pay(paid.OutTradeNo); err != nil {
		f.Fatal(err)
	}
	f.confirm(paid)
	now := "?returned=" + strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10)
	return []statePage{
		{"choose", "choose", "/c/" + choose},
		{"code", "code", "/c/" + code.SessionID},
		{"code in a frame", "code", "/c/" + frame.SessionID},
		{"redirecting", "redirecting", "/c/" + leaving.SessionID},
		{"redirecting, JSAPI", "redirecting", "/c/" + sheet.SessionID},
		{"confirming", "confirming", "/c/" + leaving.SessionID + now},
		{"failed", "failed", "/c/" + failed.SessionID},
		{"paid", "paid", "/c/" + paid.SessionID},
		{"expired", "expired", "/c/" + expired},
		{"canceled", "canceled", "/c/" + canceled},
		{"status only", "confirming", "/r/" + leaving.ReturnToken + now},
	}
}

// newOrder creates a session and places an order from a browser.
func (f *fixture) newOrder(userAgent string, w flow.Wallet) checkout.Attempt {
	f.Helper()
	device := flow.Detect(http.Header{"User-Agent": {userAgent}}.Get)
	r := checkout.StartRequest{SessionID: f.session(""), Wallet: w, Device: device, Flow: flow.Choose(device, w).Flow}
	if r.Flow == flow.JSAPI {
		r.OpenID, r.Payer = "o"+strings.Repeat("x", 27), "tag"
	}
	a, err := f.service.Start(f.Context(), r)
	if err != nil {
		f.Fatal(err)
	}
	return a
}

// confirm queries the gateway for an attempt. Where another query holds the attempt's
// lease, for example one after a notification, it waits for that and queries again.
func (f *fixture) confirm(a checkout.Attempt) {
	f.Helper()
	since := f.clock.Now().Truncate(time.Millisecond)
	for {
		a, err := f.service.Confirm(f.Context(), a.ID, checkout.CauseSchedule)
		if err != nil {
			f.Fatal(err)
		}
		if leased := a.LeasedUntil.After(f.clock.Now()); !leased && (a.State != checkout.AttemptPending || !a.QueriedAt.Before(since)) {
			return
		}
	}
}

// isShownIn reports whether a page's HTML shows the state.
func (s statePage) isShownIn(html string) bool {
	return strings.Contains(html, `data-state="`+s.state+`"`)
}
