package wantu

import (
	"fmt"
	"log/slog"
)

// Format implements [fmt.Formatter] for every verb, so that no log line holds
// the keys.
func (config Config) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "wantu.Config for %s/%s at %s", config.MerchantAccount, config.StoreAccount, config.BaseURL)
}

// LogValue implements [slog.LogValuer], without the keys.
func (config Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(config)) }

// Format implements [fmt.Formatter] for every verb, without the keys.
func (c *Client) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "wantu.Client for %s/%s at %s", c.merchantAccount, c.storeAccount, c.baseURL)
}
