package web

import (
	"fmt"
	"log/slog"
)

// Format implements [fmt.Formatter] for every verb, without the API keys.
func (m Merchant) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "web.Merchant with %d API keys", len(m.APIKeys))
}

// LogValue implements [slog.LogValuer], without the API keys.
func (m Merchant) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// Format implements [fmt.Formatter] for every verb, without the secret.
func (a WeChatApp) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "web.WeChatApp %s", a.ID) }

// LogValue implements [slog.LogValuer], without the secret.
func (a WeChatApp) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(a)) }

// Format implements [fmt.Formatter] for every verb, without the secret.
func (c Config) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "web.Config for %s", c.PublicURL) }

// LogValue implements [slog.LogValuer], without the secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
