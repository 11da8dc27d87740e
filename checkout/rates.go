package checkout

import (
	"context"
	"math/bits"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Rates tells prices of currencies: those by which a wallet of the mainland
// will take CNY from its shopper, more or less.
type Rates interface {
	// Rate returns the price of one unit of a currency, in 1e-8 CNY.
	Rate(ctx context.Context, merchant string, c flow.Channel, currency string) (int64, error)
}

const (
	// rateUnit is how many units of a rate make one CNY.
	rateUnit = 100_000_000
	// ratePeriod is how long a rate is shown before it is asked for anew, and
	// rateAgain how long one that could not be had is left alone.
	ratePeriod = time.Hour
	rateAgain  = 5 * time.Minute
	// rateStale is the age at which a rate that cannot be renewed is shown no
	// more.
	rateStale = 24 * time.Hour
)

// rates are those that pages need. A page that needs one says so and goes
// without: the next round asks for it, because reading a page calls nobody.
type rates struct {
	mu    sync.Mutex
	known map[rateOf]rate
	// running says that a round is on its way.
	running bool
}

type rateOf struct {
	merchant string
	channel  flow.Channel
	currency string
}

type rate struct {
	price int64 // 0 for none yet
	at    time.Time
	// due is when to ask next.
	due time.Time
}

func newRates() *rates { return &rates{known: map[rateOf]rate{}} }

// ApproximateCNY returns about what a session's amount is in CNY, in minor
// units, where a wallet of the mainland is offered and a rate is known. It is
// for show: what a shopper pays is the wallet's to say.
func (s *Service) ApproximateCNY(session Session) (minor int64, known bool) {
	if s.asksRates == nil || session.Currency == "CNY" {
		return 0, false
	}
	for _, w := range session.Wallets {
		if w == flow.WalletAlipayHK { // it pays in HKD
			continue
		}
		price := s.rates.price(rateOf{session.Merchant, w.Channel(), session.Currency}, s.clock.Now())
		return convert(session.Amount, price)
	}
	return 0, false
}

// convert multiplies and rounds. It reports false where there is no price, and
// for what is beyond MaxAmount.
func convert(amount, price int64) (int64, bool) {
	if price <= 0 {
		return 0, false
	}
	high, low := bits.Mul64(uint64(amount), uint64(price)) //nolint:gosec // neither is negative
	low, carry := bits.Add64(low, rateUnit/2, 0)
	if high+carry >= rateUnit {
		return 0, false
	}
	minor, _ := bits.Div64(high+carry, low, rateUnit)
	return int64(minor), minor > 0 && minor <= MaxAmount //nolint:gosec // within MaxAmount, or not used
}

// price returns a rate, 0 for none, and has it asked for when it is due.
func (r *rates) price(of rateOf, now time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, wanted := r.known[of]
	if !wanted {
		r.known[of] = rate{due: now}
	}
	if now.After(found.at.Add(rateStale)) {
		return 0
	}
	return found.price
}

// begin returns the rates to ask for, nil while another round runs.
func (r *rates) begin(now time.Time) []rateOf {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running {
		return nil
	}
	var due []rateOf
	for of, found := range r.known {
		if !now.Before(found.due) {
			due = append(due, of)
		}
	}
	r.running = len(due) > 0
	return due
}

func (r *rates) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = false
}

// learn records a price, or that there is none now.
func (r *rates) learn(of rateOf, price int64, err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		found := r.known[of]
		found.due = now.Add(rateAgain)
		r.known[of] = found
		return
	}
	r.known[of] = rate{price: price, at: now, due: now.Add(ratePeriod)}
}

// refreshRates asks for the rates that are due, in the background.
func (s *Service) refreshRates() {
	if s.asksRates == nil {
		return
	}
	due := s.rates.begin(s.clock.Now())
	if len(due) == 0 {
		return
	}
	began := s.background(func() {
		defer s.rates.end()
		for _, of := range due {
			s.refreshRate(of)
		}
	})
	if !began {
		s.rates.end()
	}
}

func (s *Service) refreshRate(of rateOf) {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	price, err := s.asksRates.Rate(ctx, of.merchant, of.channel, of.currency)
	if err != nil {
		s.alert(Alert{Problem: "no rate for " + of.currency, Err: err})
	}
	s.rates.learn(of, price, err, s.clock.Now())
}
