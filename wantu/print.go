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

// Format implements [fmt.Formatter] for every verb, without the code that
// charges the shopper.
func (r PosPayRequest) Format(s fmt.State, verb rune) { formatValue(s, verb, r.LogValue()) }

// LogValue implements [slog.LogValuer], without the code that charges the
// shopper.
func (r PosPayRequest) LogValue() slog.Value {
	type posPayRequest PosPayRequest // without Format, to avoid endless recursion
	r.AuthCode = placeholder("auth_code", r.AuthCode)
	return slog.AnyValue(posPayRequest(r))
}

// Format implements [fmt.Formatter] for every verb, without the shopper's open_id.
func (r PayFormRequest) Format(s fmt.State, verb rune) { formatValue(s, verb, r.LogValue()) }

// LogValue implements [slog.LogValuer], without the shopper's open_id.
func (r PayFormRequest) LogValue() slog.Value {
	type payFormRequest PayFormRequest // without Format, to avoid endless recursion
	r.OpenID = placeholder("open_id", r.OpenID)
	return slog.AnyValue(payFormRequest(r))
}

// formatValue prints v with the format in s and verb, as fmt would print the
// request.
func formatValue(s fmt.State, verb rune, v slog.Value) {
	_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), v.Any())
}

// placeholder returns the name in brackets instead of a secret, or "" when there is
// no secret.
func placeholder(name, text string) string {
	if text == "" {
		return ""
	}
	return "[" + name + "]"
}
