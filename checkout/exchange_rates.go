package checkout

import (
	"context"
	"math/bits"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Rates tells the exchange rates by which a wallet of mainland China charges its
// shopper in CNY. They are approximate.
type Rates interface {
	// Rate returns the price of one unit of a currency, in 1e-8 CNY.
	Rate(ctx context.Context, merchant string, c flow.Channel, currency string) (int64, error)
}

const (
	// rateUnit is how many units of a rate make one CNY.
	rateUnit = 100_000_000
	// rateInterval is the time between two calls for a rate, and rateRetry the time
	// after a call that failed.
	rateInterval = time.Hour
	rateRetry    = 5 * time.Minute
	// rateMaxAge is the age at which a rate that cannot be renewed is no longer
	// shown.
	rateMaxAge = 24 * time.Hour
)

// rates keeps the rates that pages need. A page that needs a rate that is not known
// is shown without it, and the next refresh asks for it: reading a page never calls
// the gateway.
type rates struct {
	// source is nil where no rates are shown.
	source     Rates
	clock      Clock
	background *background
	// callTimeout bounds one call of the source.
	callTimeout time.Duration
	alert       func(Alert)

	mu    sync.Mutex
	known map[rateKey]rate
	// refreshing says that a refresh is running.
	refreshing bool
}

type rateKey struct {
	merchant string
	channel  flow.Channel
	currency string
}

type rate struct {
	price int64 // 0 where it is not known yet
	at    time.Time
	// due is when to ask for it next.
	due time.Time
}

// approximateCNY is [Service.ApproximateCNY].
func (r *rates) approximateCNY(session Session) (minor int64, known bool) {
	if r.source == nil || session.Currency == "CNY" {
		return 0, false
	}
	for _, w := range session.Wallets {
		if w == flow.WalletAlipayHK { // it charges in HKD
			continue
		}
		return convert(session.Amount, r.price(rateKey{session.Merchant, w.Channel(), session.Currency}, r.clock.Now()))
	}
	return 0, false
}

// convert returns amount × price, rounded. It reports false where there is no price
// and where the result is more than MaxAmount.
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

// price returns a rate, 0 where it is not known. The next refresh then asks for it.
func (r *rates) price(of rateKey, now time.Time) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	found, wanted := r.known[of]
	if !wanted {
		r.known[of] = rate{due: now}
	}
	if now.After(found.at.Add(rateMaxAge)) {
		return 0
	}
	return found.price
}

// begin returns the rates that are due, and begins a refresh where there are any. It
// returns nil while another refresh runs.
func (r *rates) begin(now time.Time) []rateKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refreshing {
		return nil
	}
	var due []rateKey
	for of, found := range r.known {
		if !now.Before(found.due) {
			due = append(due, of)
		}
	}
	r.refreshing = len(due) > 0
	return due
}

func (r *rates) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refreshing = false
}

// store records a price, or with an error that it could not be had.
func (r *rates) store(of rateKey, price int64, err error, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		found := r.known[of]
		found.due = now.Add(rateRetry)
		r.known[of] = found
		return
	}
	r.known[of] = rate{price: price, at: now, due: now.Add(rateInterval)}
}

// refresh asks for the rates that are due, in the background.
func (r *rates) refresh() {
	if r.source == nil {
		return
	}
	due := r.begin(r.clock.Now())
	if len(due) == 0 {
		return
	}
	running := r.background.run(func() {
		defer r.end()
		for _, of := range due {
			r.call(of)
		}
	})
	if !running {
		r.end()
	}
}

func (r *rates) call(of rateKey) {
	ctx, cancel := context.WithTimeout(context.Background(), r.callTimeout)
	defer cancel()
	price, err := r.source.Rate(ctx, of.merchant, of.channel, of.currency)
	if err != nil {
		r.alert(Alert{Problem: "no rate for " + of.currency, Err: err})
	}
	r.store(of, price, err, r.clock.Now())
}
