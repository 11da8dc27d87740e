// Package config reads the configuration file: the shops, their accounts at the
// gateway, and their keys. Call [ReadShops], and then [Merchants].
package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// file is the YAML file.
type file struct {
	Merchants []Shop `yaml:"merchants"`
}

// Shop is the configuration of one shop.
type Shop struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`

	Gateway struct {
		GatewayAccount `yaml:",inline"`
		BaseURL        string `yaml:"base_url"`
		// QueriesPerSecond is as in checkout.Merchant. Defaults to
		// checkout.DefaultQueriesPerSecond.
		QueriesPerSecond *int `yaml:"queries_per_second"`
		// Previous is the account before a change of accounts. Keep it while orders
		// of it can be paid, refunded or reconciled. Defaults to none.
		Previous *GatewayAccount `yaml:"previous_account"`
	} `yaml:"gateway"`

	WeChat struct {
		AppID     string       `yaml:"app_id"`
		AppSecret Confidential `yaml:"app_secret"`
		// AuthorizeURL and AccessTokenURL are the addresses of a sandbox's OAuth. They
		// default to WeChat's.
		AuthorizeURL   string `yaml:"authorize_url"`
		AccessTokenURL string `yaml:"access_token_url"`
	} `yaml:"wechat"`

	Webhook struct {
		URL    string       `yaml:"url"`
		Secret Confidential `yaml:"secret"`
		// PreviousSecret signs as well, while the shop changes to Secret.
		PreviousSecret Confidential `yaml:"previous_secret"`
		// AllowPrivate are private ranges to which webhooks may be sent, such as
		// 10.0.0.0/8.
		AllowPrivate []string `yaml:"allow_private"`
		// Proxy is the proxy for webhooks. It must check their targets itself.
		Proxy Confidential `yaml:"proxy"`
		// MaxRequests is how many webhooks each process sends at once, from 1 to 256.
		// Defaults to 16.
		MaxRequests *int `yaml:"max_requests"`
		// Events are the types of the events that are sent. Defaults to all.
		Events []checkout.EventType `yaml:"events"`
	} `yaml:"webhook"`

	// Webhooks are further endpoints. AllowPrivate and Proxy of Webhook apply to them too.
	Webhooks []Webhook `yaml:"webhooks"`

	// Branding is how the shop's pages look.
	Branding struct {
		// Color is #rrggbb. Defaults to the kit's color.
		Color string `yaml:"color"`
		// Logo is the path of an SVG, PNG, WebP or JPEG file, shown in a small square.
		// A relative path begins at the configuration's folder.
		Logo string `yaml:"logo"`
		// Marks are the paths of SVG or PNG files that the pages show in place of the
		// kit's marks of the wallets, such as wechat. Paths are as for Logo.
		Marks map[flow.Wallet]string `yaml:"marks"`
	} `yaml:"branding"`

	// TimeZone is the time zone of the shop's pages. Defaults to Asia/Hong_Kong.
	TimeZone string `yaml:"time_zone"`

	// APIRequestsPerSecond is as in web.Merchant, from 1 to 100000. Defaults to 500.
	APIRequestsPerSecond *int `yaml:"api_requests_per_second"`
	// APIKeys are keys of the merchant API, besides those of the database.
	APIKeys []APIKey `yaml:"api_keys"`
	// ReturnHosts and AllowedOrigins are as in web.Merchant.
	ReturnHosts    []string `yaml:"return_hosts"`
	AllowedOrigins []string `yaml:"allowed_origins"`
	// Channels are the channels or wallets that the shop offers, such as alipay or
	// alipay_hk. Defaults to all.
	Channels []string `yaml:"channels"`
	// SessionMinutes is how long a session is open, from 1 to 1440. Defaults to 30.
	SessionMinutes int `yaml:"session_minutes"`

	// PaidLate is what to do with a payment after the session has ended: hold (the
	// shop decides), accept or refund. Defaults to hold.
	PaidLate checkout.LatePolicy `yaml:"paid_late"`
	// KeepPaidTwice keeps a second payment of a session. By default it is refunded.
	KeepPaidTwice bool `yaml:"keep_paid_twice"`
	// UniqueReferences refuses a session whose client_reference_id another session has that
	// is open or paid. By default it is allowed.
	UniqueReferences bool `yaml:"unique_references"`
	// SharedAccount is true if other systems use the same account. Orders that are
	// not the checkout's are then no differences.
	SharedAccount bool `yaml:"shared_account"`

	// files are the files that confidential values were read from.
	files []string
}

// Webhook is a further endpoint of a shop.
type Webhook struct {
	// ID is unique among the shop's endpoints: letters, digits, - and _.
	ID     string       `yaml:"id"`
	URL    string       `yaml:"url"`
	Secret Confidential `yaml:"secret"`
	// PreviousSecret, MaxRequests and Events are as in Shop.Webhook.
	PreviousSecret Confidential         `yaml:"previous_secret"`
	MaxRequests    *int                 `yaml:"max_requests"`
	Events         []checkout.EventType `yaml:"events"`
}

// GatewayAccount is an account at the gateway.
type GatewayAccount struct {
	MerchantAccount string       `yaml:"merchant_account"`
	StoreAccount    string       `yaml:"store_account"`
	Key             Confidential `yaml:"key"`
	// PreviousKey verifies as well, while the gateway changes to Key.
	PreviousKey Confidential `yaml:"previous_key"`
}

// ReadShops reads the configuration file, reads the keys that it refers to, and
// checks each shop. Its errors contain no secret.
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
	if err := prepareShops(c.Merchants, filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c.Merchants, nil
}

// withoutText returns an error with the position and the reason of a YAML error,
// without any text of the file: any text may be a key.
func withoutText(err error) error {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil {
		return errors.New("it is not YAML with a list of merchants")
	}
	at := known.GetToken().Position
	return fmt.Errorf("line %d, column %d: %s", at.Line, at.Column, yamlReason(known))
}

// yamlReason returns what is wrong.
func yamlReason(err yaml.Error) string {
	switch err.(type) {
	case *yaml.UnknownFieldError:
		return "no field has this name"
	case *yaml.TypeError, *yaml.OverflowError, *yaml.UnexpectedNodeTypeError:
		return "this field takes another type of value"
	default:
		return "this is not YAML, or a name is used twice"
	}
}

// prepareShops reads the shops' keys and checks the shops. Relative paths begin at
// folder.
func prepareShops(shops []Shop, folder string) error {
	seen := map[string]bool{}
	for i := range shops {
		s := &shops[i]
		if s.ID == "" || seen[s.ID] {
			return fmt.Errorf("merchants[%d].id is empty or used twice", i)
		}
		seen[s.ID] = true
		if err := s.resolve(folder); err != nil {
			return fmt.Errorf("merchant %q: %w", s.ID, err)
		}
		s.resolvePictures(folder)
		if err := s.check(); err != nil {
			return fmt.Errorf("merchant %q: %w", s.ID, err)
		}
	}
	return checkKeysApart(shops)
}

// resolve replaces env:NAME and file:PATH by their values. It fails if one cannot
// be read or is a placeholder.
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

// confidential returns the shop's confidential fields by name.
func (s *Shop) confidential() map[string]*Confidential {
	fields := map[string]*Confidential{
		"gateway.key": &s.Gateway.Key, "gateway.previous_key": &s.Gateway.PreviousKey,
		"wechat.app_secret": &s.WeChat.AppSecret, "webhook.secret": &s.Webhook.Secret,
		"webhook.previous_secret": &s.Webhook.PreviousSecret, "webhook.proxy": &s.Webhook.Proxy,
	}
	if previous := s.Gateway.Previous; previous != nil {
		fields["gateway.previous_account.key"] = &previous.Key
		fields["gateway.previous_account.previous_key"] = &previous.PreviousKey
	}
	for i := range s.Webhooks {
		fields[fmt.Sprintf("webhooks[%d].secret", i)] = &s.Webhooks[i].Secret
		fields[fmt.Sprintf("webhooks[%d].previous_secret", i)] = &s.Webhooks[i].PreviousSecret
	}
	for i := range s.APIKeys {
		fields[s.APIKeys[i].keyField(i)] = &s.APIKeys[i].Key
	}
	return fields
}
