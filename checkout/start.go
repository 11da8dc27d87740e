package checkout

import (
	"context"
	"errors"
	"time"
)

// StartRequest asks for something to pay with.
type StartRequest struct {
	SessionID string
	Wallet    Wallet
	// Flow is the shopper's own wish, or "" for what suits the device.
	Flow   Flow
	Device Device
	// OpenID is the WeChat user, for FlowJSAPI. It is passed on and not kept.
	OpenID string
	// Payer is an opaque tag that is the same for the same OpenID.
	Payer string
}

// wish is a StartRequest held against its session.
type wish struct {
	StartRequest
	session Session
	reason  string
}

// FrameWidth is the width of a framed QR code in CSS pixels.
const FrameWidth = 240

// codeLife is the age at which an order is replaced rather than shown again: a
// code of WeChat's is dead after two hours, whatever its order's expiry.
const codeLife = 110 * time.Minute

// startTries bounds the rounds in which an open attempt must be ended first.
const startTries = 5

// Start returns the session's open attempt for a wallet, or places an order
// and returns that. A double click, a reload and a second tab get the same
// attempt. The errors a page tells apart are ErrNotFound, ErrNotPayable,
// ErrNotHere, ErrNeedsOpenID, *FieldError, ErrOutcomeUnknown (ask again: the
// order is settled by its number) and ErrRefused.
func (s *Service) Start(ctx context.Context, r StartRequest) (Attempt, error) {
	for range startTries {
		w, err := s.consider(ctx, r)
		if err != nil {
			return Attempt{}, err
		}
		open, shown, err := s.liveAttempt(ctx, w)
		if err != nil {
			return Attempt{}, err
		}
		var a Attempt
		if open != nil {
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
	case choice.Flow == FlowNone || r.Flow == FlowGuide || r.Flow == FlowPick:
		return wish{}, ErrNotHere
	case !r.Wallet.CanPayBy(r.Flow):
		return wish{}, &FieldError{"flow", "does not suit the wallet"}
	case r.Flow == FlowJSAPI && !shop.WeChatAccount:
		return wish{}, &FieldError{"flow", "is not offered: " + noWeChatAccount}
	case r.Flow != FlowJSAPI:
		r.OpenID, r.Payer = "", ""
	case r.OpenID == "":
		return wish{}, ErrNeedsOpenID
	}
	return wish{r, session, reason}, nil
}

// liveAttempt returns the wallet's attempt that can still be paid: the open
// one, or one that failed and must be closed before the next is placed; nil for
// none. It says whether that is the one that the pages show.
func (s *Service) liveAttempt(ctx context.Context, w wish) (open *Attempt, shown bool, err error) {
	all, err := s.store.Attempts(ctx, w.SessionID)
	for i, a := range all {
		if a.live() && a.Wallet == w.Wallet {
			return &all[i], current(all).ID == a.ID, err
		}
	}
	return nil, false, err
}

// reuse returns the live attempt when it is what the shopper wishes, and ends
// it otherwise: ErrConflict then says to look again. One that another wallet's
// has taken the place of is ended too: the pages show the newest.
func (s *Service) reuse(ctx context.Context, w wish, open Attempt, shown bool) (Attempt, error) {
	same := shown && open.Flow == w.Flow && open.Payer == w.Payer && s.clock.Now().Before(open.CreatedAt.Add(codeLife))
	if same && open.State == AttemptPending {
		return open, nil
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
	timeout := time.NewTimer(s.holdFor())
	defer timeout.Stop()
	for {
		h, ok, err := s.hold(ctx, a, cause)
		if err != nil || ok {
			return h, err
		}
		look := time.NewTimer(kickPause)
		select {
		case <-changed:
		case <-look.C:
		case <-timeout.C:
			return held{}, errors.Join(ErrOutcomeUnknown, errors.New("another request is busy with the attempt"))
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
	a, err := s.newAttempt(w)
	if err != nil {
		return Attempt{}, err
	}
	// A shopper who leaves now must not leave an attempt that is held and
	// that nobody places.
	ctx = context.WithoutCancel(ctx)
	h := held{a, a.CreatedAt.Add(s.holdFor()), CauseStart, &journal{}}
	if err := s.store.CreateAttempt(ctx, a, h.until); err != nil {
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
		SessionID: w.SessionID, Merchant: w.session.Merchant, Version: 1, State: AttemptCreating,
		Wallet: w.Wallet, Flow: w.Flow, Reason: w.reason, Payer: w.Payer,
		Amount: w.session.Amount, Currency: w.session.Currency,
		CreatedAt: now, NextQueryAt: now.Add(s.holdFor()),
	}, nil
}

// placeHeld sends a held attempt's order to the gateway.
func (s *Service) placeHeld(ctx context.Context, w wish, h held) (Attempt, error) {
	call, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	created, err := s.gateway.Create(call, s.gatewayOrder(w, h.Attempt))
	h.said.add(h.call(EntryOrder, s.clock.Now()).answered("placed", "", err))
	switch {
	case err == nil:
		next := s.clock.Now().Add(firstQueryAfter)
		return s.update(ctx, h, func(_ *Session, a *Attempt) outcome { return a.place(created, next) })
	case errors.Is(err, ErrRefused):
		s.report(Report{Problem: "order refused", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		a, updateErr := s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
			return a.fail("refused by the gateway", time.Time{})
		})
		return a, errors.Join(err, updateErr)
	default:
		s.report(Report{Problem: "order of unknown outcome", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		return h.Attempt, errors.Join(ErrOutcomeUnknown, err, s.release(ctx, h))
	}
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
