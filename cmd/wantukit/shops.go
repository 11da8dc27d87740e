package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
)

// fileConfig is the YAML file of `wantukit serve`.
type fileConfig struct {
	Merchants []shopConfig `yaml:"merchants"`
}

// shopConfig is one shop: its account at the gateway, its keys and what its
// sessions may do. Every confidential value may be "env:NAME" or "file:PATH".
type shopConfig struct {
	ID   string `yaml:"id"`
	Name string `yaml:"name"`

	Gateway struct {
		BaseURL         string       `yaml:"base_url"`
		MerchantAccount string       `yaml:"merchant_account"`
		StoreAccount    string       `yaml:"store_account"`
		Key             confidential `yaml:"key"`
	} `yaml:"gateway"`

	WeChat struct {
		AppID     string       `yaml:"app_id"`
		AppSecret confidential `yaml:"app_secret"`
	} `yaml:"wechat"`

	Webhook struct {
		URL    string       `yaml:"url"`
		Secret confidential `yaml:"secret"`
	} `yaml:"webhook"`

	APIKeys        []confidential `yaml:"api_keys"`
	ReturnHosts    []string       `yaml:"return_hosts"`
	AllowedOrigins []string       `yaml:"allowed_origins"`
	Channels       []string       `yaml:"channels"`
	SessionMinutes int            `yaml:"session_minutes"`
}

// readShops reads the configuration file, resolves its keys and refuses what
// must not go live.
func readShops(path string) ([]shopConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	var c fileConfig
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		// Without the source: it holds keys.
		return nil, fmt.Errorf("reading %s: %s", path, yaml.FormatError(err, false, false))
	}
	if len(c.Merchants) == 0 {
		return nil, fmt.Errorf("%s: merchants is empty", path)
	}
	seen := map[string]bool{}
	for i := range c.Merchants {
		s := &c.Merchants[i]
		if s.ID == "" || seen[s.ID] {
			return nil, fmt.Errorf("%s: merchants[%d].id is missing or taken", path, i)
		}
		seen[s.ID] = true
		if err := errors.Join(s.resolve(), s.check()); err != nil {
			return nil, fmt.Errorf("%s: merchant %q: %w", path, s.ID, err)
		}
	}
	return c.Merchants, nil
}

// resolve replaces env: and file: by what they name.
func (s *shopConfig) resolve() error {
	fields := map[string]*confidential{
		"gateway.key": &s.Gateway.Key, "wechat.app_secret": &s.WeChat.AppSecret, "webhook.secret": &s.Webhook.Secret,
	}
	for i := range s.APIKeys {
		fields[fmt.Sprintf("api_keys[%d]", i)] = &s.APIKeys[i]
	}
	for name, field := range fields {
		value, err := field.read()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*field = confidential(value)
	}
	return nil
}

// minKey is the length below which a gateway's key is surely not one.
const minKey = 16

func (s *shopConfig) check() error {
	gateway, err := url.Parse(s.Gateway.BaseURL)
	switch {
	case s.Name == "":
		return errors.New("name is missing")
	case err != nil || gateway.Host == "":
		return errors.New("gateway.base_url is not a URL")
	case len(s.Gateway.Key) < minKey:
		return fmt.Errorf("gateway.key is shorter than %d characters", minKey)
	case s.Gateway.Key == sandbox.DefaultKey && !loopback(gateway.Hostname()):
		return errors.New("gateway.key is the sandbox's own")
	case len(s.APIKeys) == 0:
		return errors.New("api_keys is empty")
	case len(s.ReturnHosts) == 0:
		return errors.New("return_hosts is empty: no session could name a success_url")
	case s.SessionMinutes < 0 || s.SessionMinutes > 24*60:
		return errors.New("session_minutes is not between 1 and 1440")
	}
	for _, name := range s.Channels {
		if checkout.ExpandWallets(name) == nil {
			return fmt.Errorf("channels: unknown channel %q", name)
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *shopConfig) account() (wantupay.Account, error) {
	client, err := wantu.New(wantu.Config{
		BaseURL: s.Gateway.BaseURL, MerchantAccount: s.Gateway.MerchantAccount,
		StoreAccount: s.Gateway.StoreAccount, Key: string(s.Gateway.Key),
	})
	return wantupay.Account{Client: client, WeChatAppID: s.WeChat.AppID}, err
}

func (s *shopConfig) domain() checkout.Merchant {
	m := checkout.Merchant{ID: s.ID, Name: s.Name, Lifetime: time.Duration(s.SessionMinutes) * time.Minute}
	for _, name := range s.Channels {
		m.Wallets = append(m.Wallets, checkout.ExpandWallets(name)...)
	}
	return m
}

func (s *shopConfig) endpoint() worker.Endpoint {
	return worker.Endpoint{URL: s.Webhook.URL, Secret: string(s.Webhook.Secret)}
}

func (s *shopConfig) web() web.Merchant {
	m := web.Merchant{
		AllowedOrigins: s.AllowedOrigins,
		WeChat:         web.WeChatApp{ID: s.WeChat.AppID, Secret: string(s.WeChat.AppSecret)},
	}
	for _, host := range s.ReturnHosts {
		m.ReturnHosts = append(m.ReturnHosts, strings.ToLower(host))
	}
	for _, key := range s.APIKeys {
		m.APIKeys = append(m.APIKeys, string(key))
	}
	return m
}
