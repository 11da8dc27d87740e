package sandbox

import (
	"context"
	"time"
)

// defaultSchedule returns the waits between notifications of WeChat.
func defaultSchedule() []time.Duration {
	return []time.Duration{
		15 * time.Second, 15 * time.Second, 30 * time.Second,
		3 * time.Minute, 10 * time.Minute, 20 * time.Minute,
		30 * time.Minute, 30 * time.Minute, 30 * time.Minute, 60 * time.Minute,
		3 * time.Hour, 3 * time.Hour, 3 * time.Hour, 6 * time.Hour, 6 * time.Hour,
	}
}

// Notifications turns the notifications on or off; at first they are on. While they are
// off, an attempt that becomes due is skipped and not recorded, and the schedule
// continues. To record dropped attempts, use [FaultDrop] instead.
func (s *Sandbox) Notifications(on bool) { s.muted.Store(!on) }

// Notify sends the notification of a paid order again, even if notifications are off, and
// waits for the answer. If a fault holds the notification back, Notify waits until it is
// sent. When ctx is done first, the notification is not sent. Notify returns
// [ErrUnknownOrder], [ErrNotPaid] or [ErrNotAcknowledged]. It returns
// ErrNotAcknowledged also when ctx is done or the sandbox is closed.
func (s *Sandbox) Notify(ctx context.Context, outTradeNo string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.lifetime, cancel)()
	acknowledged := make(chan bool, 1)
	if err := s.notifyOutsideSchedule(ctx, outTradeNo, func(ok bool) { acknowledged <- ok }); err != nil {
		return err
	}
	select {
	case ok := <-acknowledged:
		if ok {
			return nil
		}
	case <-ctx.Done():
	}
	return ErrNotAcknowledged
}

// notifyOutsideSchedule makes one attempt to notify, in addition to the schedule. done is
// not called if ctx is done while a fault holds the notification back.
func (s *Sandbox) notifyOutsideSchedule(ctx context.Context, number string, done func(acknowledged bool)) error {
	o, err := s.orders.change(number, nil)
	if err != nil {
		return err
	}
	if o.Status != StatusSuccess {
		return ErrNotPaid
	}
	s.notifyOnce(ctx, &heldNotification{number: number, outsideSchedule: true}, done)
	s.runDue()
	return nil
}

// startNotifying starts the schedule of one order. The caller must hold the order
// store's lock.
func (s *Sandbox) startNotifying(o *order) {
	ctx, stop := context.WithCancel(s.lifetime)
	o.stop = stop
	s.runSchedule(ctx, stop, o.OutTradeNo, append([]time.Duration{0}, s.config.NotifySchedule...))
}

// runSchedule notifies after each of the waits, until the merchant acknowledges.
func (s *Sandbox) runSchedule(ctx context.Context, stop func(), number string, waits []time.Duration) {
	if len(waits) == 0 {
		stop()
		return
	}
	s.after(ctx, waits[0], func() {
		done := func(acknowledged bool) {
			if acknowledged {
				waits = waits[:1]
			}
			s.runSchedule(ctx, stop, number, waits[1:])
		}
		if s.muted.Load() {
			done(false)
			return
		}
		s.notifyOnce(ctx, &heldNotification{number: number}, done)
	})
}

// notifyOnce makes one attempt to notify and then calls done. If a fault of notifications
// is set, the oldest one strikes; it may hold the notification back.
func (s *Sandbox) notifyOnce(ctx context.Context, held *heldNotification, done func(acknowledged bool)) {
	// If another notification waits for this one, this one is out of order already, and
	// FaultReorder does not hold it back too.
	isAwaited := s.held.has(func(h *heldNotification) bool { return h.isReleasedBy(held.number) })
	held.fault = s.faults.strikeOldest(func(f Fault) bool {
		return f.On == OnNotification && (f.Kind != FaultReorder || !isAwaited)
	})
	held.ctx, held.send = ctx, func() { done(s.notifyWithFault(ctx, held.number, held.fault)) }
	switch held.fault.Kind {
	case FaultDelay:
		s.holdForDelay(held)
	case FaultReorder:
		s.held.add(held)
	default:
		held.send()
	}
}
