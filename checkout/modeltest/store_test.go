package modeltest

import (
	"context"
	"errors"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// errDatabase is the error of a broken connection to the database.
var errDatabase = errors.New("the connection to the database broke")

// gatedStore is the store as a process uses it. Each call stops at the gate.
type gatedStore struct {
	checkout.Store
	process *process
}

// throughGate makes a call of the store with the outcome that the gate gives.
func throughGate[T any](ctx context.Context, l *process, k callKind, name string, do func() (T, error)) (T, error) {
	var zero T
	v := l.enter(ctx, k, name)
	if v == failBefore {
		return zero, errDatabase
	}
	result, err := do()
	l.leave(ctx, v, name)
	if v == failAfter && err == nil {
		return zero, errDatabase
	}
	return result, err
}

// write is throughGate for a call without a result.
func (d gatedStore) write(ctx context.Context, name string, do func() error) error {
	_, err := throughGate(ctx, d.process, writing, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (d gatedStore) CreateSession(ctx context.Context, s checkout.Session) error {
	return d.write(ctx, "CreateSession", func() error { return d.Store.CreateSession(ctx, s) })
}

func (d gatedStore) Session(ctx context.Context, id string) (checkout.Session, error) {
	return throughGate(ctx, d.process, reading, "Session "+id, func() (checkout.Session, error) { return d.Store.Session(ctx, id) })
}

func (d gatedStore) ExpiringSessions(ctx context.Context, now time.Time, limit int) ([]checkout.Session, error) {
	return throughGate(ctx, d.process, reading, "ExpiringSessions", func() ([]checkout.Session, error) {
		return d.Store.ExpiringSessions(ctx, now, limit)
	})
}

func (d gatedStore) PostponeConclusion(ctx context.Context, id string, at time.Time) error {
	return d.write(ctx, "PostponeConclusion "+id, func() error { return d.Store.PostponeConclusion(ctx, id, at) })
}

func (d gatedStore) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	d.process.gate.threads.setNumber(a.ID, a.OutTradeNo)
	return d.write(ctx, "CreateAttempt", func() error {
		err := d.Store.CreateAttempt(ctx, a, sessionVersion, leaseUntil)
		d.process.gate.threads.lease(a.ID, leaseUntil, err == nil)
		return err
	})
}

func (d gatedStore) Attempt(ctx context.Context, id string) (checkout.Attempt, error) {
	return throughGate(ctx, d.process, reading, "Attempt "+id, func() (checkout.Attempt, error) { return d.Store.Attempt(ctx, id) })
}

func (d gatedStore) Attempts(ctx context.Context, id string) ([]checkout.Attempt, error) {
	return throughGate(ctx, d.process, reading, "Attempts "+id, func() ([]checkout.Attempt, error) { return d.Store.Attempts(ctx, id) })
}

func (d gatedStore) AttemptByNotifyToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return throughGate(ctx, d.process, reading, "AttemptByNotifyToken", func() (checkout.Attempt, error) {
		return d.Store.AttemptByNotifyToken(ctx, token)
	})
}

func (d gatedStore) DueAttempts(ctx context.Context, now time.Time, limit int) ([]checkout.Attempt, error) {
	return throughGate(ctx, d.process, reading, "DueAttempts", func() ([]checkout.Attempt, error) {
		return d.Store.DueAttempts(ctx, now, limit)
	})
}

func (d gatedStore) LeaseAttempt(ctx context.Context, id string, now, queriedBefore, until time.Time) (bool, error) {
	return throughGate(ctx, d.process, writing, "LeaseAttempt "+id, func() (bool, error) {
		ok, err := d.Store.LeaseAttempt(ctx, id, now, queriedBefore, until)
		d.process.gate.threads.lease(id, until, ok)
		return ok, err
	})
}

func (d gatedStore) ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error {
	d.process.gate.threads.release(id)
	return d.write(ctx, "ReleaseAttempt "+id, func() error { return d.Store.ReleaseAttempt(ctx, id, until, next) })
}

func (d gatedStore) CreateRefund(ctx context.Context, r checkout.Refund, leaseUntil time.Time) error {
	d.process.gate.threads.setNumber(r.ID, r.OutRefundNo)
	return d.write(ctx, "CreateRefund", func() error {
		err := d.Store.CreateRefund(ctx, r, leaseUntil)
		d.process.gate.threads.lease(r.ID, leaseUntil, err == nil)
		return err
	})
}

func (d gatedStore) Refund(ctx context.Context, id string) (checkout.Refund, error) {
	return throughGate(ctx, d.process, reading, "Refund "+id, func() (checkout.Refund, error) { return d.Store.Refund(ctx, id) })
}

func (d gatedStore) Refunds(ctx context.Context, id string) ([]checkout.Refund, error) {
	return throughGate(ctx, d.process, reading, "Refunds "+id, func() ([]checkout.Refund, error) { return d.Store.Refunds(ctx, id) })
}

func (d gatedStore) DueRefunds(ctx context.Context, now time.Time, limit int) ([]checkout.Refund, error) {
	return throughGate(ctx, d.process, reading, "DueRefunds", func() ([]checkout.Refund, error) {
		return d.Store.DueRefunds(ctx, now, limit)
	})
}

func (d gatedStore) LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	return throughGate(ctx, d.process, writing, "LeaseRefund "+id, func() (bool, error) {
		ok, err := d.Store.LeaseRefund(ctx, id, now, until)
		d.process.gate.threads.lease(id, until, ok)
		return ok, err
	})
}

func (d gatedStore) ReleaseRefund(ctx context.Context, id string, until, next time.Time) error {
	d.process.gate.threads.release(id)
	return d.write(ctx, "ReleaseRefund "+id, func() error { return d.Store.ReleaseRefund(ctx, id, until, next) })
}

func (d gatedStore) Apply(ctx context.Context, c checkout.Change) error {
	if c.NewRefund != nil {
		d.process.gate.threads.setNumber(c.NewRefund.ID, c.NewRefund.OutRefundNo)
	}
	return d.write(ctx, "Apply "+c.SessionID(), func() error {
		err := d.Store.Apply(ctx, c)
		if err == nil && c.Attempt != nil {
			d.process.gate.threads.release(c.Attempt.ID)
		}
		if err == nil && c.Refund != nil {
			d.process.gate.threads.release(c.Refund.ID)
		}
		return err
	})
}

func (d gatedStore) RecordFew(ctx context.Context, e checkout.Entry) (bool, error) {
	return throughGate(ctx, d.process, writing, "RecordFew", func() (bool, error) { return d.Store.RecordFew(ctx, e) })
}

func (d gatedStore) AddNotification(ctx context.Context, n checkout.Notification, queryAt time.Time, first *checkout.Event) error {
	return d.write(ctx, "AddNotification", func() error { return d.Store.AddNotification(ctx, n, queryAt, first) })
}

func (d gatedStore) Record(ctx context.Context, entries ...checkout.Entry) error {
	return d.write(ctx, "Record", func() error { return d.Store.Record(ctx, entries...) })
}
