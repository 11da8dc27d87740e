package dbcli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// keysVerbs are the verbs for the keys of the merchant API.
type keysVerbs struct {
	List   keysListVerb   `cmd:"" help:"List the keys, also those that are expired or revoked. No key is shown, only its beginning and its end."`
	Create keysCreateVerb `cmd:"" help:"Create a key, and print it. It is shown only once."`
	Roll   keysRollVerb   `cmd:"" help:"Replace a key by a new one, and print the new one. The old one still works for a while."`
	Revoke keysRevokeVerb `cmd:"" help:"Revoke a key, which is refused from then on."`
}

// keysCreateVerb creates a key.
type keysCreateVerb struct {
	Merchant  string         `env:"-" required:"" help:"Id of the merchant, which is in --config. The demo's merchant is demo."`
	Name      string         `env:"-" required:"" help:"What the key is for: 1 to 64 characters without a slash."`
	Scopes    []apikey.Scope `env:"-" help:"Scopes of a restricted key: read, create, refund, with commas between. Defaults to all: a secret key."`
	ExpiresIn time.Duration  `env:"-" help:"How long the key works, such as 720h. Defaults to until it is revoked."`
	JSON      bool           `name:"json" env:"-" help:"Print a JSON object, with the key as its field key."`
	database
}

// Run implements kong's command.
func (v *keysCreateVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := v.check(); err != nil {
		return gatewaycli.Usage(err)
	}
	isTest, err := v.isTest()
	if err != nil {
		return gatewaycli.Usage(err)
	}
	now := time.Now()
	k := apikey.Key{Merchant: v.Merchant, Name: v.Name, Scopes: v.Scopes, Test: isTest, CreatedAt: now}
	if v.ExpiresIn > 0 {
		k.EndsAt = now.Add(v.ExpiresIn)
	}
	k, secret, err := apikey.New(rand.Reader, k)
	if err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		if err := st.AddAPIKey(ctx, k); err != nil {
			return err
		}
		return writeNewKey(s, k, secret, v.JSON)
	})
}

func (v *keysCreateVerb) check() error {
	if err := apikey.CheckName(v.Name); err != nil {
		return fmt.Errorf("--name %w", err)
	}
	for _, scope := range v.Scopes {
		if _, err := apikey.ParseScope(string(scope)); err != nil {
			return fmt.Errorf("--scopes: %q %w", scope, err)
		}
	}
	if v.ExpiresIn < 0 {
		return errors.New("--expires-in is negative")
	}
	return nil
}

// isTest reports whether the merchant's gateway is a sandbox. It fails for a merchant that
// is not configured: its key would be of no use.
func (v *keysCreateVerb) isTest() (bool, error) {
	if v.Config == "" {
		if v.Merchant != "demo" {
			return false, errors.New("--merchant needs --config")
		}
		return true, nil
	}
	shops, err := config.ReadShops(v.Config)
	if err != nil {
		return false, err
	}
	for i := range shops {
		if shops[i].ID == v.Merchant {
			return !shops[i].Live(), nil
		}
	}
	return false, fmt.Errorf("--merchant %s is not in %s", v.Merchant, v.Config)
}

// keysRollVerb replaces a key.
type keysRollVerb struct {
	Key     string        `arg:"" help:"Id of the key (key_…)."`
	Overlap time.Duration `env:"-" default:"24h" help:"How long the old key works yet. 0 ends it at once."`
	JSON    bool          `name:"json" env:"-" help:"Print a JSON object, with the new key as its field key."`
	database
}

// Run implements kong's command.
func (v *keysRollVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if v.Overlap < 0 {
		return gatewaycli.Usage(errors.New("--overlap is negative"))
	}
	if err := checkKeyID(v.Key); err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		old, err := st.APIKey(ctx, v.Key)
		if err != nil {
			return keyError(v.Key, err)
		}
		now := time.Now()
		k, secret, err := apikey.New(rand.Reader, apikey.Key{Merchant: old.Merchant, Name: old.Name, Scopes: old.Scopes, Test: old.Test, CreatedAt: now})
		if err != nil {
			return err
		}
		if err := st.RollAPIKey(ctx, old.ID, now.Add(v.Overlap), k); err != nil {
			return keyError(v.Key, err)
		}
		return writeNewKey(s, k, secret, v.JSON)
	})
}

// keysRevokeVerb revokes a key.
type keysRevokeVerb struct {
	Key string `arg:"" help:"Id of the key (key_…)."`
	database
}

// Run implements kong's command.
func (v *keysRevokeVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := checkKeyID(v.Key); err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		if err := st.RevokeAPIKey(ctx, v.Key, time.Now()); err != nil {
			return keyError(v.Key, err)
		}
		_, err := fmt.Fprintf(s.Out, "%s is revoked, and refused %s\n", v.Key, within())
		return gatewaycli.Unreported(err)
	})
}

// checkKeyID fails for the ID of a key of the configuration.
func checkKeyID(id string) error {
	if strings.Contains(id, "/") {
		return gatewaycli.Usage(fmt.Errorf("%q is a key of the configuration file: change it there", id))
	}
	return nil
}

// keyError returns the error with the exit code ExitNo for a key that is not valid.
func keyError(id string, err error) error {
	switch {
	case errors.Is(err, checkout.ErrNotFound):
		return gatewaycli.No(fmt.Sprintf("no key has the id %q", id))
	case errors.Is(err, store.ErrKeyEnded):
		return gatewaycli.No(id + " is revoked or expired")
	default:
		return err
	}
}

// writeNewKey prints a new key, which is stored. The text has the key alone on the standard
// output, for a script.
func writeNewKey(s gatewaycli.Streams, k apikey.Key, secret apikey.Secret, asJSON bool) error {
	if asJSON {
		return gatewaycli.Unreported(json.NewEncoder(s.Out).Encode(struct {
			keyJSON
			Key string `json:"key"`
		}{newKeyJSON(k, k.CreatedAt), string(secret)}))
	}
	_, _ = fmt.Fprintf(s.Err, "%s, %q of %s, works %s. Keep it now: it is not shown again.\n", k.ID, k.Name, k.Merchant, within())
	_, err := fmt.Fprintln(s.Out, string(secret))
	return gatewaycli.Unreported(err)
}

// within says when a change of the keys has its effect.
func within() string { return fmt.Sprintf("within %s", apikey.RefreshInterval+time.Second) }
