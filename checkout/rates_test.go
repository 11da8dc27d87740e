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

// fakeRates is a Rates that the test sets.
type fakeRates struct {
	mu    sync.Mutex
	price int64
	err   error
	asked []string
}

func (p *fakeRates) Rate(_ context.Context, merchant string, c flow.Channel, currency string) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, merchant+" "+string(c)+" "+currency)
	return p.price, p.err
}

func (p *fakeRates) set(price int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.price, p.err = price, err
}

func (p *fakeRates) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

// withRates gives the fixture a Service that knows rates.
func (f *fixture) withRates(p *fakeRates) {
	f.t.Helper()
	c := f.config()
	c.Rates = p
	f.configure(c)
}

func (f *fixture) checkApproximation(s checkout.Session, want int64) {
	f.t.Helper()
	synctest.Wait()
	if minor, known := f.ApproximateCNY(s); minor != want || known != (want > 0) {
		f.t.Errorf("about %d, %v; want %d", minor, known, want)
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
		if p.times() != 1 {
			f.t.Errorf("asked %v", p.asked)
		}
		time.Sleep(2 * time.Minute)
		f.SweepWatched(f.t.Context())
		f.checkApproximation(s, 0) // rounds to nothing worth saying
		if p.times() != 2 {
			f.t.Errorf("asked %v", p.asked)
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
		f.checkApproximation(s, 176000) // the last one that was had
		if n := p.times(); n < 200 || n > 23*12+2 {
			f.t.Errorf("asked %d times in 23 hours: each 5 minutes would be right", n)
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
				f.t.Errorf("%s: about %d", name, minor)
			}
		}
		p.set(9_22337203685_4775807, nil)
		f.SweepWatched(f.t.Context())
		large := s
		large.Amount, large.Currency = checkout.MaxAmount, "GBP"
		f.checkApproximation(large, 0)
	})
	t.Run("where nobody knows rates", func(t *testing.T) {
		inBubble(t, func(_ *testing.T, f *fixture) { f.checkApproximation(f.session(), 0) })
	})
}
