// Package config reads the program's configuration file: the shops, their
// accounts at the gateway and their keys. Call [ReadShops].
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
)

// file is the YAML file as it stands.
type file struct {
	Merchants []Shop `yaml:"merchants"`
}

// Shop is one shop: its account at the gateway, its keys and what its
// sessions may do. Every confidential value may be "env:NAME" or "file:PATH".
type Shop struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`

	Gateway struct {
		GatewayAccount `yaml:",inline"`
		BaseURL        string `yaml:"base_url"`
		// Previous is the account from before, while orders that were placed with
		// it can still be paid, refunded or reconciled. Defaults to none.
		Previous *GatewayAccount `yaml:"previous_account"`
	} `yaml:"gateway"`

	WeChat struct {
		AppID     string       `yaml:"app_id"`
		AppSecret Confidential `yaml:"app_secret"`
		// AuthorizeURL and AccessTokenURL are where WeChat's OAuth lives, for a
		// sandbox. They default to WeChat's own.
		AuthorizeURL   string `yaml:"authorize_url"`
		AccessTokenURL string `yaml:"access_token_url"`
	} `yaml:"wechat"`

	Webhook struct {
		URL    string       `yaml:"url"`
		Secret Confidential `yaml:"secret"`
		// PreviousSecret signs too while the shop changes to Secret.
		PreviousSecret Confidential `yaml:"previous_secret"`
		// AllowPrivate are ranges outside the public internet that URL may
		// lead to, such as 10.0.0.0/8.
		AllowPrivate []string `yaml:"allow_private"`
		// Proxy carries the webhooks, and has to check where they go.
		Proxy Confidential `yaml:"proxy"`
	} `yaml:"webhook"`

	// Branding is how the shop's pages look.
	Branding struct {
		// Color is #rrggbb. Defaults to the kit's own.
		Color string `yaml:"color"`
		// Logo is a file, SVG, PNG, WebP or JPEG, shown in a small square; a
		// relative path begins at the configuration's folder.
		Logo string `yaml:"logo"`
	} `yaml:"branding"`

	// TimeZone is the one in which the shop's pages tell the time. Defaults to
	// Asia/Hong_Kong.
	TimeZone string `yaml:"time_zone"`

	APIKeys        []Confidential `yaml:"api_keys"`
	ReturnHosts    []string       `yaml:"return_hosts"`
	AllowedOrigins []string       `yaml:"allowed_origins"`
	Channels       []string       `yaml:"channels"`
	SessionMinutes int            `yaml:"session_minutes"`

	// PaidLate is hold, accept or refund: what becomes of money that arrives
	// after a session has ended. Defaults to hold.
	PaidLate checkout.LatePolicy `yaml:"paid_late"`
	// KeepPaidTwice keeps a second payment, which else goes back by itself.
	KeepPaidTwice bool `yaml:"keep_paid_twice"`
	// SharedAccount says that other systems place orders on the account too, so
	// that theirs are no differences.
	SharedAccount bool `yaml:"shared_account"`

	// files are those that the confidential values were read from.
	files []string
}

// GatewayAccount is an account at the gateway.
type GatewayAccount struct {
	MerchantAccount string       `yaml:"merchant_account"`
	StoreAccount    string       `yaml:"store_account"`
	Key             Confidential `yaml:"key"`
	// PreviousKey still verifies while the gateway changes to Key.
	PreviousKey Confidential `yaml:"previous_key"`
}

// name is what orders are stored with.
func (a GatewayAccount) name() string { return a.MerchantAccount + "/" + a.StoreAccount }

// ReadShops reads the configuration file, resolves its keys and refuses what
// must not go live.
func ReadShops(path string) ([]Shop, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	var c file
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, withoutText(err))
	}
	if len(c.Merchants) == 0 {
		return nil, fmt.Errorf("%s: merchants is empty", path)
	}
	if err := readyShops(c.Merchants, filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c.Merchants, nil
}

// withoutText says where a file cannot be read and why, without a word of the
// file: what stands in the wrong place, also as a name, may be a key.
func withoutText(err error) error {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil {
		return errors.New("it is not YAML that holds merchants")
	}
	at := known.GetToken().Position
	return fmt.Errorf("line %d, column %d: %s", at.Line, at.Column, misreading(known))
}

func misreading(err yaml.Error) string {
	switch err.(type) {
	case *yaml.UnknownFieldError:
		return "no field has this name"
	case *yaml.TypeError, *yaml.OverflowError, *yaml.UnexpectedNodeTypeError:
		return "the field here takes another kind of value"
	default:
		return "this is not YAML, or a name stands twice"
	}
}

// readyShops resolves the shops' keys, and files in the folder, and checks each
// shop, then all together.
func readyShops(shops []Shop, folder string) error {
	seen := map[string]bool{}
	for i := range shops {
		s := &shops[i]
		if s.ID == "" || seen[s.ID] {
			return fmt.Errorf("merchants[%d].id is missing or taken", i)
		}
		seen[s.ID] = true
		if err := s.resolve(folder); err != nil {
			return fmt.Errorf("merchant %q: %w", s.ID, err)
		}
		if s.Branding.Logo != "" {
			s.Branding.Logo = beside(folder, s.Branding.Logo)
		}
		if err := s.check(); err != nil {
			return fmt.Errorf("merchant %q: %w", s.ID, err)
		}
	}
	return checkKeysApart(shops)
}

// resolve replaces env: and file: by what they name, and refuses placeholders.
func (s *Shop) resolve(folder string) error {
	for name, field := range s.confidential() {
		if path, ok := field.file(folder); ok {
			s.files = append(s.files, path)
		}
		value, err := field.Read(folder)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*field = Confidential(value)
	}
	for name, value := range map[string]string{
		"gateway.merchant_account": s.Gateway.MerchantAccount, "gateway.store_account": s.Gateway.StoreAccount, "wechat.app_id": s.WeChat.AppID,
	} {
		if IsPlaceholder(value) {
			return fmt.Errorf("%s: %w", name, errPlaceholder)
		}
	}
	return nil
}

// confidential returns the shop's confidential values by their names.
func (s *Shop) confidential() map[string]*Confidential {
	fields := map[string]*Confidential{
		"gateway.key": &s.Gateway.Key, "gateway.previous_key": &s.Gateway.PreviousKey,
		"wechat.app_secret": &s.WeChat.AppSecret, "webhook.secret": &s.Webhook.Secret,
		"webhook.previous_secret": &s.Webhook.PreviousSecret, "webhook.proxy": &s.Webhook.Proxy,
	}
	if before := s.Gateway.Previous; before != nil {
		fields["gateway.previous_account.key"] = &before.Key
		fields["gateway.previous_account.previous_key"] = &before.PreviousKey
	}
	for i := range s.APIKeys {
		fields[fmt.Sprintf("api_keys[%d]", i)] = &s.APIKeys[i]
	}
	return fields
}

// Client returns a client for the shop's account at the gateway. transport may
// be nil.
func (s *Shop) Client(transport wantu.Transport) (*wantu.Client, error) {
	return s.clientOf(s.Gateway.GatewayAccount, transport)
}

func (s *Shop) clientOf(a GatewayAccount, transport wantu.Transport) (*wantu.Client, error) {
	return wantu.New(wantu.Config{
		BaseURL: s.Gateway.BaseURL, MerchantAccount: a.MerchantAccount,
		StoreAccount: a.StoreAccount, Key: string(a.Key), PreviousKey: string(a.PreviousKey),
		Transport: transport,
	})
}

// Account returns the shop's account as the checkout uses it, with the one from
// before. transport may be nil.
func (s *Shop) Account(transport wantu.Transport) (wantupay.Account, error) {
	account, err := s.accountOf(s.Gateway.GatewayAccount, transport)
	if err != nil || s.Gateway.Previous == nil {
		return account, err
	}
	before, err := s.accountOf(*s.Gateway.Previous, transport)
	if err != nil {
		return account, fmt.Errorf("gateway.previous_account: %w", err)
	}
	account.Previous = []wantupay.Account{before}
	return account, nil
}

func (s *Shop) accountOf(a GatewayAccount, transport wantu.Transport) (wantupay.Account, error) {
	client, err := s.clientOf(a, transport)
	return wantupay.Account{Name: a.name(), Client: client, MerchantAccount: a.MerchantAccount, WeChatAppID: s.WeChat.AppID}, err
}

// Domain is what the checkout needs to know of the shop.
func (s *Shop) Domain() checkout.Merchant {
	m := checkout.Merchant{
		ID: s.ID, Name: s.Name, WeChatAccount: s.WeChat.AppID != "", Lifetime: time.Duration(s.SessionMinutes) * time.Minute,
		PaidLate: s.PaidLate, KeepPaidTwice: s.KeepPaidTwice, SharedAccount: s.SharedAccount,
	}
	for _, name := range s.Channels {
		for _, w := range flow.ExpandWallets(name) {
			// A channel and its wallet may both be named.
			if !slices.Contains(m.Wallets, w) {
				m.Wallets = append(m.Wallets, w)
			}
		}
	}
	return m
}

// Endpoint is where the shop's webhooks go.
func (s *Shop) Endpoint() worker.Endpoint {
	e := worker.Endpoint{URL: s.Webhook.URL, Secret: string(s.Webhook.Secret), PreviousSecret: string(s.Webhook.PreviousSecret)}
	for _, text := range s.Webhook.AllowPrivate {
		if r, err := netip.ParsePrefix(text); err == nil { // check has seen it
			e.AllowPrivate = append(e.AllowPrivate, r)
		}
	}
	if s.Webhook.Proxy != "" {
		e.Proxy, _ = url.Parse(string(s.Webhook.Proxy))
	}
	return e
}

// Web is what the pages and the merchant API need to know of the shop.
func (s *Shop) Web() web.Merchant {
	m := web.Merchant{
		AllowedOrigins: s.AllowedOrigins, Color: s.Branding.Color, Logo: s.LogoName(), Location: s.Location(),
		PlainReturns: !s.Live(), FormTargets: s.formTargets(),
		WeChat: web.WeChatApp{
			ID: s.WeChat.AppID, Secret: string(s.WeChat.AppSecret),
			Endpoints: web.WeChatEndpoints{Authorize: s.WeChat.AuthorizeURL, AccessToken: s.WeChat.AccessTokenURL},
		},
	}
	for _, entry := range s.ReturnHosts {
		if host, err := web.ParseHost(entry); err == nil { // check has seen it
			m.ReturnHosts = append(m.ReturnHosts, host)
		}
	}
	for _, key := range s.APIKeys {
		m.APIKeys = append(m.APIKeys, string(key))
	}
	return m
}
