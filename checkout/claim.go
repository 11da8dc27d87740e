package checkout

import (
	"context"
	"errors"
	"time"
)

// KeyLifetime is how long the answer to a request with an Idempotency-Key is kept.
const KeyLifetime = 24 * time.Hour

// ClaimKind says what kind of name a [Claim] has.
type ClaimKind string

// The kinds of claims.
const (
	// ClaimKey: the Idempotency-Key of the request that created the session. It is free
	// again after KeyLifetime.
	ClaimKey ClaimKind = "idempotency_key"
	// ClaimReference: the client_reference_id of a merchant with UniqueReferences. It is
	// free again once its session has expired or was canceled, and was not paid.
	ClaimReference ClaimKind = "client_reference_id"
)

// Claim is a name that one session of a merchant has, and no other one.
type Claim struct {
	Merchant  string
	Kind      ClaimKind
	Name      string
	SessionID string
	CreatedAt time.Time
	// RequestHash tells the request that created the session from others, and Answer is what
	// was answered to it. Both are only for ClaimKey.
	RequestHash string
	Answer      []byte
}

// ErrClaimed says that another session has one of the claims. A Store returns it.
var ErrClaimed = errors.New("another session has the name")

// ClaimedError says which claim another session has.
type ClaimedError struct{ Claim Claim }

func (e *ClaimedError) Error() string {
	return "session " + e.Claim.SessionID + " has the same " + string(e.Claim.Kind)
}

// Once makes requests with the same Key create one session.
type Once struct {
	// Key is the request's Idempotency-Key, 1 to 128 characters. RequestHash tells requests
	// with the same key apart.
	Key, RequestHash string
	// Answer returns the answer to the request, which is stored with the session.
	Answer func(Session) ([]byte, error)
}

// claims returns what a new session claims.
func (m Merchant) claims(n NewSession, s Session) ([]Claim, error) {
	claim := Claim{Merchant: s.Merchant, SessionID: s.ID, CreatedAt: s.CreatedAt}
	var all []Claim
	if n.Once != nil {
		answer, err := n.Once.Answer(s)
		if err != nil {
			return nil, err
		}
		keyed := claim
		keyed.Kind, keyed.Name, keyed.RequestHash, keyed.Answer = ClaimKey, n.Once.Key, n.Once.RequestHash, answer
		all = append(all, keyed)
	}
	if m.UniqueReferences && n.ClientReferenceID != "" {
		claim.Kind, claim.Name = ClaimReference, n.ClientReferenceID
		all = append(all, claim)
	}
	return all, nil
}

// saveClaimed calls save, which fails with ErrClaimed where another session has one of the
// claims. It then returns a *ClaimedError that names the other session.
func (c *creator) saveClaimed(ctx context.Context, claims []Claim, save func() error) error {
	for range maxUpdates {
		err := save()
		if !errors.Is(err, ErrClaimed) {
			return err
		}
		for _, claim := range claims {
			found, err := c.claimOf(ctx, claim.Merchant, claim.Kind, claim.Name)
			if err == nil {
				return &ClaimedError{found}
			}
			if !errors.Is(err, ErrNotFound) {
				return err
			}
		}
		// The claim became free meanwhile.
	}
	return tooManyUpdates("a claim")
}

// claimOf returns a claim of a merchant, or ErrNotFound also for a key that is free again.
func (c *creator) claimOf(ctx context.Context, merchant string, kind ClaimKind, name string) (Claim, error) {
	claim, err := c.store.Claim(ctx, merchant, kind, name)
	if err == nil && kind == ClaimKey && !claim.CreatedAt.After(c.clock.Now().Add(-KeyLifetime)) {
		return Claim{}, ErrNotFound
	}
	return claim, err
}
