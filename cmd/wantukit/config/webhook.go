package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/wantukit/wantukit/checkout/worker"
)

func (s *Shop) checkWebhook() error {
	for field, secret := range map[string]Confidential{
		"webhook.secret": s.Webhook.Secret, "webhook.previous_secret": s.Webhook.PreviousSecret,
	} {
		if strings.TrimSpace(string(secret)) == DemoWebhookSecret {
			return errors.New(field + " is the demo's own")
		}
	}
	if n := s.Webhook.MaxRequests; n != nil && (*n < 1 || *n > worker.MaxMaxRequests) {
		return fmt.Errorf("webhook.max_requests is not from 1 to %d", worker.MaxMaxRequests)
	}
	if s.Webhook.URL == "" {
		return nil
	}
	for _, check := range []func() error{s.checkWebhookURL, s.checkWebhookSecrets, s.checkWebhookProxy, s.checkWebhookTarget} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shop) checkWebhookURL() error {
	u, err := url.Parse(s.Webhook.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("webhook.url is not an absolute https URL")
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		return errors.New("webhook.url must be https outside this machine")
	default:
		return nil
	}
}

func (s *Shop) checkWebhookSecrets() error {
	switch current, previous := string(s.Webhook.Secret), string(s.Webhook.PreviousSecret); {
	case !isWebhookSecret(current):
		return fmt.Errorf("webhook.secret is not whsec_ and base64 of %d bytes or more", worker.MinWebhookKey)
	case previous != "" && !isWebhookSecret(previous):
		return fmt.Errorf("webhook.previous_secret is not whsec_ and base64 of %d bytes or more", worker.MinWebhookKey)
	case previous == current:
		return errors.New("webhook.previous_secret is webhook.secret: leave it out when no secret is changing")
	default:
		return nil
	}
}

func isWebhookSecret(text string) bool {
	encoded, found := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	return found && err == nil && len(key) >= worker.MinWebhookKey
}

func (s *Shop) checkWebhookProxy() error {
	if s.Webhook.Proxy == "" {
		return nil
	}
	u, err := url.Parse(string(s.Webhook.Proxy)) // do not wrap the error: it may contain the password
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
		return errors.New("webhook.proxy is not an http, https or socks5 URL")
	}
	if len(s.Webhook.AllowPrivate) > 0 {
		return errors.New("webhook.allow_private has no effect with webhook.proxy, which does the connecting")
	}
	return nil
}

// checkWebhookTarget fails if a range is malformed, or if the worker would refuse
// to send webhooks to the URL's address.
func (s *Shop) checkWebhookTarget() error {
	for i, text := range s.Webhook.AllowPrivate {
		r, err := netip.ParsePrefix(text)
		if err != nil || r != r.Masked() || r.Bits() == 0 || r.Addr().Is4In6() {
			return fmt.Errorf("webhook.allow_private[%d] is not a range such as 10.0.0.0/8, fd00::/64 or 127.0.0.1/32", i)
		}
	}
	addr, isAddress := s.webhookAddress()
	if !isAddress || s.Webhook.Proxy != "" {
		return nil
	}
	if err := worker.Refused(addr, s.endpoint().AllowPrivate); err != nil {
		return fmt.Errorf("webhook.url: %w", err)
	}
	return nil
}

// webhookAddress returns the address of the webhook's URL. isAddress is false for a
// host name other than localhost: the worker checks its addresses before each call.
func (s *Shop) webhookAddress() (addr netip.Addr, isAddress bool) {
	u, err := url.Parse(s.Webhook.URL)
	if err != nil {
		return addr, false
	}
	host := u.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err = netip.ParseAddr(host)
	return addr, err == nil
}
