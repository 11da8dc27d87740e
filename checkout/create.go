package checkout

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// NewSession is a shop's request to be paid.
type NewSession struct {
	Merchant string
	Amount   int64
	// Currency is an ISO 4217 code in capital or small letters.
	Currency          string
	Subject           string
	ClientReferenceID string
	// SuccessURL and CancelURL are where the page sends the shopper. Config.Returns must
	// allow both. CancelURL may be "".
	SuccessURL, CancelURL string
	// Channels are names of channels or wallets. Empty means all that the shop
	// accepts.
	Channels []string
	Locale   string
	// ExpiresAt is from 1 minute to 24 hours from now. Zero means the shop's
	// Lifetime.
	ExpiresAt time.Time
	Metadata  map[string]string
	// Once makes repeated requests create one session. nil makes each create its own.
	Once *Once
	// LineItems are the lines of the bill, at most [MaxLineItems]. Their amounts add up to
	// Amount. It may be empty.
	LineItems []LineItem
	// RecoveredFrom is "", or the ID of an earlier session of the shop that is not paid.
	RecoveredFrom string
	// SealedOpenID is stored as it is. See [Session].
	SealedOpenID string
	// Shopper is the shopper's device, nil where the shop does not know it. With it,
	// Create places the order of a session whose page shows one code without a choice,
	// so that the page's first response has the code.
	Shopper *flow.Device
}

const (
	minLifetime = time.Minute
	maxLifetime = 24 * time.Hour
)

// creator creates sessions.
type creator struct {
	store     Store
	clock     Clock
	random    io.Reader
	merchants map[string]Merchant
	returns   ReturnPolicy
	rates     *rates
	placer    *placer
}

// create is [Service.Create].
func (c *creator) create(ctx context.Context, n NewSession) (Session, error) {
	now := c.clock.Now()
	n, wallets, err := c.prepare(n, now)
	if err = errors.Join(err, c.checkRecovered(ctx, n)); err != nil {
		return Session{}, err
	}
	id, err := NewID(c.random, SessionPrefix)
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
		LineItems: n.LineItems, RecoveredFrom: n.RecoveredFrom, TestMode: c.merchants[n.Merchant].TestMode,
		CreatedAt: now, ExpiresAt: n.ExpiresAt, ConcludeAt: n.ExpiresAt,
	}
	claims, err := c.merchants[n.Merchant].claims(n, session)
	if err != nil {
		return Session{}, err
	}
	err = c.saveClaimed(ctx, claims, func() error { return c.save(ctx, session, claims, n.Shopper) })
	if err != nil {
		return session, err
	}
	c.rates.approximateCNY(session) // its page needs the rate
	c.rates.refresh()
	return session, nil
}

// prepare returns the request with its defaults, and the wallets of the session. It
// returns a *FieldError for each field that is wrong, joined.
func (c *creator) prepare(n NewSession, now time.Time) (NewSession, []flow.Wallet, error) {
	merchant, known := c.merchants[n.Merchant]
	if !known {
		return n, nil, &FieldError{Field: "merchant", Problem: "is not configured: " + quote(n.Merchant)}
	}
	if n.ExpiresAt.IsZero() {
		n.ExpiresAt = now.Add(merchant.lifetime())
	}
	n.ExpiresAt = n.ExpiresAt.Truncate(time.Millisecond) // as it is stored
	n.Currency = strings.ToUpper(n.Currency)
	wallets, err := merchant.pick(n.Channels)
	return n, wallets, errors.Join(n.check(now), c.checkReturns(n), err)
}

// checkReturns returns a *FieldError for each URL to which the shop may not send its
// shoppers, joined.
func (c *creator) checkReturns(n NewSession) error {
	check := func(field, address string) error {
		if address == "" {
			return nil
		}
		return c.returns.CheckReturn(n.Merchant, field, address)
	}
	return errors.Join(check("success_url", n.SuccessURL), check("cancel_url", n.CancelURL))
}

// check is [Service.CheckNew].
func (c *creator) check(ctx context.Context, n NewSession) error {
	n, _, err := c.prepare(n, c.clock.Now())
	return errors.Join(err, c.checkRecovered(ctx, n))
}

// checkRecovered returns a *FieldError where the session that the new one replaces is not a
// session of the shop, or is paid or has a payment that is not confirmed yet.
func (c *creator) checkRecovered(ctx context.Context, n NewSession) error {
	const field = "recovered_from"
	if n.RecoveredFrom == "" {
		return nil
	}
	before, err := readSession(ctx, c.store, n.RecoveredFrom)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && before.Merchant != n.Merchant:
		return &FieldError{Field: field, Problem: "names no session of this shop"}
	case err != nil:
		return err
	case before.PaymentStatus != PaymentUnpaid:
		return &FieldError{Field: field, Problem: "names a session whose payment_status is " + string(before.PaymentStatus)}
	default:
		return nil
	}
}

// save stores a new session, with its order where that is placed at once.
func (c *creator) save(ctx context.Context, session Session, claims []Claim, shopper *flow.Device) error {
	if r, ok := c.placer.startAtOnce(session, shopper); ok {
		return c.placer.createWithOrder(ctx, r, claims)
	}
	return c.store.CreateSession(ctx, session, claims...)
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

// pick returns the shop's wallets that the names of channels or wallets stand for, in
// the order of the names and each once. It returns a *FieldError for an unknown name,
// and where the shop accepts none of the wallets.
func (m Merchant) pick(names []string) ([]flow.Wallet, error) {
	if len(names) == 0 {
		return m.wallets(), nil
	}
	seen := map[flow.Wallet]bool{}
	var picked []flow.Wallet
	for _, name := range names {
		expanded := flow.ExpandWallets(name)
		if expanded == nil {
			return nil, &FieldError{Field: "channels", Problem: "unknown channel " + quote(name)}
		}
		for _, w := range expanded {
			if !seen[w] && slices.Contains(m.wallets(), w) {
				picked = append(picked, w)
			}
			seen[w] = true
		}
	}
	if len(picked) == 0 {
		return nil, &FieldError{Field: "channels", Problem: "the shop takes none of these"}
	}
	return picked, nil
}

// check returns a *FieldError for each field that is wrong, joined.
func (n NewSession) check(now time.Time) error {
	var faults []error
	bad := func(isBad bool, field, problem string) {
		if isBad {
			faults = append(faults, &FieldError{Field: field, Problem: problem})
		}
	}
	missing := func(field, value string) {
		if value == "" {
			faults = append(faults, &FieldError{Field: field, Code: FieldMissing, Problem: "is missing"})
		}
	}
	bad(n.Amount < 1 || n.Amount > MaxAmount, "amount", "must be a whole number of minor units from 1 to 99999999999")
	faults = append(faults, checkCurrency(n.Currency))
	missing("subject", n.Subject)
	missing("success_url", n.SuccessURL)
	bad(n.ExpiresAt.Before(now.Add(minLifetime)) || n.ExpiresAt.After(now.Add(maxLifetime)), "expires_at", "must be from 1 minute to 24 hours ahead")
	if n.Once != nil {
		missing(keyField, n.Once.Key)
		faults = append(faults, CheckText(keyField, n.Once.Key))
	}
	faults = append(faults, CheckText("subject", n.Subject), CheckText("client_reference_id", n.ClientReferenceID),
		checkLineItems(n.LineItems, n.Amount), checkMetadata(n.Metadata))
	return errors.Join(faults...)
}

// quote returns the first 32 characters of a text in quotes: an error must not repeat
// a megabyte.
func quote(text string) string {
	const maxQuoted = 32
	if r := []rune(text); len(r) > maxQuoted {
		text = string(r[:maxQuoted]) + "…"
	}
	return `"` + text + `"`
}
