package dbcli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// keysListVerb lists the keys of the database and of the configuration.
type keysListVerb struct {
	Merchant string `env:"-" help:"Id of one merchant. Defaults to all."`
	JSON     bool   `name:"json" env:"-" help:"Print a JSON array."`
	database
}

// Run implements kong's command.
func (v *keysListVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := v.checkMerchant(v.Merchant, "--merchant"); err != nil {
		return err
	}
	configured, err := v.configured()
	if err != nil {
		return gatewaycli.Usage(err)
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		keys, err := st.APIKeys(ctx, v.Merchant)
		if err != nil {
			return err
		}
		uses, err := st.KeyUses(ctx)
		if err != nil {
			return err
		}
		for _, k := range configured {
			k.UsedAt = uses[k.ID]
			keys = append(keys, k)
		}
		list, now := make([]keyJSON, len(keys)), time.Now()
		for i, k := range keys {
			list[i] = newKeyJSON(k, now)
		}
		if v.JSON {
			return json.NewEncoder(s.Out).Encode(list)
		}
		return keyTable(s, list)
	})
}

// configured returns the keys of the file, or none without a file.
func (v *keysListVerb) configured() (all []apikey.Key, err error) {
	if v.Config == "" {
		return nil, nil
	}
	shops, err := config.ReadShops(v.Config)
	if err != nil {
		return nil, err
	}
	for i := range shops {
		if v.Merchant != "" && v.Merchant != shops[i].ID {
			continue
		}
		keys, err := shops[i].Keys()
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}

// keyJSON is the JSON of a key. A time is "" where there is none.
type keyJSON struct {
	ID       string `json:"id"`
	Merchant string `json:"merchant"`
	Name     string `json:"name"`
	// Hint is the beginning and the end of the key, "" where they are not known.
	Hint string `json:"hint"`
	// Scopes are all scopes for a key that is not restricted.
	Scopes     []apikey.Scope `json:"scopes"`
	Restricted bool           `json:"restricted"`
	// State is valid, expired or revoked.
	State string `json:"state"`
	// Configured is true for a key of the configuration file.
	Configured bool   `json:"configured"`
	CreatedAt  string `json:"created_at"`
	UsedAt     string `json:"used_at"`
	ExpiresAt  string `json:"expires_at"`
	RevokedAt  string `json:"revoked_at"`
}

func newKeyJSON(k apikey.Key, now time.Time) keyJSON {
	state := "valid"
	switch {
	case !k.RevokedAt.IsZero():
		state = "revoked"
	case !k.IsValid(now):
		state = "expired"
	}
	scopes := k.Scopes
	if len(scopes) == 0 {
		scopes = apikey.Scopes()
	}
	return keyJSON{
		k.ID, k.Merchant, gatewaycli.Printable(k.Name), k.Hint, scopes, len(k.Scopes) > 0, state, k.CreatedAt.IsZero(),
		formatTime(k.CreatedAt), formatTime(k.UsedAt), formatTime(k.EndsAt), formatTime(k.RevokedAt),
	}
}

func keyTable(s gatewaycli.Streams, keys []keyJSON) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tMERCHANT\tNAME\tKEY\tSCOPES\tSTATE\tCREATED\tLAST USED\tEXPIRES") // Flush returns the error
	for _, k := range keys {
		scopes := "all"
		if k.Restricted {
			names := make([]string, len(k.Scopes))
			for i, scope := range k.Scopes {
				names[i] = string(scope)
			}
			scopes = strings.Join(names, ",")
		}
		created := cmp.Or(k.CreatedAt, "in the file")
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Merchant, k.Name, cmp.Or(k.Hint, "-"), scopes, k.State,
			created, cmp.Or(k.UsedAt, "-"), cmp.Or(k.ExpiresAt, "-"))
	}
	return w.Flush()
}
