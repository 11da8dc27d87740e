// Package config reads the program's configuration file: the shops, their
// accounts at the gateway and their keys. Call [ReadShops].
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/wantukit/wantukit/checkout"
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
