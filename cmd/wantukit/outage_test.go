package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// outage is a gateway that is away in different ways: connections are cut or hang,
// before or after it has carried out the call, or a proxy answers.
type outage struct {
	faulty
	calls, acted atomic.Int64
	over         chan struct{}
}

func (o *outage) begin() { o.set(o.strike) }

func (o *outage) end() {
	o.set(nil)
	close(o.over)
}

func (o *outage) strike(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/paygate/") {
		o.gateway.ServeHTTP(w, r)
		return
	}
	n := o.calls.Add(1)
	if n%2 == 0 {
		o.acted.Add(1)
		o.gateway.ServeHTTP(discard{http.Header{}}, r)
	}
	switch n / 2 % 3 {
	case 0:
		http.Error(w, "away", http.StatusBadGateway)
		return
	case 1:
		select {
		case <-o.over:
		case <-r.Context().Done():
		}
	}
	panic(http.ErrAbortHandler)
}

// shopping is one of many sessions. Its shopper pays, or leaves without paying.
type shopping struct {
	id   string
	pays bool
}

const (
	shoppings  = 200
	outageFor  = 10 * time.Second
	everyFifth = 5
)

func TestGatewayAwayInTheMiddleOfManyPayments(t *testing.T) {
	t.Parallel()
	o := &outage{over: make(chan struct{})}
	b := newBuyer(t, o.before)
	var wg sync.WaitGroup
	all := make([]shopping, shoppings)
	arrive := time.NewTicker(75 * time.Millisecond)
	defer arrive.Stop()
	began := time.Now()
	for i := range all {
		<-arrive.C
		if i == shoppings/5 {
			o.begin()
			time.AfterFunc(outageFor, o.end)
		}
		wg.Go(func() { all[i] = b.shop(i%everyFifth != 0) })
	}
	wg.Wait()
	<-o.over
	paid := 0
	for _, s := range all {
		if s.pays {
			paid++
			b.awaitPaid(s.id)
			b.paidOnce(s.id)
		}
	}
	attempts := b.checkOutage(all)
	tell(t, fmt.Sprintf("gateway away for %s: %d sessions, %d paid, %d attempts, %d orders; %d calls failed, of which the gateway carried out %d; all right after %s",
		outageFor, len(all), paid, attempts, len(b.demo.sandbox.Orders()), o.calls.Load(), o.acted.Load(), time.Since(began).Round(time.Millisecond)))
	if o.calls.Load() < 50 || o.acted.Load() < 20 {
		t.Error("the outage hardly struck")
	}
}

// shop makes a session and places its order, with retries while the page says that
// the gateway is away, and then pays, at once or later.
func (b *buyer) shop(pays bool) shopping {
	b.Helper()
	wallet := flow.WalletWeChat
	if pays {
		wallet = flow.WalletAlipayCN
	}
	s := shopping{b.session(string(wallet)), pays}
	var a checkout.Attempt
	eventually(b.T, "the shopper has an order", func() bool {
		b.post("/c/"+s.id, "/attempts", url.Values{"wallet": {string(wallet)}})
		attempts := b.attempts(s.id)
		a = attempts[len(attempts)-1]
		if a.State == checkout.AttemptPending {
			return true
		}
		time.Sleep(500 * time.Millisecond) // as a shopper does: all at once would only make the machine slower
		return false
	})
	if pays {
		b.pay(a)
		b.post("/c/"+s.id, "/confirm", nil)
	}
	return s
}

// checkOutage compares the gateway's orders with the database: each order has one
// attempt, and each session is paid once if it was paid at the gateway. It returns
// the number of attempts.
func (b *buyer) checkOutage(all []shopping) (attempts int) {
	b.Helper()
	orders := map[string]sandbox.Order{}
	for _, order := range b.demo.sandbox.Orders() {
		if _, twice := orders[order.OutTradeNo]; twice {
			b.Errorf("two orders have the number %s", order.OutTradeNo)
		}
		orders[order.OutTradeNo] = order
	}
	for _, s := range all {
		paid, live := 0, 0
		for _, a := range b.attempts(s.id) {
			attempts++
			switch orders[a.OutTradeNo].Status {
			case sandbox.StatusSuccess:
				paid++
			case sandbox.StatusNotPay:
				live++
			default:
			}
			if isPaid := orders[a.OutTradeNo].Status == sandbox.StatusSuccess; isPaid != (a.State == checkout.AttemptPaid) {
				b.Errorf("the attempt is %s, its order %s", a.State, orders[a.OutTradeNo].Status)
			}
			delete(orders, a.OutTradeNo)
		}
		session, err := b.demo.kit.Store().Session(b.Context(), s.id)
		if err != nil || session.PaidTwice || session.PaidLate || (paid == 1) != s.pays || (session.PaymentStatus == checkout.PaymentPaid) != s.pays {
			b.Errorf("session %+v (%v), of which %d orders are paid, want it paid: %v", session, err, paid, s.pays)
		}
		if paid+live != 1 {
			b.Errorf("of session %s %d orders are paid and %d could be", s.id, paid, live)
		}
	}
	if len(orders) > 0 {
		b.Errorf("orders of no attempt: %v", orders)
	}
	return attempts
}
