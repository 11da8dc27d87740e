package storetest

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

var claimContract = map[string]check{
	"a claim is stored with its session":           claimStored,
	"a claim belongs to one session":               claimOnce,
	"a claim belongs to one session, at once":      claimOnceAtOnce,
	"a key is free after its time":                 keyFreed,
	"old keys are deleted":                         oldKeysDeleted,
	"a reference is free once its session ended":   referenceFreed,
	"a claim of a session with its first attempt":  claimWithAttempt,
	"claims differ by merchant, by kind, and name": claimsApart,
}

func newClaim(s checkout.Session, kind checkout.ClaimKind, name string) checkout.Claim {
	return checkout.Claim{Merchant: s.Merchant, Kind: kind, Name: name, SessionID: s.ID, CreatedAt: s.CreatedAt}
}

func (f fixture) wantHolder(t *testing.T, c checkout.Claim, sessionID string) {
	t.Helper()
	got, err := f.Claim(t.Context(), c.Merchant, c.Kind, c.Name)
	must(t, err)
	wantEqual(t, "the session with the "+string(c.Kind), got.SessionID, sessionID)
}

func claimStored(t *testing.T, f fixture) {
	s := newSession()
	c := newClaim(s, checkout.ClaimKey, "k 票")
	c.RequestHash, c.Answer = "hash", []byte(`{"a":"\u0000"}`)
	_, err := f.Claim(t.Context(), c.Merchant, c.Kind, c.Name)
	wantError(t, "an unknown claim", err, checkout.ErrNotFound)
	must(t, f.CreateSession(t.Context(), s, c))
	got, err := f.Claim(t.Context(), c.Merchant, c.Kind, c.Name)
	must(t, err)
	wantEqual(t, "claim", got, c)
}

func claimOnce(t *testing.T, f fixture) {
	for _, kind := range []checkout.ClaimKind{checkout.ClaimKey, checkout.ClaimReference} {
		first, second := newSession(), newSession()
		must(t, f.CreateSession(t.Context(), first, newClaim(first, kind, "n")))
		err := f.CreateSession(t.Context(), second, newClaim(second, kind, "other"), newClaim(second, kind, "n"))
		wantError(t, "a second session", err, checkout.ErrClaimed)
		_, err = f.Session(t.Context(), second.ID)
		wantError(t, "the second session", err, checkout.ErrNotFound)
		_, err = f.Claim(t.Context(), second.Merchant, kind, "other")
		wantError(t, "its other claim", err, checkout.ErrNotFound)
		f.wantHolder(t, newClaim(first, kind, "n"), first.ID)
	}
}

func claimOnceAtOnce(t *testing.T, f fixture) {
	var created sync.Map
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			s := newSession()
			err := f.CreateSession(t.Context(), s, newClaim(s, checkout.ClaimReference, "r"), newClaim(s, checkout.ClaimKey, "k"))
			if err == nil {
				created.Store(s.ID, true)
			} else if !errors.Is(err, checkout.ErrClaimed) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	n := 0
	created.Range(func(_, _ any) bool { n++; return true })
	wantEqual(t, "sessions", n, 1)
}

func keyFreed(t *testing.T, f fixture) {
	first, early, late := newSession(), newSession(), newSession()
	must(t, f.CreateSession(t.Context(), first, newClaim(first, checkout.ClaimKey, "k")))
	early.CreatedAt = first.CreatedAt.Add(checkout.KeyLifetime - time.Millisecond)
	wantError(t, "before its time", f.CreateSession(t.Context(), early, newClaim(early, checkout.ClaimKey, "k")), checkout.ErrClaimed)
	late.CreatedAt = first.CreatedAt.Add(checkout.KeyLifetime)
	must(t, f.CreateSession(t.Context(), late, newClaim(late, checkout.ClaimKey, "k")))
	f.wantHolder(t, newClaim(first, checkout.ClaimKey, "k"), late.ID)
}

func oldKeysDeleted(t *testing.T, f fixture) {
	old := newSession()
	for i := range 3 {
		s := newSession()
		must(t, f.CreateSession(t.Context(), s, newClaim(s, checkout.ClaimKey, strconv.Itoa(i)), newClaim(s, checkout.ClaimReference, strconv.Itoa(i))))
	}
	for i := range 2 { // each deletes a few
		s := newSession()
		s.CreatedAt = old.CreatedAt.Add(2 * checkout.KeyLifetime)
		must(t, f.CreateSession(t.Context(), s, newClaim(s, checkout.ClaimKey, "new"+strconv.Itoa(i))))
	}
	for i := range 3 {
		_, err := f.Claim(t.Context(), old.Merchant, checkout.ClaimKey, strconv.Itoa(i))
		wantError(t, "an old key", err, checkout.ErrNotFound)
		_, err = f.Claim(t.Context(), old.Merchant, checkout.ClaimReference, strconv.Itoa(i))
		must(t, err)
	}
}

func referenceFreed(t *testing.T, f fixture) {
	for name, c := range map[string]struct {
		status  checkout.Status
		payment checkout.PaymentStatus
		isFree  bool
	}{
		"open":             {checkout.StatusOpen, checkout.PaymentUnpaid, false},
		"paid":             {checkout.StatusComplete, checkout.PaymentPaid, false},
		"refunded":         {checkout.StatusComplete, checkout.PaymentRefunded, false},
		"expired":          {checkout.StatusExpired, checkout.PaymentUnpaid, true},
		"canceled":         {checkout.StatusCanceled, checkout.PaymentUnpaid, true},
		"expired and paid": {checkout.StatusExpired, checkout.PaymentPaid, false},
	} {
		first, second := newSession(), newSession()
		first.Status, first.PaymentStatus = c.status, c.payment
		must(t, f.CreateSession(t.Context(), first, newClaim(first, checkout.ClaimReference, name)))
		err := f.CreateSession(t.Context(), second, newClaim(second, checkout.ClaimReference, name))
		if c.isFree {
			must(t, err)
			f.wantHolder(t, newClaim(first, checkout.ClaimReference, name), second.ID)
			continue
		}
		wantError(t, name, err, checkout.ErrClaimed)
	}
}

func claimWithAttempt(t *testing.T, f fixture) {
	first, second := newSession(), newSession()
	must(t, f.CreateSessionWithAttempt(t.Context(), first, newAttempt(first, flow.WalletWeChat), start(), newClaim(first, checkout.ClaimKey, "k")))
	f.wantHolder(t, newClaim(first, checkout.ClaimKey, "k"), first.ID)
	a := newAttempt(second, flow.WalletWeChat)
	err := f.CreateSessionWithAttempt(t.Context(), second, a, start(), newClaim(second, checkout.ClaimKey, "k"))
	wantError(t, "a second session", err, checkout.ErrClaimed)
	_, err = f.Attempt(t.Context(), a.ID)
	wantError(t, "its attempt", err, checkout.ErrNotFound)
}

func claimsApart(t *testing.T, f fixture) {
	for _, c := range []checkout.Claim{
		{Merchant: "one", Kind: checkout.ClaimKey, Name: "n"}, {Merchant: "two", Kind: checkout.ClaimKey, Name: "n"},
		{Merchant: "one", Kind: checkout.ClaimReference, Name: "n"}, {Merchant: "one", Kind: checkout.ClaimKey, Name: "N"},
	} {
		s := newSession()
		c.SessionID, c.CreatedAt = s.ID, s.CreatedAt
		must(t, f.CreateSession(t.Context(), s, c))
	}
}
