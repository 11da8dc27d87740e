package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/worker"
)

func (s *Shop) checkWebhook() error {
	if err := s.checkWebhookNetwork(); err != nil {
		return err
	}
	if err := s.checkEndpoint("webhook", s.firstWebhook()); err != nil {
		return err
	}
	if len(s.Webhooks) >= checkout.MaxWebhookEndpoints {
		return fmt.Errorf("webhooks has over %d entries", checkout.MaxWebhookEndpoints-1)
	}
	seen := map[string]bool{checkout.DefaultEndpoint: true}
	for i, w := range s.Webhooks {
		field := fmt.Sprintf("webhooks[%d]", i)
		switch {
		case !webhookID.MatchString(w.ID) || checkout.IsMadeByAPI(w.ID):
			return fmt.Errorf("%s.id is not 1 to 64 letters, digits, - and _ that begin otherwise than %s", field, checkout.EndpointPrefix)
		case seen[w.ID]:
			return fmt.Errorf("%s.id is in use: %s is the ID of webhook, and each other one is used once", field, checkout.DefaultEndpoint)
		case w.URL == "":
			return errors.New(field + ".url is missing")
		}
		seen[w.ID] = true
		if err := s.checkEndpoint(field, w); err != nil {
			return err
		}
	}
	return nil
}

var webhookID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// firstWebhook returns the shop's webhook as one of the list.
func (s *Shop) firstWebhook() Webhook {
	w := s.Webhook
	return Webhook{
		ID: checkout.DefaultEndpoint, URL: w.URL, Secret: w.Secret, PreviousSecret: w.PreviousSecret, MaxRequests: w.MaxRequests, Events: w.Events,
	}
}

// checkEndpoint checks a webhook. field is its name, for errors.
func (s *Shop) checkEndpoint(field string, w Webhook) error {
	for name, secret := range map[string]Confidential{".secret": w.Secret, ".previous_secret": w.PreviousSecret} {
		if strings.TrimSpace(string(secret)) == DemoWebhookSecret {
			return errors.New(field + name + " is the demo's own")
		}
	}
	if n := w.MaxRequests; n != nil && (*n < 1 || *n > worker.MaxMaxRequests) {
		return fmt.Errorf("%s.max_requests is not from 1 to %d", field, worker.MaxMaxRequests)
	}
	for i, t := range w.Events {
		if !slices.Contains(checkout.EventTypes(), t) {
			return fmt.Errorf("%s.events[%d] is not a type of events, such as %s", field, i, checkout.EventPaid)
		}
	}
	if w.URL == "" {
		return nil
	}
	if err := worker.CheckURL(w.URL, s.network()); err != nil {
		return fmt.Errorf("%s.url: %w", field, err)
	}
	return checkWebhookSecrets(field, w)
}

func checkWebhookSecrets(field string, w Webhook) error {
	switch current, previous := string(w.Secret), string(w.PreviousSecret); {
	case !isWebhookSecret(current):
		return fmt.Errorf("%s.secret is not whsec_ and base64 of %d bytes or more", field, worker.MinWebhookKey)
	case previous != "" && !isWebhookSecret(previous):
		return fmt.Errorf("%s.previous_secret is not whsec_ and base64 of %d bytes or more", field, worker.MinWebhookKey)
	case previous == current:
		return fmt.Errorf("%s.previous_secret is %s.secret: leave it out when no secret is changing", field, field)
	default:
		return nil
	}
}

func isWebhookSecret(text string) bool {
	encoded, found := strings.CutPrefix(text, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	return found && err == nil && len(key) >= worker.MinWebhookKey
}

// checkWebhookNetwork checks where webhooks may go.
func (s *Shop) checkWebhookNetwork() error {
	for i, text := range s.Webhook.AllowPrivate {
		r, err := netip.ParsePrefix(text)
		if err != nil || r != r.Masked() || r.Bits() == 0 || r.Addr().Is4In6() {
			return fmt.Errorf("webhook.allow_private[%d] is not a range such as 10.0.0.0/8, fd00::/64 or 127.0.0.1/32", i)
		}
	}
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

// network returns an endpoint without a URL, with the shop's settings of the network. The
// settings are checked before.
func (s *Shop) network() (e worker.Endpoint) {
	for _, text := range s.Webhook.AllowPrivate {
		if r, err := netip.ParsePrefix(text); err == nil {
			e.AllowPrivate = append(e.AllowPrivate, r)
		}
	}
	if s.Webhook.Proxy != "" {
		e.Proxy, _ = url.Parse(string(s.Webhook.Proxy))
	}
	return e
}

// endpoint returns where the worker sends what goes to a webhook.
func (s *Shop) endpoint(w Webhook) worker.Endpoint {
	e := s.network()
	e.URL, e.Secret, e.PreviousSecret, e.Events = w.URL, string(w.Secret), string(w.PreviousSecret), w.Events
	if w.ID != checkout.DefaultEndpoint {
		e.ID = w.ID
	}
	if w.MaxRequests != nil {
		e.MaxRequests = *w.MaxRequests
	}
	return e
}
