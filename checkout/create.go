package checkout

import (
	"context"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// NewSession is a shop's request to be paid.
type NewSession struct {
	Merchant          string
	Amount            int64
	Currency          string
	Subject           string
	ClientReferenceID string
	// SuccessURL and CancelURL have been held against the shop's list of
	// hosts. CancelURL may be "".
	SuccessURL, CancelURL string
	// Channels are names of channels or wallets; empty means all the shop's.
	Channels []string
	Locale   string
	// ExpiresAt may be zero: the shop's Lifetime then counts.
	ExpiresAt time.Time
	Metadata  map[string]string
	// SealedOpenID is kept as it is; see [Session].
	SealedOpenID string
}

const (
	minLifetime = time.Minute
	maxLifetime = 24 * time.Hour
)

// Create stores a new open session. It returns a *FieldError for a field that
// is wrong.
func (s *Service) Create(ctx context.Context, n NewSession) (Session, error) {
	now := s.clock.Now()
	shop := s.shops[n.Merchant]
	if n.ExpiresAt.IsZero() {
		n.ExpiresAt = now.Add(shop.lifetime())
	}
	n.ExpiresAt = n.ExpiresAt.Truncate(time.Millisecond) // as it is stored
	wallets, err := shop.pick(n.Channels)
	if err != nil {
		return Session{}, err
	}
	if err := n.check(now); err != nil {
		return Session{}, err
	}
	id, err := newID(s.random, SessionPrefix)
	if err != nil {
		return Session{}, err
	}
	session := Session{
		ID: id, Merchant: n.Merchant, Version: 1,
		Status: StatusOpen, PaymentStatus: PaymentUnpaid,
		Amount: n.Amount, Currency: n.Currency, Subject: n.Subject,
		ClientReferenceID: n.ClientReferenceID,
		SuccessURL:        withSessionID(n.SuccessURL, id),
		CancelURL:         withSessionID(n.CancelURL, id),
		Wallets:           wallets, Locale: n.Locale, Metadata: n.Metadata, SealedOpenID: n.SealedOpenID,
		CreatedAt: now, ExpiresAt: n.ExpiresAt, ConcludeAt: n.ExpiresAt,
	}
	if err := s.store.CreateSession(ctx, session); err != nil {
		return session, err
	}
	s.ApproximateCNY(session) // its page will want the rate
	s.refreshRates()
	return session, nil
}

func (m Merchant) lifetime() time.Duration {
	if m.Lifetime > 0 {
		return m.Lifetime
	}
	return 30 * time.Minute
}

func (m Merchant) wallets() []flow.Wallet {
	if len(m.Wallets) > 0 {
		return m.Wallets
	}
	return flow.Wallets()
}

// pick returns the shop's wallets that the names stand for, in their order,
// each once.
func (m Merchant) pick(names []string) ([]flow.Wallet, error) {
	if len(names) == 0 {
		return m.wallets(), nil
	}
	asked := map[flow.Wallet]bool{}
	var picked []flow.Wallet
	for _, name := range names {
		expanded := flow.ExpandWallets(name)
		if expanded == nil {
			return nil, &FieldError{"channels", "unknown channel " + quote(name)}
		}
		for _, w := range expanded {
			if !asked[w] && slices.Contains(m.wallets(), w) {
				picked = append(picked, w)
			}
			asked[w] = true
		}
	}
	if len(picked) == 0 {
		return nil, &FieldError{"channels", "the shop takes none of these"}
	}
	return picked, nil
}

func (n NewSession) check(now time.Time) error {
	switch {
	case n.Amount < 1 || n.Amount > MaxAmount:
		return &FieldError{"amount", "must be a whole number of minor units from 1 to 99999999999"}
	case !KnownCurrency(n.Currency):
		return &FieldError{"currency", "unknown currency " + quote(n.Currency)}
	case n.Subject == "":
		return &FieldError{"subject", "is missing"}
	case n.SuccessURL == "":
		return &FieldError{"success_url", "is missing"}
	case n.ExpiresAt.Before(now.Add(minLifetime)) || n.ExpiresAt.After(now.Add(maxLifetime)):
		return &FieldError{"expires_at", "must be from 1 minute to 24 hours ahead"}
	}
	if err := CheckText("subject", n.Subject); err != nil {
		return err
	}
	if err := CheckText("client_reference_id", n.ClientReferenceID); err != nil {
		return err
	}
	return checkMetadata(n.Metadata)
}

// quote shows a short piece of what was sent, so that an error never echoes a
// megabyte.
func quote(text string) string {
	const most = 32
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return `"` + text + `"`
}
