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
func throughGate[T any](ctx context.Context, p *process, k callKind, name string, do func() (T, error)) (T, error) {
	var zero T
	v := p.enter(ctx, k, name)
	if v == failBefore {
		return zero, errDatabase
	}
	result, err := do()
	p.leave(ctx, v, name)
	if v == failAfter && err == nil {
		return zero, errDatabase
	}
	return result, err
}

// write is throughGate for a call without a result.
func (g gatedStore) write(ctx context.Context, name string, do func() error) error {
	_, err := throughGate(ctx, g.process, writing, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func (g gatedStore) CreateSession(ctx context.Context, s checkout.Session, claims ...checkout.Claim) error {
	return g.write(ctx, "CreateSession", func() error { return g.Store.CreateSession(ctx, s, claims...) })
}

func (g gatedStore) Session(ctx context.Context, id string) (checkout.Session, error) {
	return throughGate(ctx, g.process, reading, "Session "+id, func() (checkout.Session, error) { return g.Store.Session(ctx, id) })
}

func (g gatedStore) ExpiringSessions(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Session, error) {
	return throughGate(ctx, g.process, reading, "ExpiringSessions", func() ([]checkout.Session, error) {
		return g.Store.ExpiringSessions(ctx, merchant, now, limit)
	})
}

func (g gatedStore) PostponeConclusion(ctx context.Context, id string, at time.Time) error {
	return g.write(ctx, "PostponeConclusion "+id, func() error { return g.Store.PostponeConclusion(ctx, id, at) })
}

func (g gatedStore) CreateSessionWithAttempt(ctx context.Context, s checkout.Session, a checkout.Attempt, leaseUntil time.Time, claims ...checkout.Claim) error {
	g.process.gate.threads.setNumber(a.ID, a.OutTradeNo)
	return g.write(ctx, "CreateSessionWithAttempt", func() error {
		err := g.Store.CreateSessionWithAttempt(ctx, s, a, leaseUntil, claims...)
		g.process.gate.threads.lease(a.ID, leaseUntil, err == nil)
		return err
	})
}

func (g gatedStore) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	g.process.gate.threads.setNumber(a.ID, a.OutTradeNo)
	return g.write(ctx, "CreateAttempt", func() error {
		err := g.Store.CreateAttempt(ctx, a, sessionVersion, leaseUntil)
		g.process.gate.threads.lease(a.ID, leaseUntil, err == nil)
		return err
	})
}

func (g gatedStore) Attempt(ctx context.Context, id string) (checkout.Attempt, error) {
	return throughGate(ctx, g.process, reading, "Attempt "+id, func() (checkout.Attempt, error) { return g.Store.Attempt(ctx, id) })
}

func (g gatedStore) Attempts(ctx context.Context, id string) ([]checkout.Attempt, error) {
	return throughGate(ctx, g.process, reading, "Attempts "+id, func() ([]checkout.Attempt, error) { return g.Store.Attempts(ctx, id) })
}

func (g gatedStore) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	var attempts []checkout.Attempt
	session, err := throughGate(ctx, g.process, reading, "SessionWithAttempts "+id, func() (s checkout.Session, err error) {
		s, attempts, err = g.Store.SessionWithAttempts(ctx, id)
		return s, err
	})
	return session, attempts, err
}

func (g gatedStore) AttemptByNotifyToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return throughGate(ctx, g.process, reading, "AttemptByNotifyToken", func() (checkout.Attempt, error) {
		return g.Store.AttemptByNotifyToken(ctx, token)
	})
}

func (g gatedStore) DueMerchants(ctx context.Context, work checkout.Work, now time.Time) ([]string, error) {
	return throughGate(ctx, g.process, reading, "DueMerchants "+string(work), func() ([]string, error) {
		return g.Store.DueMerchants(ctx, work, now)
	})
}

func (g gatedStore) DueAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return throughGate(ctx, g.process, reading, "DueAttempts", func() ([]checkout.Attempt, error) {
		return g.Store.DueAttempts(ctx, merchant, now, limit)
	})
}

func (g gatedStore) DueEndedAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return throughGate(ctx, g.process, reading, "DueEndedAttempts", func() ([]checkout.Attempt, error) {
		return g.Store.DueEndedAttempts(ctx, merchant, now, limit)
	})
}

func (g gatedStore) LeaseAttempt(ctx context.Context, id string, now, queriedBefore, until time.Time) (checkout.Attempt, bool, error) {
	return g.lease(ctx, "LeaseAttempt "+id, func() (checkout.Attempt, bool, error) {
		a, ok, err := g.Store.LeaseAttempt(ctx, id, now, queriedBefore, until)
		g.process.gate.threads.lease(id, until, ok)
		return a, ok, err
	})
}

// lease makes a call that may lease an attempt.
func (g gatedStore) lease(ctx context.Context, name string, do func() (checkout.Attempt, bool, error)) (checkout.Attempt, bool, error) {
	type leased struct {
		checkout.Attempt
		ok bool
	}
	l, err := throughGate(ctx, g.process, writing, name, func() (leased, error) {
		a, ok, err := do()
		return leased{a, ok}, err
	})
	return l.Attempt, l.ok, err
}

func (g gatedStore) ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error {
	call := "ReleaseAttempt " + id
	g.process.gate.threads.release(ctx, call, id)
	return g.write(ctx, call, func() error { return g.Store.ReleaseAttempt(ctx, id, until, next) })
}

func (g gatedStore) CreateRefund(ctx context.Context, r checkout.Refund, leaseUntil time.Time) error {
	g.process.gate.threads.setNumber(r.ID, r.OutRefundNo)
	return g.write(ctx, "CreateRefund", func() error {
		err := g.Store.CreateRefund(ctx, r, leaseUntil)
		g.process.gate.threads.lease(r.ID, leaseUntil, err == nil)
		return err
	})
}

func (g gatedStore) Refund(ctx context.Context, id string) (checkout.Refund, error) {
	return throughGate(ctx, g.process, reading, "Refund "+id, func() (checkout.Refund, error) { return g.Store.Refund(ctx, id) })
}

func (g gatedStore) Refunds(ctx context.Context, id string) ([]checkout.Refund, error) {
	return throughGate(ctx, g.process, reading, "Refunds "+id, func() ([]checkout.Refund, error) { return g.Store.Refunds(ctx, id) })
}

func (g gatedStore) DueRefunds(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Refund, error) {
	return throughGate(ctx, g.process, reading, "DueRefunds", func() ([]checkout.Refund, error) {
		return g.Store.DueRefunds(ctx, merchant, now, limit)
	})
}

func (g gatedStore) LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	return throughGate(ctx, g.process, writing, "LeaseRefund "+id, func() (bool, error) {
		ok, err := g.Store.LeaseRefund(ctx, id, now, until)
		g.process.gate.threads.lease(id, until, ok)
		return ok, err
	})
}

func (g gatedStore) ReleaseRefund(ctx context.Context, id string, until, next time.Time) error {
	call := "ReleaseRefund " + id
	g.process.gate.threads.release(ctx, call, id)
	return g.write(ctx, call, func() error { return g.Store.ReleaseRefund(ctx, id, until, next) })
}

func (g gatedStore) Apply(ctx context.Context, c checkout.Change) error {
	if c.NewRefund != nil {
		g.process.gate.threads.setNumber(c.NewRefund.ID, c.NewRefund.OutRefundNo)
	}
	call := "Apply " + c.SessionID()
	return g.write(ctx, call, func() error {
		err := g.Store.Apply(ctx, c)
		release := g.process.gate.threads.release
		if err != nil {
			release = g.process.gate.threads.releaseUnsure
		}
		if errors.Is(err, checkout.ErrConflict) {
			return err // nothing was written
		}
		if c.Attempt != nil {
			release(ctx, call, c.Attempt.ID)
		}
		if c.Refund != nil {
			release(ctx, call, c.Refund.ID)
		}
		return err
	})
}

func (g gatedStore) RecordFew(ctx context.Context, e checkout.Entry) (bool, error) {
	return throughGate(ctx, g.process, writing, "RecordFew", func() (bool, error) { return g.Store.RecordFew(ctx, e) })
}

func (g gatedStore) AddNotification(ctx context.Context, n checkout.Notification, queryAt time.Time, first *checkout.Event) error {
	return g.write(ctx, "AddNotification", func() error { return g.Store.AddNotification(ctx, n, queryAt, first) })
}

func (g gatedStore) AddNotificationAndLease(ctx context.Context, n checkout.Notification, until time.Time) (checkout.Attempt, bool, error) {
	return g.lease(ctx, "AddNotificationAndLease", func() (checkout.Attempt, bool, error) {
		a, ok, err := g.Store.AddNotificationAndLease(ctx, n, until)
		g.process.gate.threads.handOver(n.AttemptID, until, ok)
		return a, ok, err
	})
}

func (g gatedStore) Record(ctx context.Context, entries ...checkout.Entry) error {
	return g.write(ctx, "Record", func() error { return g.Store.Record(ctx, entries...) })
}
