package checkout_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// movedClock is a wall clock that somebody moves. In a bubble nothing else moves it.
type movedClock struct {
	by       atomic.Int64 // in nanoseconds
	reported []time.Duration
}

func (s *movedClock) wall() time.Time { return time.Now().Add(time.Duration(s.by.Load())) }

func (s *movedClock) move(to time.Duration) { s.by.Store(int64(to)) }

func (s *movedClock) steady() *checkout.SteadyClock {
	return checkout.NewSteadyClock(s.wall, func(by time.Duration) { s.reported = append(s.reported, by) })
}

func TestSteadyClock(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for name, c := range map[string]struct {
		steps []time.Duration
		// off is how far the clock is then from where it would be unmoved.
		off      time.Duration
		reported []time.Duration
	}{
		"in step":              {steps: []time.Duration{0, 0}},
		"an hour ahead":        {steps: []time.Duration{hour, 0}, reported: []time.Duration{hour}},
		"an hour back":         {steps: []time.Duration{-hour, 0}, reported: []time.Duration{-hour}},
		"there and back":       {steps: []time.Duration{hour, -hour, 0}, reported: []time.Duration{hour, 0}},
		"further and further":  {steps: []time.Duration{hour, hour}, reported: []time.Duration{hour, 2 * hour}},
		"corrected":            {steps: []time.Duration{10 * time.Second, 0}, off: 10 * time.Second},
		"corrected often":      {steps: []time.Duration{9 * time.Second, -9 * time.Second, -9 * time.Second}, off: -9 * time.Second},
		"hardly a correction":  {steps: []time.Duration{10*time.Second + 1}, reported: []time.Duration{10*time.Second + 1}},
		"moved, and corrected": {steps: []time.Duration{hour, 5 * time.Second, -hour}, off: 5 * time.Second, reported: []time.Duration{hour, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &movedClock{}
				clock := s.steady()
				for _, step := range c.steps {
					time.Sleep(time.Minute)
					s.by.Add(int64(step))
					clock.Now()
				}
				time.Sleep(time.Hour)
				if off := clock.Now().Sub(time.Now().Round(0)); off != c.off {
					t.Errorf("the clock is off by %s, want %s", off, c.off)
				}
				if !slices.Equal(s.reported, c.reported) {
					t.Errorf("it told of %v, want %v", s.reported, c.reported)
				}
			})
		})
	}
}

// onMovedClock is a fixture whose service goes by a clock that the test moves.
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

// moves are what is done to a clock while a session lasts.
var moves = map[string]time.Duration{
	"an hour ahead":                  time.Hour,
	"an hour back":                   -time.Hour,
	"to before the session was made": -24 * time.Hour,
	"a day ahead":                    24 * time.Hour,
}

func TestMovedClock(t *testing.T) {
	t.Parallel()
	for name, by := range moves {
		t.Run(name, func(t *testing.T) {
			t.Run("ends no session early, and ends it in time", func(t *testing.T) {
				onMovedClock(t, func(t *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					f.sweepFor(10 * time.Minute)
					s.move(by)
					f.sweepFor(19 * time.Minute)
					f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
					if view, err := f.View(t.Context(), a.SessionID); err != nil || !view.Payable || view.Remaining.Round(time.Minute) != time.Minute {
						t.Errorf("the page says %v left, payable %v (%v), want a minute", view.Remaining, view.Payable, err)
					}
					f.sweepFor(2 * time.Minute)
					f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
					if o := f.gateway.order(a.OutTradeNo); !o.closed {
						t.Error("the session expired before its order was closed")
					}
				})
			})
			t.Run("asks neither more nor less", func(t *testing.T) {
				onMovedClock(t, func(t *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					f.sweepFor(10 * time.Minute)
					before := f.gateway.order(a.OutTradeNo).queries
					s.move(by)
					f.sweepFor(15 * time.Minute)
					if n := f.gateway.order(a.OutTradeNo).queries - before; n < 2 || n > 4 {
						t.Errorf("%d queries in 15 minutes, want 3", n)
					}
				})
			})
			t.Run("finds a payment, and gives it back", func(t *testing.T) {
				onMovedClock(t, func(t *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					s.move(by)
					f.gateway.pay(a.OutTradeNo)
					f.notify(a, nil)
					f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
					f.gateway.script(func() { f.gateway.afterRefund = func(sentRefund) error { return errTimeout } })
					f.refund(a, a.Amount, checkout.RefundPending)
					s.move(0)
					f.gateway.script(func() { f.gateway.afterRefund = nil })
					f.sweepFor(10 * time.Second)
					f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentRefunded, checkout.EventPaid, checkout.EventRefundSucceeded)
				})
			})
			t.Run("a hold ends as it would", func(t *testing.T) {
				onMovedClock(t, func(_ *testing.T, f *fixture, s *movedClock) {
					a := f.pending()
					f.gateway.script(func() { f.gateway.beforeQuery = func(*order) error { s.move(by); return nil } })
					f.gateway.pay(a.OutTradeNo)
					f.sweepFor(10 * time.Second)
					f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
				})
			})
		})
	}
}
