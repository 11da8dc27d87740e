package rig

import (
	"fmt"
	"strings"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

const (
	currency      = "HKD"
	webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // #nosec G101 -- for the benchmark
)

// The merchants. They share the account of the gateway.
const (
	// Told receives webhooks. Quiet has no endpoint.
	Told  = "told"
	Quiet = "quiet"
	// Hanging has an endpoint that never answers. Slow is told, and its gateway takes
	// seconds to answer.
	Hanging = "hanging"
	Slow    = "slow"
)

// Key returns the API key of a merchant.
func Key(merchant string) string { return "sk_bench_of_" + merchant }

// shops returns the configuration file of the merchants.
func shops(g *Gateway, told, hanging *Shop) string {
	var text strings.Builder
	text.WriteString("merchants:\n")
	for _, m := range []struct{ id, gateway, webhook string }{
		{Told, g.URL, told.URL}, {Quiet, g.URL, ""}, {Hanging, g.URL, hanging.URL}, {Slow, g.SlowURL, told.URL},
	} {
		fmt.Fprintf(&text, `  - id: %s
    name: Harbour Nights
    gateway: {base_url: %q, merchant_account: %s, store_account: %s, key: %s}
    api_keys: [%s]
    return_hosts: ["shop.example.com"]
`, m.id, m.gateway, sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, sandbox.DefaultKey, Key(m.id))
		if m.webhook != "" {
			fmt.Fprintf(&text, "    webhook: {url: %q, secret: %s, allow_private: [\"127.0.0.0/8\"]}\n", m.webhook, webhookSecret)
		}
	}
	return text.String()
}
