// Package apikey has the keys of the merchant API. [New] makes a key, a [Ring] finds the
// key of a request, and a [Store] keeps the keys that operators make while the program
// runs.
//
// A key is stored as its SHA-256 and never as itself. A slow hash, such as for passwords,
// is not needed: a key of New has 160 random bits, which nobody can guess, however fast
// the hash is. And the hash is looked up with each request.
package apikey

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Scope is a right of a key. Each route of the merchant API needs one scope.
type Scope string

// The scopes.
const (
	// Read allows to read sessions, refunds and what else the API shows.
	Read Scope = "read"
	// Create allows to create sessions and whatever else takes a payment, and to end them.
	Create Scope = "create"
	// Refund allows to give money back.
	Refund Scope = "refund"
	// Webhooks allows to say where events are sent, and to have them sent again.
	Webhooks Scope = "webhooks"
)

// Scopes returns all scopes.
func Scopes() []Scope { return []Scope{Read, Create, Refund, Webhooks} }

// ParseScope returns the scope of this name. It fails for a name that is none.
func ParseScope(name string) (Scope, error) {
	if scope := Scope(name); slices.Contains(Scopes(), scope) {
		return scope, nil
	}
	return "", errors.New("is not read, create, refund or webhooks")
}

// Hash is the SHA-256 of a key.
type Hash [sha256.Size]byte

// HashOf returns the hash of a key.
func HashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// ParseHash reads a hash from 64 hexadecimal digits. Its error has no part of the text.
func ParseHash(text string) (h Hash, err error) {
	if len(text) != hex.EncodedLen(len(h)) {
		return h, errors.New("is not 64 hexadecimal digits")
	}
	if _, err := hex.Decode(h[:], []byte(text)); err != nil {
		return h, errors.New("is not 64 hexadecimal digits")
	}
	return h, nil
}

// Hex returns the hash as 64 hexadecimal digits.
func (h Hash) Hex() string { return hex.EncodeToString(h[:]) }

// Key is a key of the merchant API, without the secret.
type Key struct {
	// ID names the key in logs and lists.
	ID string
	// Merchant is the shop, also for a test key.
	Merchant string
	// Name is what the shop calls the key.
	Name string
	Hash Hash
	// Hint is the beginning and the end of the secret, by which people recognize it. It
	// is "" where only the hash is known.
	Hint string
	// Scopes are what a restricted key may do. A key without scopes is a secret key: it
	// may do everything.
	Scopes []Scope
	// Test is true for a key of the shop's test mode.
	Test      bool
	CreatedAt time.Time
	// EndsAt is when the key expires. The zero time means never.
	EndsAt time.Time
	// RevokedAt is when the key was revoked, zero if it was not.
	RevokedAt time.Time
	// UsedAt is about when the key was last used, zero for never. See [UseInterval].
	UsedAt time.Time
}

// Allows reports whether the key has a scope.
func (k Key) Allows(scope Scope) bool { return len(k.Scopes) == 0 || slices.Contains(k.Scopes, scope) }

// IsValid reports whether the key is neither expired nor revoked.
func (k Key) IsValid(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.EndsAt.IsZero() || now.Before(k.EndsAt))
}

// Secret is a new key. It is shown once, and is not stored.
type Secret string

// String returns a constant text instead of the key, for fmt and logs.
func (s Secret) String() string { return "(left out)" }

// GoString returns a constant text instead of the key, for %#v.
func (s Secret) GoString() string { return s.String() }

// The beginnings of the keys. sk is a secret key and rk a restricted one.
const (
	secretLive     = "sk_live_"
	secretTest     = "sk_test_"
	restrictedLive = "rk_live_"
	restrictedTest = "rk_test_"
)

// Prefix returns the beginning of a key.
func Prefix(isRestricted, isTest bool) string {
	switch {
	case isRestricted && isTest:
		return restrictedTest
	case isRestricted:
		return restrictedLive
	case isTest:
		return secretTest
	default:
		return secretLive
	}
}

// IsRestricted reports whether a key begins as a restricted key.
func IsRestricted(secret string) bool {
	return strings.HasPrefix(secret, restrictedLive) || strings.HasPrefix(secret, restrictedTest)
}

// secretBytes is the number of random bytes in a key: 160 bits.
const secretBytes = 20

// letters writes random bytes as lower-case letters and digits, which a double click
// selects as a whole.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New sets the ID, the Hash and the Hint of k to those of a new random key, and returns
// the key's secret. The secret says whether the key is restricted and for test mode. New
// fails where random does.
func New(random io.Reader, k Key) (Key, Secret, error) {
	var b [2 * secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return k, "", fmt.Errorf("reading random bits: %w", err)
	}
	k.ID = "key_" + letters.EncodeToString(b[:10])
	secret := Prefix(len(k.Scopes) > 0, k.Test) + letters.EncodeToString(b[secretBytes:])
	k.Hash, k.Hint = HashOf(secret), HintOf(secret)
	return k, Secret(secret), nil
}

// hintEnd is how many characters of a key's end its hint has: 20 of 160 random bits.
const hintEnd = 4

// minHinted is the least length of a key with a hint. The key of a configuration may be
// short, and then its end says too much of it.
const minHinted = 32

// HintOf returns the hint of a key: the beginning that says what it is, and its last four
// characters. It returns "" for a key that is shorter than 32 characters.
func HintOf(secret string) string {
	if len(secret) < minHinted {
		return ""
	}
	begin := ""
	for _, prefix := range []string{secretLive, secretTest, restrictedLive, restrictedTest} {
		if strings.HasPrefix(secret, prefix) {
			begin = prefix
		}
	}
	return begin + "…" + secret[len(secret)-hintEnd:]
}
