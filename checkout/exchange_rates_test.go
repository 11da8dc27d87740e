package checkout_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// fakeRates is a checkout.Rates whose answer the test sets.
type fakeRates struct {
	mu    sync.Mutex
	price int64
	err   error
	calls []string
}

func (p *fakeRates) Rate(_ context.Context, merchant string, c flow.Channel, currency string) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, merchant+" "+string(c)+" "+currency)
	return p.price, p.err
}

func (p *fakeRates) set(price int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.price, p.err = price, err
}

func (p *fakeRates) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

// withRates configures the fixture with rates.
func (f *fixture) withRates(p *fakeRates) {
	f.t.Helper()
	c := f.config()
	c.Rates = p
	f.configure(c)
}

// checkApproximation checks the approximate amount in CNY, in minor units. 0 means
// that there is none.
func (f *fixture) checkApproximation(s checkout.Session, want int64) {
	f.t.Helper()
	synctest.Wait()
	if minor, known := f.ApproximateCNY(s); minor != want || known != (want > 0) {
		f.t.Errorf("approximate amount %d, known %v, want %d", minor, known, want)
	}
}

func TestApproximateCNY(t *testing.T) {
	inBubble(t, func(_ *testing.T, f *fixture) {
		p := &fakeRates{price: 91234567}
		f.withRates(p)
		s := f.session() // HKD 880.00
		f.checkApproximation(s, 80286)
		p.set(1, nil)
		time.Sleep(59 * time.Minute)
		f.SweepWatched(f.t.Context())
		f.checkApproximation(s, 80286)
		if p.count() != 1 {
			f.t.Errorf("calls %v, want one", p.calls)
		}
		time.Sleep(2 * time.Minute)
		f.SweepWatched(f.t.Context())
		f.checkApproximation(s, 0) // an amount that rounds to 0 is not shown
		if p.count() != 2 {
			f.t.Errorf("calls %v, want two", p.calls)
		}
	})
}

func TestRatesThatAreUnavailable(t *testing.T) {
	inBubble(t, func(_ *testing.T, f *fixture) {
		p := &fakeRates{price: 2_00000000}
		f.withRates(p)
		s := f.session()
		f.checkApproximation(s, 176000)
		p.set(0, errors.New("down"))
		for range 23 * 60 {
			time.Sleep(time.Minute)
			f.SweepWatched(f.t.Context())
		}
		f.checkApproximation(s, 176000) // the last known rate
		if n := p.count(); n < 200 || n > 23*12+2 {
			f.t.Errorf("%d calls in 23 hours, want one in 5 minutes", n)
		}
		time.Sleep(2 * time.Hour)
		f.checkApproximation(s, 0)
	})
}

func TestNoApproximation(t *testing.T) {
	inBubble(t, func(_ *testing.T, f *fixture) {
		p := &fakeRates{price: 91234567}
		f.withRates(p)
		s := f.session()
		for name, change := range map[string]func(*checkout.Session){
			"in CNY":          func(s *checkout.Session) { s.Currency = "CNY" },
			"by AlipayHK":     func(s *checkout.Session) { s.Wallets = []flow.Wallet{flow.WalletAlipayHK} },
			"of a large sum":  func(s *checkout.Session) { s.Amount, s.Currency = checkout.MaxAmount, "GBP" },
			"without a rate":  func(s *checkout.Session) { s.Currency = "USD" },
			"of another shop": func(s *checkout.Session) { s.Merchant = "nobody" },
		} {
			other := s
			change(&other)
			synctest.Wait()
			if minor, known := f.ApproximateCNY(other); known {
				f.t.Errorf("%s: approximate amount %d, want none", name, minor)
			}
		}
		p.set(9_22337203685_4775807, nil)
		f.SweepWatched(f.t.Context())
		large := s
		large.Amount, large.Currency = checkout.MaxAmount, "GBP"
		f.checkApproximation(large, 0)
	})
	t.Run("without rates", func(t *testing.T) {
		inBubble(t, func(_ *testing.T, f *fixture) { f.checkApproximation(f.session(), 0) })
	})
}
