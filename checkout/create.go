package checkout

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	maxText          = 128
	minLifetime      = time.Minute
	maxLifetime      = 24 * time.Hour
	maxMetadata      = 20
	maxMetadataKey   = 40
	maxMetadataValue = 500
	// sessionIDField in a URL of the shop's is replaced by the session's id.
	sessionIDField = "{CHECKOUT_SESSION_ID}"
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
		SuccessURL:        strings.ReplaceAll(n.SuccessURL, sessionIDField, id),
		CancelURL:         strings.ReplaceAll(n.CancelURL, sessionIDField, id),
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

func (m Merchant) wallets() []Wallet {
	if len(m.Wallets) > 0 {
		return m.Wallets
	}
	return Wallets()
}

// pick returns the shop's wallets that the names stand for, in their order,
// each once.
func (m Merchant) pick(names []string) ([]Wallet, error) {
	if len(names) == 0 {
		return m.wallets(), nil
	}
	asked := map[Wallet]bool{}
	var picked []Wallet
	for _, name := range names {
		expanded := ExpandWallets(name)
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
	if err := checkText("subject", n.Subject); err != nil {
		return err
	}
	if err := checkText("client_reference_id", n.ClientReferenceID); err != nil {
		return err
	}
	return checkMetadata(n.Metadata)
}

// checkText demands one line of at most 128 characters. An & is fine: it is
// the gateway's room that must send it otherwise.
func checkText(field, text string) error {
	if !utf8.ValidString(text) {
		return &FieldError{field, "is not valid UTF-8"}
	}
	if utf8.RuneCountInString(text) > maxText {
		return &FieldError{field, "is over 128 characters"}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return &FieldError{field, "has control characters"}
	}
	return nil
}

func checkMetadata(metadata map[string]string) error {
	if len(metadata) > maxMetadata {
		return &FieldError{"metadata", "has over 20 entries"}
	}
	for key, value := range metadata {
		if key == "" || utf8.RuneCountInString(key) > maxMetadataKey {
			return &FieldError{"metadata", "has a key that is empty or over 40 characters"}
		}
		if utf8.RuneCountInString(value) > maxMetadataValue {
			return &FieldError{"metadata", "has a value of over 500 characters"}
		}
	}
	return nil
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
