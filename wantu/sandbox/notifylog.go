package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxLog is how many attempts to notify are remembered for an order.
const maxLog = 50

// Try is one attempt to notify: a notification that was sent, or that a fault dropped.
type Try struct {
	At           time.Time `json:"at"`
	Result       string    `json:"result"`           // "acknowledged", "HTTP status 500", or what went wrong
	Acknowledged bool      `json:"acknowledged"`     // if Forged is true too, the merchant made a mistake
	Fault        FaultKind `json:"fault,omitempty"`  // the fault that struck
	Forged       bool      `json:"forged,omitempty"` // the signature was wrong on purpose
}

// httpStatusPrefix is the beginning of the result for an HTTP status other than 200.
const httpStatusPrefix = "HTTP status "

// The values of [Try.Result] when a notification was not acknowledged.
var (
	errDropped     = errors.New("dropped")
	errStopped     = errors.New("stopped before an answer came")
	errNoAnswer    = errors.New("no HTTP answer")
	errTimeout     = errors.New("no answer within 10 s")
	errNoHost      = errors.New("the host was not found")
	errCertificate = errors.New("the certificate is not trusted")
	errNotJSON     = errors.New("the answer is not a good JSON object")
	errRefused     = errors.New("return_code is not success")
)

// answered reports whether the merchant answered at all, even with an error.
func (t Try) answered() bool {
	return t.Acknowledged || t.Result == errNotJSON.Error() || t.Result == errRefused.Error() ||
		strings.HasPrefix(t.Result, httpStatusPrefix)
}

// appendTry adds an attempt to the log of an order. It does nothing if the order is
// forgotten.
func (s *Sandbox) appendTry(number string, try Try) {
	_, _ = s.orders.change(number, func(o *order) error {
		log := append(slices.Clone(o.Notifications), try) // copies of the order share the old slice
		o.Notifications = log[max(0, len(log)-maxLog):]
		if !try.Forged {
			o.NotifyTries++
		}
		o.Acknowledged = o.Acknowledged || try.Acknowledged && !try.Forged
		return nil
	})
}

// plainError replaces an error of net/http by one of the sandbox, because its text may
// contain the merchant's URL, and a URL may contain a token.
func plainError(err error) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var errno syscall.Errno
	var network net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return errStopped
	case errors.As(err, &certificate):
		return errCertificate
	case errors.As(err, &dns):
		return errNoHost
	case errors.As(err, &network) && network.Timeout():
		return errTimeout
	case errors.As(err, &errno):
		return fmt.Errorf("no connection: %w", errno)
	default:
		return errNoAnswer
	}
}
