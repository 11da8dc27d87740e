package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
)

const (
	// minKey is the least length of a gateway key, in bytes. Real keys are longer.
	minKey = 16
	// maxSessionMinutes is the longest lifetime of a session.
	maxSessionMinutes = 24 * 60
)

// The demo shop's keys. They are public, so [ReadShops] refuses a configuration file
// that has one of them.
const (
	DemoAPIKey        = "sk_test_demo"                                   //nolint:gosec // it is public
	DemoWebhookSecret = "whsec_d2FudHVraXQtZGVtby13ZWJob29rLXNlY3JldA==" //nolint:gosec // it is public
)

// check fails if the shop is not fit to take payments. Its errors name the field,
// and never contain a value that may be a secret.
func (s *Shop) check() error {
	if s.Name == "" {
		return errors.New("name is missing")
	}
	if err := checkout.CheckText("name", s.Name); err != nil {
		return err
	}
	for _, check := range []func() error{
		s.checkGateway, s.CheckSandbox, s.checkWeChat, s.checkAPIKeys, s.checkWebhook, s.checkReturnHosts, s.checkOrigins, s.checkSessions, s.checkPolicies, s.checkBranding,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shop) checkGateway() error {
	gateway, err := url.Parse(s.Gateway.BaseURL)
	switch {
	case err != nil || gateway.Host == "":
		return errors.New("gateway.base_url is not a URL")
	case s.Gateway.QueriesPerSecond != nil && (*s.Gateway.QueriesPerSecond < 1 || *s.Gateway.QueriesPerSecond > checkout.MaxQueriesPerSecond):
		return fmt.Errorf("gateway.queries_per_second is not between 1 and %d", checkout.MaxQueriesPerSecond)
	case s.Gateway.Previous != nil && s.Gateway.Previous.isSameAs(s.Gateway.GatewayAccount):
		return errors.New("gateway.previous_account is the gateway's account: leave it out when no account is changing")
	}
	if err := s.Gateway.checkKeys("gateway"); err != nil || s.Gateway.Previous == nil {
		return err
	}
	if err := s.Gateway.Previous.checkKeys("gateway.previous_account"); err != nil {
		return err
	}
	if _, err := wantu.New(s.wantuConfig(*s.Gateway.Previous)); err != nil {
		return fmt.Errorf("gateway.previous_account: %w", err)
	}
	return nil
}

// isSameAs reports whether a and b are one account at the gateway.
func (a GatewayAccount) isSameAs(b GatewayAccount) bool {
	return a.MerchantAccount == b.MerchantAccount && a.StoreAccount == b.StoreAccount
}

// checkKeys checks the account's keys. field is the name of the account's field,
// for errors.
func (a GatewayAccount) checkKeys(field string) error {
	switch {
	case len(a.Key) < minKey:
		return fmt.Errorf("%s.key is shorter than %d characters", field, minKey)
	case a.PreviousKey != "" && len(a.PreviousKey) < minKey:
		return fmt.Errorf("%s.previous_key is shorter than %d characters", field, minKey)
	case a.PreviousKey == a.Key:
		return fmt.Errorf("%s.previous_key is %s.key: leave it out when no key is changing", field, field)
	default:
		return nil
	}
}

// CheckSandbox fails if a live shop has an account or a key of the sandbox: these
// are public.
func (s *Shop) CheckSandbox() error {
	if !s.Live() {
		return nil
	}
	type setting struct{ field, value, sandbox string }
	fields := []setting{
		{"gateway.merchant_account", s.Gateway.MerchantAccount, sandbox.DefaultMerchantAccount},
		{"gateway.store_account", s.Gateway.StoreAccount, sandbox.DefaultStoreAccount},
		{"gateway.key", string(s.Gateway.Key), sandbox.DefaultKey},
		{"gateway.previous_key", string(s.Gateway.PreviousKey), sandbox.DefaultKey},
		{"wechat.app_id", s.WeChat.AppID, sandbox.DefaultWeChatAppID},
		{"wechat.app_secret", string(s.WeChat.AppSecret), sandbox.DefaultWeChatAppSecret},
	}
	if previous := s.Gateway.Previous; previous != nil {
		fields = append(fields,
			setting{"gateway.previous_account.merchant_account", previous.MerchantAccount, sandbox.DefaultMerchantAccount},
			setting{"gateway.previous_account.key", string(previous.Key), sandbox.DefaultKey})
	}
	for _, f := range fields {
		if strings.TrimSpace(f.value) == f.sandbox {
			return fmt.Errorf("%s is the sandbox's own", f.field)
		}
	}
	return nil
}

func (s *Shop) checkWeChat() error {
	for field, address := range map[string]string{"wechat.authorize_url": s.WeChat.AuthorizeURL, "wechat.access_token_url": s.WeChat.AccessTokenURL} {
		if address != "" && !isEndpoint(address) {
			return errors.New(field + " is not https://host/path, or http:// on this machine, without a query")
		}
	}
	switch {
	case s.WeChat.AppID != "" && s.WeChat.AppSecret == "":
		return errors.New("wechat.app_secret is missing")
	case s.WeChat.AppID == "" && s.WeChat.AppSecret != "":
		return errors.New("wechat.app_id is missing")
	default:
		return nil
	}
}

// isEndpoint reports whether an address is a URL to which a query can be added,
// with https or on this machine.
func isEndpoint(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	_, err = web.ParseHost(u.Host)
	return err == nil && u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname()))
}

func (s *Shop) checkReturnHosts() error {
	if len(s.ReturnHosts) == 0 {
		return errors.New("return_hosts is empty, so no session could have a success_url")
	}
	for i, entry := range s.ReturnHosts {
		if _, err := web.ParseHost(entry); err != nil {
			return fmt.Errorf("return_hosts[%d] is not a host alone, such as shop.example.com or shop.example.com:8443: it %w", i, err)
		}
	}
	return nil
}

func (s *Shop) checkOrigins() error {
	for i, entry := range s.AllowedOrigins {
		if _, err := web.ParseOrigin(entry); err != nil {
			return fmt.Errorf("allowed_origins[%d] is not scheme and host alone, such as https://shop.example.com: it %w", i, err)
		}
		if u, err := url.Parse(entry); err != nil || s.Live() && u.Scheme == "http" && !Loopback(u.Hostname()) {
			return fmt.Errorf("allowed_origins[%d] must be https outside this machine", i)
		}
	}
	return nil
}

func (s *Shop) checkSessions() error {
	for i, name := range s.Channels {
		if flow.ExpandWallets(name) == nil {
			return fmt.Errorf("channels[%d] is not a channel, such as alipay or wechat", i)
		}
	}
	if s.SessionMinutes < 0 || s.SessionMinutes > maxSessionMinutes {
		return fmt.Errorf("session_minutes is not between 1 and %d", maxSessionMinutes)
	}
	if n := s.APIRequestsPerSecond; n != nil && (*n < 1 || *n > web.MaxAPIRequestsPerSecond) {
		return fmt.Errorf("api_requests_per_second is not between 1 and %d", web.MaxAPIRequestsPerSecond)
	}
	return nil
}

func (s *Shop) checkPolicies() error {
	if !s.PaidLate.Known() {
		return errors.New("paid_late is not hold, accept or refund")
	}
	return nil
}

// Loopback reports whether host is localhost or a loopback address.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// PublicURL parses --public-url and returns it as browsers write it, without a
// slash at its end. It fails unless that is an origin with https, which the page
// and its cookies need, or an origin on this machine.
func PublicURL(address string) (string, error) {
	origin, err := web.ParseOrigin(strings.TrimRight(strings.TrimSpace(address), "/"))
	if err != nil {
		return "", fmt.Errorf("--public-url %w: it is scheme and host, such as https://pay.example.com", err)
	}
	if u, err := url.Parse(origin); err != nil || u.Scheme != "https" && !Loopback(u.Hostname()) {
		return "", errors.New("--public-url must be https outside this machine")
	}
	return origin, nil
}
