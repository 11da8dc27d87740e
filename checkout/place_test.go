package checkout_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestStart(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"places the session's order": func(t *testing.T, f *fixture) {
			s := f.session()
			a := f.start(s, flow.WalletAlipayCN)
			o := f.gateway.order(a.OutTradeNo)
			same(t, "order", o.Order, checkout.Order{
				OrderRef: checkout.OrderRef{Merchant: shop, Account: shop, Channel: flow.ChannelAlipay, OutTradeNo: a.OutTradeNo},
				Wallet:   flow.WalletAlipayCN, Flow: flow.Web, Amount: s.Amount, Currency: s.Currency,
				Subject: s.Subject, ProductID: a.OutTradeNo, ExpiresAt: s.ExpiresAt, Remaining: s.ExpiresAt.Sub(s.CreatedAt), FrameWidth: checkout.FrameWidth,
				NotifyURL: "https://pay.example/n/" + a.NotifyToken, ReturnURL: "https://pay.example/r/" + a.ReturnToken,
			})
			same(t, "attempt", a.Placed.URL, "https://cashier.example/"+a.OutTradeNo)
			same(t, "trade id", a.TradeID, o.TradeID)
			same(t, "next query", f.readAttempt(a).NextQueryAt, time.Now().Add(3*time.Second))
			f.checkNoLease(a)
		},
		"sends the openid and stores its tag only": func(t *testing.T, f *fixture) {
			r := request(f.session(), flow.WalletWeChat)
			r.Device, r.OpenID, r.Payer = inApp, "openid", "tag"
			a, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			same(t, "openid", f.gateway.order(a.OutTradeNo).OpenID, "openid")
			same(t, "payer", a.Payer, "tag")
			same(t, "flow", a.Flow, flow.JSAPI)
		},
		"replaces a code that is about to expire": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.ExpiresAt = time.Now().Add(5 * time.Hour)
			s, err := f.Create(t.Context(), n)
			wantError(t, err, nil)
			old := f.start(s, flow.WalletWeChat)
			time.Sleep(100 * time.Minute)
			same(t, "attempt after 100 minutes", f.start(s, flow.WalletWeChat).ID, old.ID)
			time.Sleep(15 * time.Minute)
			fresh := f.start(s, flow.WalletWeChat)
			same(t, "live orders", f.gateway.live(), []string{fresh.OutTradeNo})
			f.checkState(old, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"a second time finds the same attempt": func(t *testing.T, f *fixture) {
			s := f.session()
			first, second := f.start(s, flow.WalletWeChat), f.start(s, flow.WalletWeChat)
			same(t, "attempt", second.ID, first.ID)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"another wallet gets its own attempt": func(t *testing.T, f *fixture) {
			s := f.session()
			f.start(s, flow.WalletWeChat)
			f.start(s, flow.WalletAlipayHK)
			same(t, "live orders", len(f.gateway.live()), 2)
		},
		"another flow closes the old order first": func(t *testing.T, f *fixture) {
			s := f.session()
			old := f.start(s, flow.WalletAlipayCN)
			f.gateway.beforeCreate = func(*order) error {
				if !f.gateway.orders[old.OutTradeNo].closed {
					t.Error("a second order was placed before the first was closed")
				}
				return nil
			}
			r := request(s, flow.WalletAlipayCN)
			r.Flow = flow.Iframe
			a, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			same(t, "flow", a.Flow, flow.Iframe)
			f.checkState(old, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
			same(t, "live orders", f.gateway.live(), []string{a.OutTradeNo})
		},
		"another WeChat user gets another order": func(t *testing.T, f *fixture) {
			r := request(f.session(), flow.WalletWeChat)
			r.Device, r.OpenID, r.Payer = inApp, "one", "1"
			first, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			r.OpenID, r.Payer = "two", "2"
			second, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			same(t, "live orders", f.gateway.live(), []string{second.OutTradeNo})
			same(t, "first", f.readAttempt(first).State, checkout.AttemptClosed)
		},
		"finds a payment when another flow is requested": func(t *testing.T, f *fixture) {
			s := f.session()
			old := f.start(s, flow.WalletAlipayCN)
			f.gateway.pay(old.OutTradeNo)
			r := request(s, flow.WalletAlipayCN)
			r.Flow = flow.Iframe
			_, err := f.Start(t.Context(), r)
			wantError(t, err, checkout.ErrNotPayable)
			f.checkState(old, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"places no order while a payment is reported and not confirmed": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
			other := request(f.readSession(a.SessionID), flow.WalletAlipayCN)
			other.Flow = flow.Iframe
			for _, r := range []checkout.StartRequest{other, request(f.readSession(a.SessionID), flow.WalletWeChat)} {
				_, err := f.Start(t.Context(), r)
				wantError(t, err, checkout.ErrNotPayable)
			}
			same(t, "orders", len(f.gateway.placed()), 1)
			f.sweepFor(20 * time.Second) // query denies it once more
			_, err := f.Start(t.Context(), other)
			wantError(t, err, nil)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"places no order by another flow while the gateway is down": func(t *testing.T, f *fixture) {
			s := f.session()
			old := f.start(s, flow.WalletAlipayCN)
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			r := request(s, flow.WalletAlipayCN)
			r.Flow = flow.Iframe
			_, err := f.Start(t.Context(), r)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			f.checkState(old, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(old)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
	})
}

func TestStartRefuses(t *testing.T) {
	start := func(s checkout.Session, f *fixture, change func(*checkout.StartRequest)) error {
		r := request(s, flow.WalletAlipayCN)
		change(&r)
		_, err := f.Start(f.t.Context(), r)
		same(f.t, "orders", f.gateway.placed(), []string(nil))
		return err
	}
	field := func(t *testing.T, err error, name string) {
		var wrong *checkout.FieldError
		if !errors.As(err, &wrong) || wrong.Field != name {
			t.Errorf("error %v, want a FieldError of %s", err, name)
		}
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"an id that cannot be one": func(t *testing.T, f *fixture) {
			wantError(t, start(f.session(), f, func(r *checkout.StartRequest) { r.SessionID = "cs_' OR 1=1 --" }), checkout.ErrNotFound)
		},
		"a page that is loaded ahead": func(t *testing.T, f *fixture) {
			wantError(t, start(f.session(), f, func(r *checkout.StartRequest) { r.Device, r.Flow = ahead, flow.Web }), checkout.ErrNotHere)
		},
		"WeChat Pay in a phone's browser": func(t *testing.T, f *fixture) {
			wantError(t, start(f.session(), f, func(r *checkout.StartRequest) { r.Device, r.Wallet = phone, flow.WalletWeChat }), checkout.ErrNotHere)
		},
		"a guide": func(t *testing.T, f *fixture) {
			wantError(t, start(f.session(), f, func(r *checkout.StartRequest) { r.Flow = flow.Guided }), checkout.ErrNotHere)
		},
		"JSAPI without an openid": func(t *testing.T, f *fixture) {
			wantError(t, start(f.session(), f, func(r *checkout.StartRequest) { r.Device, r.Wallet = inApp, flow.WalletWeChat }), checkout.ErrNeedsOpenID)
		},
		"a wallet that is not offered": func(t *testing.T, f *fixture) {
			field(t, start(f.session(), f, func(r *checkout.StartRequest) { r.Wallet = "paypal" }), "wallet")
		},
		"a flow of another wallet": func(t *testing.T, f *fixture) {
			field(t, start(f.session(), f, func(r *checkout.StartRequest) { r.Flow = flow.Native }), "flow")
		},
		"a session whose time is over": func(t *testing.T, f *fixture) {
			s := f.session()
			time.Sleep(30 * time.Minute)
			wantError(t, start(s, f, func(*checkout.StartRequest) {}), checkout.ErrNotPayable)
		},
		"a canceled session": func(t *testing.T, f *fixture) {
			s := f.session()
			_, err := f.Cancel(t.Context(), s.ID)
			wantError(t, err, nil)
			wantError(t, start(s, f, func(*checkout.StartRequest) {}), checkout.ErrNotPayable)
		},
	})
}

// startAtOnce starts the same wallet n times at once. It returns the attempt and the
// error of each call.
func (f *fixture) startAtOnce(s checkout.Session, n int) (found []checkout.Attempt, errs []error) {
	found, errs = make([]checkout.Attempt, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { found[i], errs[i] = f.Start(f.t.Context(), request(s, flow.WalletWeChat)) })
	}
	wg.Wait()
	return found, errs
}

// checkOneOrder clicks 50 times at once, and checks that there is one order.
func (f *fixture) checkOneOrder(s checkout.Session) {
	f.t.Helper()
	found, errs := f.startAtOnce(s, 50)
	for i, a := range found {
		if errs[i] != nil || a.ID != found[0].ID || a.State != checkout.AttemptPending || a.Placed.Code == "" {
			f.t.Fatalf("click %d: attempt %s is %s, error %v", i, a.ID, a.State, errs[i])
		}
	}
	same(f.t, "orders", f.gateway.placed(), []string{found[0].OutTradeNo})
	same(f.t, "requests to place it", f.gateway.order(found[0].OutTradeNo).creates, 1)
}

func TestClicksAtOnce(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"get one order": func(_ *testing.T, f *fixture) { f.checkOneOrder(f.session()) },
		"share the number of an order of unknown outcome": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.beforeCreate = once(timeout) })
			s := f.session()
			found, errs := f.startAtOnce(s, 20)
			unknown := 0
			for i := range found {
				if errors.Is(errs[i], checkout.ErrOutcomeUnknown) {
					unknown++
				} else if errs[i] != nil || found[i].State != checkout.AttemptPending {
					t.Errorf("click %d: attempt is %s, error %v", i, found[i].State, errs[i])
				}
			}
			same(t, "clicks with an unknown outcome", unknown, 1)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"wait for a slow gateway and no longer": func(t *testing.T, f *fixture) {
			s := f.session()
			f.gateway.script(func() { f.gateway.latency = 9 * time.Second })
			first := make(chan error)
			go func() {
				_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
				first <- err
			}()
			time.Sleep(time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			_, err := f.Start(ctx, request(s, flow.WalletWeChat))
			wantError(t, err, context.DeadlineExceeded)
			wantError(t, <-first, nil)
		},
		"do not wait for ever for a node that was killed": func(t *testing.T, f *fixture) {
			s := f.session()
			killed := checkout.Attempt{
				ID: "at_killed", SessionID: s.ID, Merchant: shop, State: checkout.AttemptCreating, Wallet: flow.WalletWeChat,
				Flow: flow.Native, OutTradeNo: "killed", Amount: s.Amount, Currency: s.Currency, CreatedAt: time.Now(),
			}
			if err := f.store.CreateAttempt(t.Context(), killed, s.Version, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, checkout.ErrOutcomeUnknown)
		},
	})
}

// Pages show the newest order. So a wallet that is clicked again after another one
// gets a new order, and its old order is closed first.
func TestShopperGoesBackToAWallet(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		s := f.session()
		first := f.start(s, flow.WalletWeChat)
		f.start(s, flow.WalletAlipayHK)
		again := f.start(s, flow.WalletWeChat)
		v, err := f.View(t.Context(), s.ID)
		wantError(t, err, nil)
		if v.Attempt.ID != again.ID || again.ID == first.ID {
			t.Errorf("the page shows %s, want the new attempt %s, which is not the first one %s", v.Attempt.ID, again.ID, first.ID)
		}
		old, err := f.store.Attempt(t.Context(), first.ID)
		wantError(t, err, nil)
		same(t, "state of the first", old.State, checkout.AttemptClosed)
		same(t, "attempt of a double click", f.start(s, flow.WalletWeChat).ID, again.ID)
	})
}
