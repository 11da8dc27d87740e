package checkout

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// StartRequest asks for something to pay with.
type StartRequest struct {
	SessionID string
	Wallet    flow.Wallet
	// Flow is the flow that the shopper asks for, or "" for the one that suits the
	// device.
	Flow   flow.Flow
	Device flow.Device
	// OpenID is the WeChat user, for [flow.JSAPI]. It is sent to the gateway and not
	// stored.
	OpenID string
	// Payer is an opaque tag that is the same for the same OpenID.
	Payer string
}

const (
	// FrameWidth is the width of a framed QR code in CSS pixels.
	FrameWidth = 240
	// placedLifetime is the age at which an order is replaced instead of shown
	// again. A WeChat code is dead after two hours, whatever its order's expiry.
	placedLifetime = 110 * time.Minute
	// maxStarts bounds how often Start begins again, because an open attempt had to
	// be ended first or the session has changed.
	maxStarts = 20
)

// placer places orders.
type placer struct {
	store interface {
		Reader
		Changer
	}
	gateway    interface{ Account(merchant string) string }
	clock      Clock
	random     io.Reader
	merchants  map[string]Merchant
	routes     Routes
	ledger     *ledger
	leases     leases
	calls      calls
	closer     closer
	ender      *ender
	background *background
	alert      func(Alert)
}

// resolvedStart is a StartRequest with the flow decided.
type resolvedStart struct {
	StartRequest
	session Session
	// reason says why this flow.
	reason string
	// limit says why no further order may be placed, nil where one may.
	limit *StartLimitError
}

// start is [Service.Start].
func (p *placer) start(ctx context.Context, request StartRequest) (Attempt, error) {
	for range maxStarts {
		r, err := p.resolveStart(ctx, request)
		if err != nil {
			return Attempt{}, err
		}
		all, err := p.store.Attempts(ctx, r.SessionID)
		if err != nil {
			return Attempt{}, err
		}
		if slices.ContainsFunc(all, Attempt.settled) {
			continue // the session was paid or quarantined after it was read
		}
		if slices.ContainsFunc(all, Attempt.reported) {
			return Attempt{}, ErrNotPayable // the shopper could pay twice
		}
		r.limit = countOrders(all).limit(p.clock.Now())
		var a Attempt
		if live, shown := liveAttempt(all, r.Wallet); live != nil {
			a, err = p.reuse(ctx, r, *live, shown)
		} else {
			a, err = p.order(ctx, r)
		}
		if !errors.Is(err, ErrConflict) {
			return a, err
		}
	}
	return Attempt{}, errors.Join(ErrOutcomeUnknown, errors.New("session "+request.SessionID+": its attempts keep changing"))
}

// resolveStart reads the session, checks the request and decides the flow.
func (p *placer) resolveStart(ctx context.Context, r StartRequest) (resolvedStart, error) {
	session, err := readSession(ctx, p.store, r.SessionID)
	if err != nil {
		return resolvedStart{}, err
	}
	return p.resolve(session, r)
}

// resolve checks the request for a session and decides the flow.
func (p *placer) resolve(session Session, r StartRequest) (resolvedStart, error) {
	if !session.Payable(p.clock.Now()) {
		return resolvedStart{}, ErrNotPayable
	}
	if !session.Accepts(r.Wallet) {
		return resolvedStart{}, &FieldError{Field: "wallet", Problem: "is not offered for this session"}
	}
	merchant := p.merchants[session.Merchant]
	choice := session.ChooseFlow(merchant, r.Device, r.Wallet)
	reason := choice.Reason
	if r.Flow == "" {
		r.Flow = choice.Flow
	} else if r.Flow != choice.Flow {
		reason = "asked for by the shopper; " + reason
	}
	switch {
	case choice.Flow == flow.None || r.Flow == flow.Guided || r.Flow == flow.Pick:
		return resolvedStart{}, ErrNotHere
	case !r.Wallet.CanPayBy(r.Flow):
		return resolvedStart{}, &FieldError{Field: "flow", Problem: "does not suit the wallet"}
	case r.Flow == flow.JSAPI && !merchant.WeChatAccount:
		return resolvedStart{}, &FieldError{Field: "flow", Problem: "is not offered: " + flow.NoWeChatAccount}
	case r.Flow != flow.JSAPI:
		r.OpenID, r.Payer = "", ""
	case r.OpenID == "":
		return resolvedStart{}, ErrNeedsOpenID
	}
	return resolvedStart{StartRequest: r, session: session, reason: reason}, nil
}

// liveAttempt returns the wallet's attempt that can still be paid, or nil. It
// reports whether that attempt is the one that the pages show.
func liveAttempt(all []Attempt, w flow.Wallet) (live *Attempt, shown bool) {
	for i, a := range all {
		if a.live() && a.Wallet == w {
			return &all[i], shownAttempt(all).ID == a.ID
		}
	}
	return nil, false
}

// reuse returns the live attempt where it is what the shopper asks for, and ends it
// otherwise. ErrConflict means that it has ended or changed: start again. An attempt
// that the pages do not show any more is ended too: they show the newest one.
func (p *placer) reuse(ctx context.Context, r resolvedStart, live Attempt, shown bool) (Attempt, error) {
	same := shown && live.Flow == r.Flow && live.Payer == r.Payer && p.clock.Now().Before(live.CreatedAt.Add(placedLifetime))
	if same && live.State == AttemptPending {
		return live, nil
	}
	if r.limit != nil && (!same || live.State != AttemptCreating) {
		return live, r.limit // it stays open: no other order may replace it
	}
	leased, err := p.leases.retryLease(ctx, live, CauseStart)
	if err != nil {
		return live, err
	}
	if same && leased.State == AttemptCreating {
		return p.resume(context.WithoutCancel(ctx), r, leased)
	}
	if same && leased.State == AttemptPending {
		return leased.Attempt, p.leases.release(ctx, leased)
	}
	if err := p.ender.endAttempt(context.WithoutCancel(ctx), leased); err != nil {
		return live, errors.Join(ErrOutcomeUnknown, err)
	}
	return live, ErrConflict
}

// resume settles an attempt whose order had no answer: it queries, and places the
// order again with the same number where the gateway does not know it.
func (p *placer) resume(ctx context.Context, r resolvedStart, leased leasedAttempt) (Attempt, error) {
	status, err := p.calls.query(ctx, leased)
	switch {
	case errors.Is(err, ErrNoOrder):
		return p.place(ctx, r, leased)
	case err != nil:
		return leased.Attempt, errors.Join(ErrOutcomeUnknown, err, p.leases.release(ctx, leased))
	}
	if _, err := p.closer.endQueried(ctx, leased, status); err != nil {
		return leased.Attempt, errors.Join(ErrOutcomeUnknown, err)
	}
	return leased.Attempt, ErrConflict
}

// order stores a new attempt and places its order. ErrConflict means that another
// request was faster.
func (p *placer) order(ctx context.Context, r resolvedStart) (Attempt, error) {
	if r.limit != nil {
		return Attempt{}, r.limit
	}
	leased, err := p.newAttempt(r)
	if err != nil {
		return Attempt{}, err
	}
	// Where the shopper leaves now, the order is placed all the same: an attempt
	// must not stay leased with no order.
	ctx = context.WithoutCancel(ctx)
	if err := p.store.CreateAttempt(ctx, leased.Attempt, r.session.Version, leased.until); err != nil {
		return Attempt{}, err
	}
	return p.place(ctx, r, leased)
}

// startAtOnce returns the start of a new session whose page shows one code without a
// choice on the shopper's device. It reports false for any other session, and for a
// program.
func (p *placer) startAtOnce(session Session, shopper *flow.Device) (resolvedStart, bool) {
	if shopper == nil || shopper.Program || len(session.Wallets) != 1 {
		return resolvedStart{}, false
	}
	r, err := p.resolve(session, StartRequest{SessionID: session.ID, Wallet: session.Wallets[0], Device: *shopper})
	return r, err == nil && r.Flow.ShowsCode()
}

// createWithOrder stores a new session with its first attempt, and places the order. An
// error of placing raises an alert, and the page places the order then.
func (p *placer) createWithOrder(ctx context.Context, r resolvedStart, claims []Claim) error {
	leased, err := p.newAttempt(r)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := p.store.CreateSessionWithAttempt(ctx, r.session, leased.Attempt, leased.until, claims...); err != nil {
		return err
	}
	_, _ = p.place(ctx, r, leased)
	return nil
}

// newAttempt returns a new attempt with a lease that begins now.
func (p *placer) newAttempt(r resolvedStart) (leasedAttempt, error) {
	ids, err := newIDs(p.random, 4)
	if err != nil {
		return leasedAttempt{}, err
	}
	leased := p.leases.beginAttempt(Attempt{}, CauseStart)
	leased.Attempt = Attempt{
		ID: "at_" + ids[0], OutTradeNo: ids[1], NotifyToken: ids[2], ReturnToken: ids[3],
		SessionID: r.SessionID, Merchant: r.session.Merchant, Account: p.gateway.Account(r.session.Merchant),
		Version: 1, State: AttemptCreating,
		Wallet: r.Wallet, Flow: r.Flow, Reason: r.reason, Payer: r.Payer,
		Amount: r.session.Amount, Currency: r.session.Currency,
		CreatedAt: p.leases.start(leased.lease), NextQueryAt: leased.until,
	}
	return leased, nil
}

// place sends a leased attempt's order to the gateway and stores the answer.
func (p *placer) place(ctx context.Context, r resolvedStart, leased leasedAttempt) (Attempt, error) {
	created, err := p.calls.create(ctx, leased, p.gatewayOrder(r, leased.Attempt))
	switch {
	case err == nil:
		return p.settlePlaced(ctx, leased, created)
	case errors.Is(err, ErrRefused):
		p.alert(Alert{Problem: "order refused", SessionID: leased.SessionID, AttemptID: leased.ID, Err: err})
		a, updateErr := p.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
			return a.fail("refused by the gateway", time.Time{})
		})
		if errors.Is(updateErr, ErrConflict) {
			return a, updateErr // the refusal of a late request proves nothing
		}
		return a, errors.Join(err, updateErr)
	default:
		p.alert(Alert{Problem: "order of unknown outcome", SessionID: leased.SessionID, AttemptID: leased.ID, Err: err})
		return leased.Attempt, errors.Join(ErrOutcomeUnknown, err, p.leases.release(ctx, leased))
	}
}

// settlePlaced records the gateway's answer to an order. Where the session has ended
// or was quarantined meanwhile, nobody may pay the order: it is closed in the
// background, and the error is ErrNotPayable.
func (p *placer) settlePlaced(ctx context.Context, leased leasedAttempt, created Created) (Attempt, error) {
	next := p.clock.Now().Add(firstQueryAfter)
	wanted := true
	a, err := p.ledger.update(ctx, leased, func(session *Session, a *Attempt) outcome {
		wanted = session.Status == StatusOpen && !session.AmountMismatch
		return a.place(created, next)
	})
	if err == nil && !wanted && a.live() {
		p.background.query(a.ID, CauseOtherPaid)
		return a, ErrNotPayable
	}
	return a, err
}

func (p *placer) gatewayOrder(r resolvedStart, a Attempt) Order {
	return Order{
		OrderRef: a.ref(), Wallet: a.Wallet, Flow: a.Flow,
		Amount: a.Amount, Currency: a.Currency,
		Subject: r.session.Subject, ProductID: a.OutTradeNo,
		NotifyURL: p.routes.Notify(a.NotifyToken), ReturnURL: p.routes.Return(a.ReturnToken),
		ExpiresAt: r.session.ExpiresAt, Remaining: r.session.ExpiresAt.Sub(p.clock.Now()), OpenID: r.OpenID, FrameWidth: FrameWidth,
	}
}
