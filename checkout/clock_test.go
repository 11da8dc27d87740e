package checkout_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// movedClock is a wall clock that the test moves.
type movedClock struct {
	// offset is how far the clock is ahead, in nanoseconds.
	offset atomic.Int64
	// reported has the offsets that its steady clock reported.
	reported []time.Duration
}

func (s *movedClock) wall() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

// moveTo sets how far the clock is ahead.
func (s *movedClock) moveTo(offset time.Duration) { s.offset.Store(int64(offset)) }

// steady returns a steady clock that reads this clock.
func (s *movedClock) steady() *checkout.SteadyClock {
	return checkout.NewSteadyClock(s.wall, func(by time.Duration) { s.reported = append(s.reported, by) })
}

func TestSteadyClock(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, c := range map[string]struct {
		steps []time.Duration
		// off is how far the steady clock is ahead of the time after the steps.
		off      time.Duration
		reported []time.Duration
	}{
		"never moved":                        {steps: []time.Duration{0, 0}},
		"an hour ahead":                      {steps: []time.Duration{hour, 0}, reported: []time.Duration{hour}},
		"an hour back":                       {steps: []time.Duration{-hour, 0}, reported: []time.Duration{-hour}},
		"moved there and back":               {steps: []time.Duration{hour, -hour, 0}, reported: []time.Duration{hour, 0}},
		"moved twice":                        {steps: []time.Duration{hour, hour}, reported: []time.Duration{hour, 2 * hour}},
		"corrected":                          {steps: []time.Duration{10 * time.Second, 0}, off: 10 * time.Second},
		"corrected often":                    {steps: []time.Duration{9 * time.Second, -9 * time.Second, -9 * time.Second}, off: -9 * time.Second},
		"a little too much for a correction": {steps: []time.Duration{10*time.Second + 1}, reported: []time.Duration{10*time.Second + 1}},
		"moved, and corrected":               {steps: []time.Duration{hour, 5 * time.Second, -hour}, off: 5 * time.Second, reported: []time.Duration{hour, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &movedClock{}
				clock := s.steady()
				for _, step := range c.steps {
					time.Sleep(time.Minute)
					s.offset.Add(int64(step))
					clock.Now()
				}
				time.Sleep(time.Hour)
				if off := clock.Now().Sub(time.Now().Round(0)); off != c.off {
					t.Errorf("the clock is off by %s, want %s", off, c.off)
				}
				if !slices.Equal(s.reported, c.reported) {
					t.Errorf("the clock reported %v, want %v", s.reported, c.reported)
				}
			})
		})
	}
}

// onMovedClock runs a test whose Service uses a clock that the test moves.
func onMovedClock(t *testing.T, do func(t *testing.T, f *fixture, s *movedClock)) {
	t.Helper()
	inBubble(t, func(t *testing.T, f *fixture) {
		s := &movedClock{}
		config := f.config()
		config.Clock = s.steady()
		f.configure(config)
		do(t, f, s)
	})
}

// clockMoves has how far a clock is moved while a session is open.
var clockMoves = map[string]time.Duration{
	"an hour ahead":                     time.Hour,
	"an hour back":                      -time.Hour,
	"to before the session was created": -24 * time.Hour,
	"a day ahead":                       24 * time.Hour,
}

func TestMovedClock(t *testing.T) {
	t.Parallel()
	for name, by := range clockMoves {
		t.Run(name, func(t *testing.T) {
			t.Run("ends no session early, and ends it in time", func(t *testing.T) {
				onMovedClock(t, func(t *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					f.sweepFor(10 * time.Minute)
					s.moveTo(by)
					f.sweepFor(19 * time.Minute)
					f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
					if view, err := f.View(t.Context(), a.SessionID); err != nil || !view.Payable || view.Remaining.Round(time.Minute) != time.Minute {
						t.Errorf("the page has %v left and is payable %v (error %v), want a minute and true", view.Remaining, view.Payable, err)
					}
					f.sweepFor(2 * time.Minute)
					f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
					if o := f.gateway.order(a.OutTradeNo); !o.closed {
						t.Error("the session expired before its order was closed")
					}
				})
			})
			t.Run("queries as often as before", func(t *testing.T) {
				onMovedClock(t, func(t *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					f.sweepFor(10 * time.Minute)
					before := f.gateway.order(a.OutTradeNo).queries
					s.moveTo(by)
					f.sweepFor(15 * time.Minute)
					if n := f.gateway.order(a.OutTradeNo).queries - before; n < 2 || n > 4 {
						t.Errorf("%d queries in 15 minutes, want 3", n)
					}
				})
			})
			t.Run("finds a payment, and refunds it", func(t *testing.T) {
				onMovedClock(t, func(t *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					s.moveTo(by)
					f.gateway.pay(a.OutTradeNo)
					f.notify(a, nil)
					f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
					f.gateway.script(func() { f.gateway.afterRefund = func(sentRefund) error { return errTimeout } })
					f.refund(a, a.Amount, checkout.RefundPending)
					s.moveTo(0)
					f.gateway.script(func() { f.gateway.afterRefund = nil })
					f.sweepFor(10 * time.Second)
					f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentRefunded, checkout.EventPaid, checkout.EventRefundSucceeded)
				})
			})
			t.Run("a lease ends at its time", func(t *testing.T) {
				onMovedClock(t, func(_ *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					f.gateway.script(func() { f.gateway.beforeQuery = func(*order) error { s.moveTo(by); return nil } })
					f.gateway.pay(a.OutTradeNo)
					f.sweepFor(10 * time.Second)
					f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
				})
			})
		})
	}
}
