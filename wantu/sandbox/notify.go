package sandbox

import (
	"context"
	"time"
)

// defaultSchedule is how WeChat repeats a notification.
func defaultSchedule() []time.Duration {
	return []time.Duration{
		15 * time.Second, 15 * time.Second, 30 * time.Second,
		3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
		30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 60 * time.Minute,
		3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 6 * time.Hour, 6 * time.Hour,
	}
}

// Notifications turns the notifications off and on. A try that falls due while
// they are off is skipped without a trace, and the schedule goes on: a merchant
// that cannot be reached. A fault that drops them counts them. They start on.
func (s *Sandbox) Notifications(on bool) { s.muted.Store(!on) }

// Notify sends the notification of a paid order once more, now, also when
// notifications are off, and waits for the answer. A fault that holds it back
// holds Notify back, until ctx ends; the notification is then given up. It
// returns [ErrUnknownOrder], [ErrNotPaid] or [ErrNotAcknowledged].
func (s *Sandbox) Notify(ctx context.Context, outTradeNo string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.lifetime, cancel)()
	taken := make(chan bool, 1)
	if err := s.notifyAgain(ctx, outTradeNo, func(ok bool) { taken <- ok }); err != nil {
		return err
	}
	select {
	case ok := <-taken:
		if ok {
			return nil
		}
	case <-ctx.Done():
	}
	return ErrNotAcknowledged
}

// notifyAgain makes one try outside of the schedule. done is not called if ctx
// ends while a fault holds the notification back.
func (s *Sandbox) notifyAgain(ctx context.Context, number string, done func(taken bool)) error {
	o, err := s.orders.change(number, nil)
	if err != nil {
		return err
	}
	if o.Status != StatusSuccess {
		return ErrNotPaid
	}
	s.try(ctx, &hold{number: number, manual: true}, done)
	s.settle()
	return nil
}

// startNotifying runs the schedule of one order. The ledger's lock is held.
func (s *Sandbox) startNotifying(o *order) {
	ctx, stop := context.WithCancel(s.lifetime)
	o.stop = stop
	s.repeat(ctx, stop, o.OutTradeNo, append([]time.Duration{0}, s.config.NotifySchedule...))
}

// repeat notifies after each of the waits, until the merchant acknowledges.
func (s *Sandbox) repeat(ctx context.Context, stop func(), number string, waits []time.Duration) {
	if len(waits) == 0 {
		stop()
		return
	}
	s.after(ctx, waits[0], func() {
		done := func(taken bool) {
			if taken {
				waits = waits[:1]
			}
			s.repeat(ctx, stop, number, waits[1:])
		}
		if s.muted.Load() {
			done(false)
			return
		}
		s.try(ctx, &hold{number: number}, done)
	})
}

// try makes one try, spoiled by the oldest fault of notifications, and then
// calls done with whether it was acknowledged. The fault may hold it back.
func (s *Sandbox) try(ctx context.Context, held *hold, done func(taken bool)) {
	swapped := s.held.has(func(h *hold) bool { return h.waitsFor(held.number) }) // then this one goes ahead of those, and need not wait for a third
	held.fault = s.faults.strike(func(f Fault) bool {
		return f.On == OnNotification && (f.Kind != FaultReorder || !swapped)
	})
	held.ctx, held.send = ctx, func() { done(s.notify(ctx, held.number, held.fault)) }
	switch held.fault.Kind {
	case FaultDelay:
		s.delay(held)
	case FaultReorder:
		s.held.add(held)
	default:
		held.send()
	}
}
