package checkout

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// StartRequest asks for something to pay with.
type StartRequest struct {
	SessionID string
	Wallet    flow.Wallet
	// Flow is the shopper's own wish, or "" for what suits the device.
	Flow   flow.Flow
	Device flow.Device
	// OpenID is the WeChat user, for flow.JSAPI. It is passed on and not kept.
	OpenID string
	// Payer is an opaque tag that is the same for the same OpenID.
	Payer string
}

// wish is a StartRequest held against its session.
type wish struct {
	StartRequest
	session Session
	reason  string
	// limit says why no further order may be placed, nil where one may.
	limit *StartLimitError
}

// FrameWidth is the width of a framed QR code in CSS pixels.
const FrameWidth = 240

// codeLife is the age at which an order is replaced rather than shown again: a
// code of WeChat's is dead after two hours, whatever its order's expiry.
const codeLife = 110 * time.Minute

// startTries bounds the rounds in which an open attempt must be ended first, or
// in which the session has changed meanwhile.
const startTries = 20

// Start returns the session's open attempt for a wallet, or places an order
// and returns that. A double click, a reload and a second tab get the same
// attempt. A session gets a few orders at once and [MaxAttempts] in all; an open
// attempt stays open where there is no other to come. The errors a page tells
// apart are ErrNotFound, ErrNotPayable, ErrNotHere, *StartLimitError, ErrNeedsOpenID, *FieldError, ErrOutcomeUnknown (ask again: the
// order is settled by its number) and ErrRefused.
func (s *Service) Start(ctx context.Context, r StartRequest) (Attempt, error) {
	for range startTries {
		w, err := s.consider(ctx, r)
		if err != nil {
			return Attempt{}, err
		}
		all, err := s.store.Attempts(ctx, w.SessionID)
		if err != nil {
			return Attempt{}, err
		}
		if slices.ContainsFunc(all, Attempt.settled) {
			continue // since the session was read, which is paid or quarantined by now
		}
		if slices.ContainsFunc(all, Attempt.reported) {
			return Attempt{}, ErrNotPayable // the shopper would pay twice
		}
		w.limit = countOrders(all).limit(s.clock.Now())
		var a Attempt
		if open, shown := liveAttempt(all, w.Wallet); open != nil {
			a, err = s.reuse(ctx, w, *open, shown)
		} else {
			a, err = s.order(ctx, w)
		}
		if !errors.Is(err, ErrConflict) {
			return a, err
		}
	}
	return Attempt{}, errors.Join(ErrOutcomeUnknown, errors.New("the open attempt keeps changing"))
}

// consider reads the session and settles what is asked of it.
func (s *Service) consider(ctx context.Context, r StartRequest) (wish, error) {
	session, err := s.Session(ctx, r.SessionID)
	if err != nil {
		return wish{}, err
	}
	if !session.Payable(s.clock.Now()) {
		return wish{}, ErrNotPayable
	}
	if !session.Accepts(r.Wallet) {
		return wish{}, &FieldError{"wallet", "is not offered for this session"}
	}
	shop := s.shops[session.Merchant]
	choice := session.ChooseFlow(shop, r.Device, r.Wallet)
	reason := choice.Reason
	if r.Flow == "" {
		r.Flow = choice.Flow
	} else if r.Flow != choice.Flow {
		reason = "asked for by the shopper; " + reason
	}
	switch {
	case choice.Flow == flow.None || r.Flow == flow.Guided || r.Flow == flow.Pick:
		return wish{}, ErrNotHere
	case !r.Wallet.CanPayBy(r.Flow):
		return wish{}, &FieldError{"flow", "does not suit the wallet"}
	case r.Flow == flow.JSAPI && !shop.WeChatAccount:
		return wish{}, &FieldError{"flow", "is not offered: " + flow.NoWeChatAccount}
	case r.Flow != flow.JSAPI:
		r.OpenID, r.Payer = "", ""
	case r.OpenID == "":
		return wish{}, ErrNeedsOpenID
	}
	return wish{StartRequest: r, session: session, reason: reason}, nil
}

// liveAttempt returns the wallet's attempt that can still be paid: the open
// one, or one that failed and must be closed before the next is placed; nil for
// none. It says whether that is the one that the pages show.
func liveAttempt(all []Attempt, w flow.Wallet) (open *Attempt, shown bool) {
	for i, a := range all {
		if a.live() && a.Wallet == w {
			return &all[i], current(all).ID == a.ID
		}
	}
	return nil, false
}

// reuse returns the live attempt when it is what the shopper wishes, and ends
// it otherwise: ErrConflict then says to look again. One that another wallet's
// has taken the place of is ended too: the pages show the newest.
func (s *Service) reuse(ctx context.Context, w wish, open Attempt, shown bool) (Attempt, error) {
	same := shown && open.Flow == w.Flow && open.Payer == w.Payer && s.clock.Now().Before(open.CreatedAt.Add(codeLife))
	if same && open.State == AttemptPending {
		return open, nil
	}
	if w.limit != nil && (!same || open.State != AttemptCreating) {
		return open, w.limit // it stays open: nothing would take its place
	}
	h, err := s.holdPatiently(ctx, open, CauseStart)
	if err != nil {
		return open, err
	}
	if same && h.State == AttemptCreating {
		return s.resume(context.WithoutCancel(ctx), w, h)
	}
	if same && h.State == AttemptPending {
		return h.Attempt, s.release(ctx, h)
	}
	if err := s.closeHeld(context.WithoutCancel(ctx), h); err != nil {
		return open, errors.Join(ErrOutcomeUnknown, err)
	}
	return open, ErrConflict
}

// resume settles an attempt whose request ended without an answer: by query,
// and by placing the same number again where the gateway does not know it.
func (s *Service) resume(ctx context.Context, w wish, h held) (Attempt, error) {
	status, err := s.query(ctx, h)
	switch {
	case errors.Is(err, ErrNoOrder):
		return s.placeHeld(ctx, w, h)
	case err != nil:
		return h.Attempt, errors.Join(ErrOutcomeUnknown, err, s.release(ctx, h))
	}
	if _, err := s.endHeld(ctx, h, status); err != nil {
		return h.Attempt, errors.Join(ErrOutcomeUnknown, err)
	}
	return h.Attempt, ErrConflict
}

// holdPatiently waits for another's conversation about the attempt to end,
// such as that of the first click of a double click. ErrConflict says that it
// has changed the attempt: look again.
func (s *Service) holdPatiently(ctx context.Context, a Attempt, cause Cause) (held, error) {
	changed, stop := s.Watch(a.SessionID)
	defer stop()
	for deadline := s.clock.Now().Add(s.holdFor()); ; {
		h, ok, err := s.hold(ctx, a, cause)
		if err != nil || ok {
			return h, err
		}
		// The clock decides: of a timer and a change that wait together, select
		// would take either.
		if !s.clock.Now().Before(deadline) {
			return held{}, errors.Join(ErrOutcomeUnknown, errors.New("another request is busy with the attempt"))
		}
		look := time.NewTimer(kickPause)
		select {
		case <-changed:
		case <-look.C:
		case <-ctx.Done():
			return held{}, ctx.Err()
		}
		look.Stop()
		seen, err := s.store.Attempt(ctx, a.ID)
		if err != nil {
			return held{}, err
		}
		if seen.Version != a.Version {
			return held{}, ErrConflict
		}
	}
}

// order stores a new attempt, then places it. ErrConflict says that another
// request was first.
func (s *Service) order(ctx context.Context, w wish) (Attempt, error) {
	if w.limit != nil {
		return Attempt{}, w.limit
	}
	a, err := s.newAttempt(w)
	if err != nil {
		return Attempt{}, err
	}
	// A shopper who leaves now must not leave an attempt that is held and
	// that nobody places.
	ctx = context.WithoutCancel(ctx)
	h := s.newHold(a, CauseStart)
	a.NextQueryAt = h.until
	h.Attempt = a
	if err := s.store.CreateAttempt(ctx, a, w.session.Version, h.until); err != nil {
		return Attempt{}, err
	}
	return s.placeHeld(ctx, w, h)
}

func (s *Service) newAttempt(w wish) (Attempt, error) {
	ids, err := newIDs(s.random, 4)
	if err != nil {
		return Attempt{}, err
	}
	now := s.clock.Now()
	return Attempt{
		ID: "at_" + ids[0], OutTradeNo: ids[1], NotifyToken: ids[2], ReturnToken: ids[3],
		SessionID: w.SessionID, Merchant: w.session.Merchant, Account: s.gateway.Account(w.session.Merchant),
		Version: 1, State: AttemptCreating,
		Wallet: w.Wallet, Flow: w.Flow, Reason: w.reason, Payer: w.Payer,
		Amount: w.session.Amount, Currency: w.session.Currency,
		CreatedAt: now,
	}, nil
}

// placeHeld sends a held attempt's order to the gateway.
func (s *Service) placeHeld(ctx context.Context, w wish, h held) (Attempt, error) {
	created, err := s.callCreate(ctx, w, h)
	switch {
	case err == nil:
		return s.settlePlaced(ctx, h, created)
	case errors.Is(err, ErrRefused):
		s.alert(Alert{Problem: "order refused", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		a, updateErr := s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
			return a.fail("refused by the gateway", time.Time{})
		})
		if errors.Is(updateErr, ErrConflict) {
			return a, updateErr // the refusal of a late request says nothing of the order
		}
		return a, errors.Join(err, updateErr)
	default:
		s.alert(Alert{Problem: "order of unknown outcome", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		return h.Attempt, errors.Join(ErrOutcomeUnknown, err, s.release(ctx, h))
	}
}

func (s *Service) callCreate(ctx context.Context, w wish, h held) (Created, error) {
	call, cancel, err := h.forCall(ctx, s.timeout)
	if err != nil {
		return Created{}, err
	}
	defer cancel()
	created, err := s.gateway.Create(call, s.gatewayOrder(w, h.Attempt))
	h.said.add(h.call(EntryOrder, s.clock.Now()).answered("placed", "", err))
	return created, err
}

// settlePlaced records what the gateway gave for an order. Where the session has
// ended or been quarantined meanwhile nobody is to pay it: it is closed in the
// background, and the error is ErrNotPayable.
func (s *Service) settlePlaced(ctx context.Context, h held, created Created) (Attempt, error) {
	next := s.clock.Now().Add(firstQueryAfter)
	wanted := true
	a, err := s.update(ctx, h, func(session *Session, a *Attempt) outcome {
		wanted = session.Status == StatusOpen && !session.AmountMismatch
		return a.place(created, next)
	})
	if err == nil && !wanted && a.live() {
		s.kick(a.ID, CauseOtherPaid)
		return a, ErrNotPayable
	}
	return a, err
}

func (s *Service) gatewayOrder(w wish, a Attempt) Order {
	return Order{
		OrderRef: a.ref(), Wallet: a.Wallet, Flow: a.Flow,
		Amount: a.Amount, Currency: a.Currency,
		Subject: w.session.Subject, ProductID: a.OutTradeNo,
		NotifyURL: s.base + "/n/" + a.NotifyToken, ReturnURL: s.base + "/r/" + a.ReturnToken,
		ExpiresAt: w.session.ExpiresAt, Remaining: w.session.ExpiresAt.Sub(s.clock.Now()), OpenID: w.OpenID, FrameWidth: FrameWidth,
	}
}
