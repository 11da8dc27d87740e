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

// maxLog is how many tries are remembered of an order.
const maxLog = 50

// Try is one notification that was sent, or that a fault dropped.
type Try struct {
	At           time.Time `json:"at"`
	Result       string    `json:"result"`       // "acknowledged", "HTTP status 500", or what went wrong
	Acknowledged bool      `json:"acknowledged"` // also a forged one may be, which is the merchant's mistake
	Fault        FaultKind `json:"fault,omitempty"`
	Forged       bool      `json:"forged,omitempty"` // it had a wrong signature
}

// httpStatus begins the result of an answer that is not 200.
const httpStatus = "HTTP status "

// What a merchant's answer may be like, in the words of [Try.Result].
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

// answered reports whether the merchant said something, be it no.
func (t Try) answered() bool {
	return t.Acknowledged || t.Result == errNotJSON.Error() || t.Result == errRefused.Error() ||
		strings.HasPrefix(t.Result, httpStatus)
}

// remember writes a try down. Orders that were handed out keep their own log.
func (s *Sandbox) remember(number string, try Try) {
	_, _ = s.orders.change(number, func(o *order) error { // a forgotten order has no log
		log := append(slices.Clone(o.Notifications), try)
		o.Notifications = log[max(0, len(log)-maxLog):]
		if !try.Forged {
			o.NotifyTries++
		}
		o.Acknowledged = o.Acknowledged || try.Acknowledged && !try.Forged
		return nil
	})
}

// failure puts an error of net/http into words of our own: its text may hold
// the merchant's URL, and that a token.
func failure(err error) error {
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
