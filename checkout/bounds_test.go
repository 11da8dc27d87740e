package checkout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// click asks for an order by a flow of Alipay. It returns the limit that refused
// the order, or the attempt.
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

// clickAlternately clicks n times, on two flows in turn. It returns how many
// attempts the session has then.
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
			limit, again := f.click(s, last.Flow)
			if limit != nil || again.ID != last.ID {
				t.Errorf("limit %v and attempt %s, want the open attempt %s", limit, again.ID, last.ID)
			}
		},
		"after 5 orders there is one in 30 s, and 20 in all": func(t *testing.T, f *fixture) {
			s := f.session()
			same(t, "orders", f.clickAlternately(s, 28*60, time.Second), checkout.MaxAttempts)
			all := f.attempts(s)
			for i := 5; i < len(all); i++ {
				if apart := all[i].CreatedAt.Sub(all[i-1].CreatedAt); apart < 30*time.Second {
					t.Errorf("order %d came %s after the one before, want 30 s", i+1, apart)
				}
			}
			last := all[len(all)-1]
			other := flow.Web
			if last.Flow == other {
				other = flow.Iframe
			}
			limit, _ := f.click(s, other)
			if limit == nil || limit.Wait != 0 {
				t.Errorf("limit %+v, want one without a wait", limit)
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
			f.clickAlternately(s, 2, 0) // the last order shows a code
			v, err := f.View(t.Context(), s.ID)
			wantError(t, err, nil)
			if v.StartLimit != nil || v.RenewIn <= 0 {
				t.Errorf("limit %v before 5 orders, renewal in %s", v.StartLimit, v.RenewIn)
			}
			f.clickAlternately(s, 2, 0)
			v, err = f.View(t.Context(), s.ID)
			wantError(t, err, nil)
			if v.StartLimit == nil || v.RenewIn >= 0 {
				t.Errorf("limit %v, renewal in %s, want a limit and no renewal", v.StartLimit, v.RenewIn)
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
			same(t, "orders that the gateway refused", refused, 5)
		},
		"a clock that is moved back makes nobody wait": func(t *testing.T, f *fixture) {
			s := f.session()
			f.clickAlternately(s, 5, 0)
			f.memory.moveAttempts(time.Hour)
			same(t, "orders", f.clickAlternately(s, 2, 0), 6)
		},
		"ended orders do not delay the queries of open ones": func(t *testing.T, f *fixture) {
			for range 10 {
				s := f.session()
				f.clickAlternately(s, 5, 0)
				_, err := f.Cancel(t.Context(), s.ID)
				wantError(t, err, nil)
			}
			f.memory.makeEndedAttemptsDue()
			other := f.pending()
			f.gateway.pay(other.OutTradeNo)
			f.gateway.script(func() { f.gateway.latency = 500 * time.Millisecond })
			time.Sleep(3 * time.Second)
			began := time.Now()
			wantError(t, f.Sweep(t.Context()), nil)
			f.checkState(other, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			if waited := f.readAttempt(other).QueriedAt.Sub(began); waited > 100*time.Millisecond {
				t.Errorf("the open order waited %s for its query", waited)
			}
			inTime := 0
			for _, a := range f.memory.attempts {
				if a.State == checkout.AttemptClosed && a.QueriedAt.Sub(began) < 100*time.Millisecond {
					inTime++
				}
			}
			if inTime > 32 {
				t.Errorf("%d ended orders were queried at once, want 32 at most", inTime)
			}
		},
	})
}

// moveAttempts adds a duration to the times at which the attempts were created.
func (m *memory) moveAttempts(by time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.attempts {
		a.CreatedAt = a.CreatedAt.Add(by)
		m.attempts[id] = a
	}
}

// makeEndedAttemptsDue makes all ended attempts due to be queried.
func (m *memory) makeEndedAttemptsDue() {
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
	forge := func(n *fakeNotification) { n.Sign = "forged" }
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"forged notifications to a known address, and a genuine one after them": func(t *testing.T, f *fixture) {
			a := f.pending()
			for range 2000 {
				verdict, err := f.Notify(t.Context(), a.NotifyToken, notification(a, forge))
				wantError(t, err, nil)
				same(t, "verdict", verdict, checkout.VerdictRejected)
				time.Sleep(5 * time.Millisecond)
			}
			same(t, "entries", len(f.entries(a, checkout.EntryNotification)), checkout.KeptNotifications)
			same(t, "alerts", len(f.alerts.all), checkout.KeptNotifications)
			if n := f.readAttempt(a).Notifications.Rejected; n < 10 || n > 16 {
				t.Errorf("%d are counted in 10 s, want the first 5 and then about one in a second", n)
			}
			f.gateway.pay(a.OutTradeNo)
			same(t, "verdict", f.notify(a, nil), checkout.VerdictAccepted)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "cause", f.entries(a, checkout.EntryQuery)[len(f.entries(a, checkout.EntryQuery))-1].Cause, checkout.CauseNotification)
		},
		"forged notifications of a client over its limit leave no trace": func(t *testing.T, f *fixture) {
			a := f.pending()
			verdict, err := f.NotifySigned(t.Context(), a.NotifyToken, notification(a, forge))
			wantError(t, err, nil)
			same(t, "verdict", verdict, checkout.VerdictRejected)
			same(t, "attempt", f.readAttempt(a).Notifications, checkout.NotificationCounts{})
			same(t, "alerts", len(f.alerts.all), 0)
			f.gateway.pay(a.OutTradeNo)
			verdict, err = f.NotifySigned(t.Context(), a.NotifyToken, notification(a, nil))
			wantError(t, err, nil)
			same(t, "verdict of a signed notification", verdict, checkout.VerdictAccepted)
			f.waitUntilIdle()
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"replays of a signed notification": func(t *testing.T, f *fixture) {
			a := f.pending()
			failed := func(n *fakeNotification) { n.State = checkout.OrderFailed }
			before := f.gateway.order(a.OutTradeNo).queries
			for range 500 {
				verdict, err := f.Notify(t.Context(), a.NotifyToken, notification(a, failed))
				wantError(t, err, nil)
				same(t, "verdict", verdict, checkout.VerdictAccepted)
				time.Sleep(20 * time.Millisecond)
			}
			same(t, "entries", len(f.entries(a, checkout.EntryNotification)), checkout.KeptNotifications)
			if n := f.gateway.order(a.OutTradeNo).queries - before; n > 16 {
				t.Errorf("%d queries in 10 s of replays, want 16 at most", n)
			}
			f.gateway.pay(a.OutTradeNo)
			same(t, "verdict", f.notify(a, nil), checkout.VerdictAccepted)
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"returns, and requests to cancel an order that cannot be closed": func(t *testing.T, f *fixture) {
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
			same(t, "requests to cancel", kinds[checkout.EntryCancel], checkout.MaxCancelRequests)
			same(t, "entries of queries", kinds[checkout.EntryQuery], 200)
			same(t, "entries of closes", kinds[checkout.EntryClose], 200)
			same(t, "queries", f.readAttempt(a).Queries, 300)
		},
		"a browser that polls for long, and the payment after it": func(t *testing.T, f *fixture) {
			a := f.pending()
			for range 400 {
				_, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser)
				wantError(t, err, nil)
				time.Sleep(2 * time.Second)
			}
			same(t, "entries of queries", len(f.entries(a, checkout.EntryQuery)), 200)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			queries := f.entries(a, checkout.EntryQuery)
			same(t, "the last query", queries[len(queries)-1].Result, "paid")
		},
	})
}

// Pages, returns, answers of WeChat's sheet and notifications read no timeline,
// because it can be long.
func TestPagesReadNoTimeline(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.startInWeChat()
		f.memory.broken = func(method string) error {
			if method == "Timeline" {
				t.Error("the timeline was read")
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
