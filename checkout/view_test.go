package checkout_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// viewOf stores a session as change leaves it, with these attempts, and returns its
// view.
func (f *fixture) viewOf(change func(*checkout.Session), attempts ...checkout.Attempt) checkout.View {
	f.t.Helper()
	s := f.session()
	change(&s)
	f.memory.sessions[s.ID] = s
	for _, a := range attempts {
		a.SessionID, a.ReturnToken = s.ID, "aaaaaaaaaaaaaaaaaaaaaaaaaa"
		f.memory.attempts[a.ID] = memoryAttempt{Attempt: a}
	}
	v, err := f.View(f.t.Context(), s.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return v
}

// attemptIn is an attempt in a state, with a flow.
func attemptIn(state checkout.AttemptState, way flow.Flow) checkout.Attempt {
	return checkout.Attempt{ID: "at_" + string(state), State: state, Flow: way}
}

func TestPageState(t *testing.T) {
	plain := func(*checkout.Session) {}
	status := func(status checkout.Status, money checkout.PaymentStatus) func(*checkout.Session) {
		return func(s *checkout.Session) { s.Status, s.PaymentStatus = status, money }
	}
	pending := attemptIn(checkout.AttemptPending, flow.Native)
	t.Parallel()
	for name, c := range map[string]struct {
		session  func(*checkout.Session)
		attempts []checkout.Attempt
		want     page.State
		payable  bool
	}{
		"new":                 {plain, nil, page.Choose, true},
		"creating":            {plain, []checkout.Attempt{attemptIn(checkout.AttemptCreating, flow.Native)}, page.Choose, true},
		"native":              {plain, []checkout.Attempt{pending}, page.Code, true},
		"iframe":              {plain, []checkout.Attempt{attemptIn(checkout.AttemptPending, flow.Iframe)}, page.Code, true},
		"web":                 {plain, []checkout.Attempt{attemptIn(checkout.AttemptPending, flow.Web)}, page.Redirecting, true},
		"wap":                 {plain, []checkout.Attempt{attemptIn(checkout.AttemptPending, flow.WAP)}, page.Redirecting, true},
		"jsapi":               {plain, []checkout.Attempt{attemptIn(checkout.AttemptPending, flow.JSAPI)}, page.Redirecting, true},
		"failed":              {plain, []checkout.Attempt{attemptIn(checkout.AttemptFailed, flow.Web)}, page.Failed, true},
		"closed":              {plain, []checkout.Attempt{attemptIn(checkout.AttemptClosed, flow.Web)}, page.Choose, true},
		"processing":          {status(checkout.StatusOpen, checkout.PaymentProcessing), []checkout.Attempt{pending}, page.Confirming, false},
		"mismatch":            {func(s *checkout.Session) { s.AmountMismatch = true }, []checkout.Attempt{pending}, page.Failed, false},
		"complete":            {status(checkout.StatusComplete, checkout.PaymentPaid), []checkout.Attempt{pending}, page.Paid, false},
		"expired":             {status(checkout.StatusExpired, checkout.PaymentUnpaid), nil, page.Expired, false},
		"expired, a mismatch": {func(s *checkout.Session) { s.Status, s.AmountMismatch = checkout.StatusExpired, true }, nil, page.Expired, false},
		"expired, then paid":  {status(checkout.StatusExpired, checkout.PaymentPaid), nil, page.Paid, false},
		"canceled":            {status(checkout.StatusCanceled, checkout.PaymentUnpaid), nil, page.Canceled, false},
		"canceled, then paid": {status(checkout.StatusCanceled, checkout.PaymentPaid), nil, page.Paid, false},
		"partially refunded":  {status(checkout.StatusComplete, checkout.PaymentPartiallyRefunded), nil, page.Paid, false},
		"refunded":            {status(checkout.StatusComplete, checkout.PaymentRefunded), nil, page.Paid, false},
		"time over, not queried yet": {func(s *checkout.Session) { s.ExpiresAt = time.Now() }, []checkout.Attempt{pending},
			page.Confirming, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				v := f.viewOf(c.session, c.attempts...)
				same(t, "state", v.State, c.want)
				same(t, "payable", v.Payable, c.payable)
			})
		})
	}
}

func TestAttemptOfThePage(t *testing.T) {
	t.Parallel()
	attempt := func(id string, state checkout.AttemptState, age time.Duration) checkout.Attempt {
		return checkout.Attempt{ID: id, State: state, CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(-age)}
	}
	for name, c := range map[string]struct {
		attempts []checkout.Attempt
		want     string
	}{
		"the newest open one": {[]checkout.Attempt{
			attempt("old", checkout.AttemptPending, 3), attempt("new", checkout.AttemptPending, 2), attempt("closed", checkout.AttemptClosed, 1),
		}, "new"},
		"the newest where none is open": {[]checkout.Attempt{
			attempt("old", checkout.AttemptFailed, 2), attempt("new", checkout.AttemptClosed, 1),
		}, "new"},
		"the paid one above all": {[]checkout.Attempt{
			attempt("paid", checkout.AttemptPaid, 2), attempt("open", checkout.AttemptPending, 1),
		}, "paid"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				v := f.viewOf(func(*checkout.Session) {}, c.attempts...)
				same(t, "attempt", v.Attempt.ID, c.want)
			})
		})
	}
}

func TestView(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"calls no gateway and changes nothing": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.memory.broken = func(method string) error {
				if !strings.HasPrefix(method, "Session") && !strings.HasPrefix(method, "Attempt") {
					t.Errorf("a view called %s of the store", method)
				}
				return nil
			}
			for range 2 {
				if _, err := f.View(t.Context(), a.SessionID); err != nil {
					t.Fatal(err)
				}
				if _, err := f.ViewReturn(t.Context(), a.ReturnToken); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
			}
			f.memory.broken = nil
			same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 0)
		},
		"counts down to zero": func(t *testing.T, f *fixture) {
			s := f.session()
			time.Sleep(29 * time.Minute)
			v, err := f.View(t.Context(), s.ID)
			wantError(t, err, nil)
			same(t, "remaining", v.Remaining, time.Minute)
			time.Sleep(2 * time.Minute)
			v, err = f.View(t.Context(), s.ID)
			wantError(t, err, nil)
			same(t, "remaining", v.Remaining, time.Duration(0))
		},
		"has no remaining time after the end": func(t *testing.T, f *fixture) {
			v := f.viewOf(func(s *checkout.Session) { s.Status = checkout.StatusCanceled })
			same(t, "remaining", v.Remaining, time.Duration(0))
		},
		"by the token of a return": func(t *testing.T, f *fixture) {
			a := f.pending()
			v, err := f.ViewReturn(t.Context(), a.ReturnToken)
			wantError(t, err, nil)
			same(t, "session", v.Session.ID, a.SessionID)
			for _, token := range []string{"", a.NotifyToken, a.SessionID, strings.Repeat("a", 26), strings.Repeat("1", 26)} {
				_, err := f.ViewReturn(t.Context(), token)
				wantError(t, err, checkout.ErrNotFound)
			}
		},
		"of an unknown session": func(t *testing.T, f *fixture) {
			for _, id := range []string{"", "cs_", "cs_" + strings.Repeat("A", 26), "at_" + strings.Repeat("a", 26), "cs_" + strings.Repeat("a", 26)} {
				_, err := f.View(t.Context(), id)
				wantError(t, err, checkout.ErrNotFound)
			}
		},
	})
}

func TestPublicSession(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"unpaid": func(t *testing.T, f *fixture) {
			s := f.session()
			p := f.Public(s)
			same(t, "url", p.URL, "https://pay.example/c/"+s.ID)
			same(t, "metadata", p.Metadata, map[string]string{})
			same(t, "line items", p.LineItems, []checkout.LineItem{})
			if p.PaidAt != nil || p.Payment != nil || p.ClientReferenceID != nil || p.CancelURL != nil || p.Locale != nil || p.RecoveredFrom != nil {
				t.Errorf("session %+v, want no value in what is unset", p)
			}
		},
		"paid, with refunds": func(t *testing.T, f *fixture) {
			a := f.paid()
			s := f.readSession(a.SessionID)
			p := f.Public(s).Payment
			same(t, "payment", p, &checkout.PublicPayment{
				Wallet: a.Wallet, Flow: a.Flow, ReceiptNumber: a.OutTradeNo, OutTradeNo: a.OutTradeNo, TradeID: &a.TradeID, PaidAt: a.PaidAt, Refundable: 2 * half,
			})
			f.gateway.afterRefund = firstTry(noAnswer)
			f.refund(a, half, checkout.RefundPending)
			same(t, "refundable, with a pending refund", f.Public(f.readSession(s.ID)).Payment.Refundable, int64(half))
			f.sweepFor(8 * time.Second)
			same(t, "refundable, after the refund", f.Public(f.readSession(s.ID)).Payment.Refundable, int64(half))
			f.gateway.beforeRefund = func(sentRefund) error { return checkout.ErrRefused }
			f.refund(a, half, checkout.RefundFailed)
			same(t, "refundable, after a refund that failed", f.Public(f.readSession(s.ID)).Payment.Refundable, int64(half))
			f.checkEventVersions(s.ID)
		},
		"of a payment that is refunded by itself": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateRefund, false)
			a := f.paidLate()
			f.checkEventVersions(a.SessionID)
			events, err := f.store.Events(t.Context(), a.SessionID)
			wantError(t, err, nil)
			i := slices.IndexFunc(events, func(e checkout.Event) bool { return e.Type == checkout.EventPaidLate })
			same(t, "refundable, in the event of the payment", events[i].Session.Payment.Refundable, int64(0))
		},
		"in test mode": func(t *testing.T, f *fixture) {
			c := f.config()
			m := c.Merchants[shop]
			m.TestMode = true
			c.Merchants[shop] = m
			f.configure(c)
			a := f.paid()
			r := f.refund(a, half, checkout.RefundSucceeded)
			events, err := f.store.Events(t.Context(), a.SessionID)
			wantError(t, err, nil)
			live := []bool{f.Public(f.readSession(a.SessionID)).Livemode, r.Public().Livemode, f.readRefund(r).Public().Livemode}
			for _, e := range events {
				live = append(live, e.Public().Livemode, e.Session.Livemode, e.Refund != nil && e.Refund.Livemode)
			}
			same(t, "livemode", live, make([]bool, len(live)))
		},
		"paid": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			events, err := f.store.Events(t.Context(), a.SessionID)
			wantError(t, err, nil)
			session := events[0].Session
			same(t, "session of the event", session, f.Public(f.readSession(a.SessionID)))
			if session.PaidAt == nil || session.Status != checkout.StatusComplete || session.PaymentStatus != checkout.PaymentPaid {
				t.Errorf("session %+v, want a paid one", session)
			}
			same(t, "shop", f.Merchant(events[0].Merchant).Name, "Shop")
		},
	})
}

// changingStore is a store that calls change between its reads of a session's attempts
// and of the session.
type changingStore struct {
	checkout.Store
	change func()
}

func (b *changingStore) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	attempts, err := b.Attempts(ctx, id)
	if err != nil {
		return checkout.Session{}, nil, err
	}
	b.change()
	session, err := b.Session(ctx, id)
	return session, attempts, err
}

// A view that is read while the payment is recorded shows the payment. It never shows
// the choice of wallets again.
func TestViewOfAPaymentThatIsBeingSettled(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending()
		store := &changingStore{Store: f.memory, change: func() {
			f.memory.mu.Lock()
			defer f.memory.mu.Unlock()
			paid, session := f.memory.attempts[a.ID], f.memory.sessions[a.SessionID]
			paid.State = checkout.AttemptPaid
			session.Status, session.PaymentStatus = checkout.StatusComplete, checkout.PaymentPaid
			f.memory.attempts[a.ID], f.memory.sessions[a.SessionID] = paid, session
		}}
		config := f.config()
		config.Store = store
		service, err := checkout.New(config)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := service.View(t.Context(), a.SessionID); err != nil || v.State != page.Paid {
			t.Errorf("the page shows %q, error %v, want paid", v.State, err)
		}
	})
}
