package apikey

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// MinSecret is the least length of a configured key, in bytes, which are characters
	// of ASCII.
	MinSecret = 12
	// MaxName is the greatest length of a key's name, in characters.
	MaxName = 64
)

// Configured is a key of a configuration. Either Secret or Hash is needed.
type Configured struct {
	// Name is unique among the keys of the merchant. See [CheckName].
	Name string
	// Secret is the key itself, at least MinSecret bytes.
	Secret Secret
	// Hash is the hash of the key, where the configuration does not have the key itself.
	Hash Hash
	// Scopes are as in [Key]. Defaults to a secret key.
	Scopes []Scope
	// EndsAt is when the key expires. Defaults to never.
	EndsAt time.Time
}

// KeysOf returns the configured keys of a merchant as Keys. A key without a name has the
// name of its place, such as "api_keys[0]". KeysOf fails with the place of the key that is
// wrong.
func KeysOf(merchant string, configured []Configured) ([]Key, error) {
	keys, named := make([]Key, 0, len(configured)), map[string]bool{}
	for i, c := range configured {
		place := fmt.Sprintf("api_keys[%d]", i)
		if c.Name == "" {
			c.Name = place
		}
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("%s %w", place, err)
		}
		if named[c.Name] {
			return nil, fmt.Errorf("%s has the name of another key", place)
		}
		named[c.Name] = true
		keys = append(keys, c.key(merchant))
	}
	return keys, nil
}

// check fails if the key is wrong. The error has no part of the key.
func (c Configured) check() error {
	if err := CheckName(c.Name); err != nil {
		return fmt.Errorf("has a name that %w", err)
	}
	for _, scope := range c.Scopes {
		if _, err := ParseScope(string(scope)); err != nil {
			return fmt.Errorf("has a scope that %w", err)
		}
	}
	switch hasHash := c.Hash != (Hash{}); {
	case c.Secret == "" && !hasHash:
		return errors.New("has neither a key nor a hash")
	case c.Secret != "" && hasHash:
		return errors.New("has a key and a hash: leave one out")
	case c.Secret != "" && len(c.Secret) < MinSecret:
		return fmt.Errorf("is shorter than %d characters", MinSecret)
	case IsRestricted(string(c.Secret)) && len(c.Scopes) == 0:
		return errors.New("begins as a restricted key, and has no scopes")
	default:
		return nil
	}
}

// key returns the Key. Its ID is the merchant and the name, because a part of the hash
// would help to guess a short key.
func (c Configured) key(merchant string) Key {
	k := Key{
		ID: merchant + "/" + c.Name, Merchant: merchant, Name: c.Name, Hash: c.Hash, Hint: HintOf(string(c.Secret)),
		Scopes: slices.Clone(c.Scopes), EndsAt: c.EndsAt,
	}
	if c.Secret != "" {
		k.Hash = HashOf(string(c.Secret))
	}
	return k
}

// CheckName fails if a text is no name of a key: 1 to MaxName characters that can be
// printed, without "/", and without spaces around them.
func CheckName(name string) error {
	switch {
	case name == "" || utf8.RuneCountInString(name) > MaxName:
		return fmt.Errorf("does not have 1 to %d characters", MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("has characters that cannot be printed")
	case strings.Contains(name, "/"):
		return errors.New(`has a "/"`)
	case strings.TrimSpace(name) != name:
		return errors.New("begins or ends with a space")
	default:
		return nil
	}
}

// LogValue implements [slog.LogValuer], without the key.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler], without the key.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
