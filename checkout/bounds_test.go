package checkout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// click asks for WeChat by a flow, and returns what stands in the way.
func (f *fixture) click(s checkout.Session, way flow.Flow) (*checkout.StartLimitError, checkout.Attempt) {
	f.t.Helper()
	r := request(s, flow.WalletAlipayCN)
	r.Flow = way
	a, err := f.Start(f.t.Context(), r)
	var limit *checkout.StartLimitError
	if err != nil && !errors.As(err, &limit) {
		f.t.Fatal(err)
	}
	return limit, a
}

// alternate clicks n times on two flows by turns, and returns the orders that
// the gateway took.
func (f *fixture) clickAlternately(s checkout.Session, n int, pause time.Duration) int {
	f.t.Helper()
	flows := []flow.Flow{flow.Web, flow.Iframe}
	for i := range n {
		f.click(s, flows[i%2])
		time.Sleep(pause)
	}
	return len(f.attempts(s))
}

func (f *fixture) attempts(s checkout.Session) []checkout.Attempt {
	f.t.Helper()
	all, err := f.store.Attempts(f.t.Context(), s.ID)
	wantError(f.t, err, nil)
	return all
}

func TestHostileClicksInOneSession(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"400 in 4 s make 5 orders, and the last stays open": func(t *testing.T, f *fixture) {
			s := f.session()
			same(t, "orders", f.clickAlternately(s, 400, 10*time.Millisecond), 5)
			last := f.attempts(s)[4]
			same(t, "the last", last.State, checkout.AttemptPending)
			limit, _ := f.click(s, flow.Iframe)
			if limit == nil || limit.Wait <= 0 || limit.Wait > 30*time.Second {
				t.Errorf("limit %+v, want one with a wait", limit)
			}
			found, same5 := f.click(s, last.Flow)
			if found != nil || same5.ID != last.ID {
				t.Errorf("the open order was not found: %v", found)
			}
		},
		"more come one at a time, and 20 in all": func(t *testing.T, f *fixture) {
			s := f.session()
			same(t, "orders", f.clickAlternately(s, 28*60, time.Second), checkout.MaxAttempts)
			all := f.attempts(s)
			for i := 5; i < len(all); i++ {
				if apart := all[i].CreatedAt.Sub(all[i-1].CreatedAt); apart < 30*time.Second {
					t.Errorf("order %d came %s after the one before", i+1, apart)
				}
			}
			last := all[len(all)-1]
			other := flow.Web
			if last.Flow == other {
				other = flow.Iframe
			}
			limit, _ := f.click(s, other)
			if limit == nil || limit.Wait != 0 {
				t.Errorf("limit %+v, want the last one", limit)
			}
			same(t, "the last", f.readAttempt(last).State, checkout.AttemptPending)
			f.gateway.pay(last.OutTradeNo)
			f.sweepFor(4 * time.Second)
			f.confirm(last)
			f.checkState(last, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"a page at the limit renews no code": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.ExpiresAt = time.Now().Add(20 * time.Hour)
			s, err := f.Create(t.Context(), n)
			wantError(t, err, nil)
			f.click(s, flow.Iframe)
			f.clickAlternately(s, 2, 0) // the last shows a code
			v, err := f.View(t.Context(), s.ID)
			wantError(t, err, nil)
			if v.StartLimit != nil || v.RenewIn <= 0 {
				t.Errorf("limit %v before it is reached, renewed in %s", v.StartLimit, v.RenewIn)
			}
			f.clickAlternately(s, 2, 0)
			v, err = f.View(t.Context(), s.ID)
			wantError(t, err, nil)
			if v.StartLimit == nil || v.RenewIn >= 0 {
				t.Errorf("limit %v, renewed in %s", v.StartLimit, v.RenewIn)
			}
		},
		"orders that the gateway refuses count too": func(t *testing.T, f *fixture) {
			s := f.session()
			f.gateway.script(func() { f.gateway.beforeCreate = func(*order) error { return checkout.ErrRefused } })
			refused := 0
			for range 50 {
				_, err := f.Start(t.Context(), request(s, flow.WalletAlipayCN))
				var limit *checkout.StartLimitError
				switch {
				case errors.Is(err, checkout.ErrRefused):
					refused++
				case !errors.As(err, &limit):
					t.Fatal(err)
				}
			}
			same(t, "orders that were sent", refused, 5)
		},
		"a clock that is moved back keeps nobody waiting": func(t *testing.T, f *fixture) {
			s := f.session()
			f.clickAlternately(s, 5, 0)
			f.memory.moveAttempts(time.Hour)
			same(t, "orders", f.clickAlternately(s, 2, 0), 6)
		},
		"what has ended does not keep what is live from being asked about": func(t *testing.T, f *fixture) {
			for range 10 {
				s := f.session()
				f.clickAlternately(s, 5, 0)
				_, err := f.Cancel(t.Context(), s.ID)
				wantError(t, err, nil)
			}
			f.memory.endLongAgo()
			other := f.pending()
			f.gateway.pay(other.OutTradeNo)
			f.gateway.script(func() { f.gateway.latency = 500 * time.Millisecond })
			time.Sleep(3 * time.Second)
			wantError(t, f.Sweep(t.Context()), nil)
			f.checkState(other, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			asked := 0
			for _, a := range f.memory.attempts {
				if a.State == checkout.AttemptClosed && time.Since(a.QueriedAt) < 4*time.Second {
					asked++
				}
			}
			same(t, "ended ones asked about in one sweep", asked, 16)
		},
	})
}

// moveAttempts moves the creation of all attempts ahead.
func (m *memory) moveAttempts(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.attempts {
		a.CreatedAt = a.CreatedAt.Add(by)
		m.attempts[id] = a
	}
}

// endLongAgo makes all attempts that have ended due.
func (m *memory) endLongAgo() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.attempts {
		if !a.EndedAt.IsZero() {
			a.NextQueryAt, a.QueriedAt = a.CreatedAt.Add(time.Millisecond), a.CreatedAt.Add(-time.Hour)
			m.attempts[id] = a
		}
	}
}

func TestHostileStorageIsBounded(t *testing.T) {
	junk := func(n *fakeNotification) { n.Sign = "forged" }
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"junk to a known address, and the genuine one after it": func(t *testing.T, f *fixture) {
			a := f.pending()
			for range 2000 {
				verdict, err := f.Notify(t.Context(), a.NotifyToken, notification(a, junk))
				wantError(t, err, nil)
				same(t, "verdict", verdict, checkout.VerdictRejected)
				time.Sleep(5 * time.Millisecond)
			}
			same(t, "kept", len(f.entries(a, checkout.EntryNotification)), checkout.KeptNotifications)
			same(t, "reported", len(f.alerts.all), checkout.KeptNotifications)
			if n := f.readAttempt(a).Notifications.Rejected; n < 10 || n > 16 {
				t.Errorf("%d are counted in 10 s, want about one a second beyond those that are kept", n)
			}
			f.gateway.pay(a.OutTradeNo)
			same(t, "verdict", f.notify(a, nil), checkout.VerdictAccepted)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "cause", f.entries(a, checkout.EntryQuery)[len(f.entries(a, checkout.EntryQuery))-1].Cause, checkout.CauseNotification)
		},
		"junk of a sender who has sent too much leaves no trace": func(t *testing.T, f *fixture) {
			a := f.pending()
			verdict, err := f.NotifySigned(t.Context(), a.NotifyToken, notification(a, junk))
			wantError(t, err, nil)
			same(t, "verdict", verdict, checkout.VerdictRejected)
			same(t, "attempt", f.readAttempt(a).Notifications, checkout.NotificationCounts{})
			same(t, "reports", len(f.alerts.all), 0)
			f.gateway.pay(a.OutTradeNo)
			verdict, err = f.NotifySigned(t.Context(), a.NotifyToken, notification(a, nil))
			wantError(t, err, nil)
			same(t, "verdict of a signed one", verdict, checkout.VerdictAccepted)
			f.waitUntilIdle()
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"replays of a signed one": func(t *testing.T, f *fixture) {
			a := f.pending()
			failed := func(n *fakeNotification) { n.State = checkout.OrderFailed }
			before := f.gateway.order(a.OutTradeNo).queries
			for range 500 {
				verdict, err := f.Notify(t.Context(), a.NotifyToken, notification(a, failed))
				wantError(t, err, nil)
				same(t, "verdict", verdict, checkout.VerdictAccepted)
				time.Sleep(20 * time.Millisecond)
			}
			same(t, "kept", len(f.entries(a, checkout.EntryNotification)), checkout.KeptNotifications)
			if n := f.gateway.order(a.OutTradeNo).queries - before; n > 16 {
				t.Errorf("%d queries in 10 s of replays", n)
			}
			f.gateway.pay(a.OutTradeNo)
			same(t, "verdict", f.notify(a, nil), checkout.VerdictAccepted)
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"returns, and wishes to cancel what cannot be closed": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.beforeClose = func(*order) error { return checkout.ErrRefused }
			for range 300 {
				f.Returned(t.Context(), a.ReturnToken)
				_, _ = f.Cancel(t.Context(), a.SessionID)
				time.Sleep(5 * time.Second)
			}
			timeline, err := f.store.Timeline(t.Context(), a.SessionID)
			wantError(t, err, nil)
			kinds := map[checkout.EntryKind]int{}
			for _, e := range timeline {
				kinds[e.Kind]++
			}
			same(t, "returns", kinds[checkout.EntryReturn], checkout.MaxReturns)
			same(t, "wishes", kinds[checkout.EntryCancel], checkout.MaxCancelWishes)
			same(t, "queries", kinds[checkout.EntryQuery], 200)
			same(t, "closings", kinds[checkout.EntryClose], 200)
			same(t, "queries that are counted", f.readAttempt(a).Queries, 300)
		},
		"a browser that asks on and on, and the payment after it": func(t *testing.T, f *fixture) {
			a := f.pending()
			for range 400 {
				_, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser)
				wantError(t, err, nil)
				time.Sleep(2 * time.Second)
			}
			same(t, "queries", len(f.entries(a, checkout.EntryQuery)), 200)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			queries := f.entries(a, checkout.EntryQuery)
			same(t, "the last query", queries[len(queries)-1].Result, "paid")
		},
	})
}

// No GET reads a timeline, however long it is.
func TestPagesReadNoTimeline(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.startInWeChat()
		f.memory.broken = func(method string) error {
			if method == "Timeline" {
				t.Error("a timeline was read")
			}
			return nil
		}
		_, err := f.View(t.Context(), a.SessionID)
		wantError(t, err, nil)
		f.Returned(t.Context(), a.ReturnToken)
		f.BridgeAnswered(t.Context(), a, "get_brand_wcpay_request:fail")
		failed, err := f.BridgeFailed(t.Context(), a.SessionID, a.Payer)
		wantError(t, err, nil)
		same(t, "failed", failed, true)
		f.notify(a, nil)
		_, err = f.Cancel(t.Context(), a.SessionID)
		wantError(t, err, nil)
	})
}
