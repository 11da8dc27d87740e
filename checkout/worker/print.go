package worker

import (
	"fmt"
	"log/slog"
	"net/url"
)

// Format implements [fmt.Formatter] for every verb. It prints the host of the URL, and
// neither a secret nor the rest of the URL.
func (e Endpoint) Format(s fmt.State, _ rune) {
	host := "no URL"
	if u, err := url.Parse(e.URL); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	_, _ = fmt.Fprintf(s, "worker.Endpoint at %s", host)
}

// LogValue implements [slog.LogValuer], without the secrets.
func (e Endpoint) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }
