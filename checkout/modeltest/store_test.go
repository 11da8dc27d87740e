package modeltest

import (
	"context"
	"errors"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// errDatabase is what a broken connection to the database says.
var errDatabase = errors.New("the connection to the database broke")

// disk is a process's way to the database, with the gate before each call.
type disk struct {
	checkout.Store
	life *life
}

// through makes a call of the store if it may go on.
func through[T any](ctx context.Context, l *life, k kind, name string, do func() (T, error)) (T, error) {
	var zero T
	v := l.pass(ctx, k, name)
	if v == failBefore {
		return zero, errDatabase
	}
	result, err := do()
	l.passed(ctx, v, name)
	if v == failAfter && err == nil {
		return zero, errDatabase
	}
	return result, err
}

func (d disk) write(ctx context.Context, name string, do func() error) error {
	_, err := through(ctx, d.life, writing, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (d disk) CreateSession(ctx context.Context, s checkout.Session) error {
	return d.write(ctx, "CreateSession", func() error { return d.Store.CreateSession(ctx, s) })
}

func (d disk) Session(ctx context.Context, id string) (checkout.Session, error) {
	return through(ctx, d.life, reading, "Session "+id, func() (checkout.Session, error) { return d.Store.Session(ctx, id) })
}

func (d disk) ExpiringSessions(ctx context.Context, now time.Time, limit int) ([]checkout.Session, error) {
	return through(ctx, d.life, reading, "ExpiringSessions", func() ([]checkout.Session, error) {
		return d.Store.ExpiringSessions(ctx, now, limit)
	})
}

func (d disk) PostponeConclusion(ctx context.Context, id string, at time.Time) error {
	return d.write(ctx, "PostponeConclusion "+id, func() error { return d.Store.PostponeConclusion(ctx, id, at) })
}

func (d disk) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	d.life.gate.threads.number(a.ID, a.OutTradeNo)
	return d.write(ctx, "CreateAttempt", func() error {
		err := d.Store.CreateAttempt(ctx, a, sessionVersion, leaseUntil)
		d.life.gate.threads.lease(a.ID, leaseUntil, err == nil)
		return err
	})
}

func (d disk) Attempt(ctx context.Context, id string) (checkout.Attempt, error) {
	return through(ctx, d.life, reading, "Attempt "+id, func() (checkout.Attempt, error) { return d.Store.Attempt(ctx, id) })
}

func (d disk) Attempts(ctx context.Context, id string) ([]checkout.Attempt, error) {
	return through(ctx, d.life, reading, "Attempts "+id, func() ([]checkout.Attempt, error) { return d.Store.Attempts(ctx, id) })
}

func (d disk) AttemptByNotifyToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return through(ctx, d.life, reading, "AttemptByNotifyToken", func() (checkout.Attempt, error) {
		return d.Store.AttemptByNotifyToken(ctx, token)
	})
}

func (d disk) DueAttempts(ctx context.Context, now time.Time, limit int) ([]checkout.Attempt, error) {
	return through(ctx, d.life, reading, "DueAttempts", func() ([]checkout.Attempt, error) {
		return d.Store.DueAttempts(ctx, now, limit)
	})
}

func (d disk) LeaseAttempt(ctx context.Context, id string, now, askedBefore, until time.Time) (bool, error) {
	return through(ctx, d.life, writing, "LeaseAttempt "+id, func() (bool, error) {
		ok, err := d.Store.LeaseAttempt(ctx, id, now, askedBefore, until)
		d.life.gate.threads.lease(id, until, ok)
		return ok, err
	})
}

func (d disk) ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error {
	d.life.gate.threads.release(id)
	return d.write(ctx, "ReleaseAttempt "+id, func() error { return d.Store.ReleaseAttempt(ctx, id, until, next) })
}

func (d disk) CreateRefund(ctx context.Context, r checkout.Refund, leaseUntil time.Time) error {
	d.life.gate.threads.number(r.ID, r.OutRefundNo)
	return d.write(ctx, "CreateRefund", func() error {
		err := d.Store.CreateRefund(ctx, r, leaseUntil)
		d.life.gate.threads.lease(r.ID, leaseUntil, err == nil)
		return err
	})
}

func (d disk) Refund(ctx context.Context, id string) (checkout.Refund, error) {
	return through(ctx, d.life, reading, "Refund "+id, func() (checkout.Refund, error) { return d.Store.Refund(ctx, id) })
}

func (d disk) Refunds(ctx context.Context, id string) ([]checkout.Refund, error) {
	return through(ctx, d.life, reading, "Refunds "+id, func() ([]checkout.Refund, error) { return d.Store.Refunds(ctx, id) })
}

func (d disk) DueRefunds(ctx context.Context, now time.Time, limit int) ([]checkout.Refund, error) {
	return through(ctx, d.life, reading, "DueRefunds", func() ([]checkout.Refund, error) {
		return d.Store.DueRefunds(ctx, now, limit)
	})
}

func (d disk) LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	return through(ctx, d.life, writing, "LeaseRefund "+id, func() (bool, error) {
		ok, err := d.Store.LeaseRefund(ctx, id, now, until)
		d.life.gate.threads.lease(id, until, ok)
		return ok, err
	})
}

func (d disk) ReleaseRefund(ctx context.Context, id string, until, next time.Time) error {
	d.life.gate.threads.release(id)
	return d.write(ctx, "ReleaseRefund "+id, func() error { return d.Store.ReleaseRefund(ctx, id, until, next) })
}

func (d disk) Apply(ctx context.Context, c checkout.Change) error {
	if c.NewRefund != nil {
		d.life.gate.threads.number(c.NewRefund.ID, c.NewRefund.OutRefundNo)
	}
	return d.write(ctx, "Apply "+c.SessionID(), func() error {
		err := d.Store.Apply(ctx, c)
		if err == nil && c.Attempt != nil {
			d.life.gate.threads.release(c.Attempt.ID)
		}
		if err == nil && c.Refund != nil {
			d.life.gate.threads.release(c.Refund.ID)
		}
		return err
	})
}

func (d disk) RecordFew(ctx context.Context, e checkout.Entry) (bool, error) {
	return through(ctx, d.life, writing, "RecordFew", func() (bool, error) { return d.Store.RecordFew(ctx, e) })
}

func (d disk) AddNotification(ctx context.Context, n checkout.Notification, askAt time.Time, first *checkout.Event) error {
	return d.write(ctx, "AddNotification", func() error { return d.Store.AddNotification(ctx, n, askAt, first) })
}

func (d disk) Record(ctx context.Context, entries ...checkout.Entry) error {
	return d.write(ctx, "Record", func() error { return d.Store.Record(ctx, entries...) })
}
