package kit

import (
	"fmt"
	"log/slog"
)

// Format implements [fmt.Formatter] for every verb, without a secret.
func (c Config) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "kit.Config for %s", c.PublicURL) }

// LogValue implements [slog.LogValuer], without a secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// Format implements [fmt.Formatter] for every verb, without a key.
func (m Merchant) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "kit.Merchant %s", m.Checkout.ID)
}

// LogValue implements [slog.LogValuer], without a key.
func (m Merchant) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// Format implements [fmt.Formatter] for every verb, without the password of a URL.
func (d Database) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "kit.Database in folder %q", d.Folder)
}

// LogValue implements [slog.LogValuer], without the password of a URL.
func (d Database) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(d)) }
