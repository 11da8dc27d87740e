package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// Merchants returns the shops for kit.Config. It reads their pictures, and fails if
// one cannot be read.
func Merchants(shops []Shop) ([]kit.Merchant, error) {
	merchants := make([]kit.Merchant, 0, len(shops))
	for i := range shops {
		m, err := shops[i].Merchant()
		if err != nil {
			return nil, fmt.Errorf("merchant %q: %w", shops[i].ID, err)
		}
		merchants = append(merchants, m)
	}
	return merchants, nil
}

// MerchantsWithoutPictures returns the shops for kit.NewDomain, which shows no page: an
// operator's command needs no permission to read a logo or a mark.
func MerchantsWithoutPictures(shops []Shop) []kit.Merchant {
	merchants := make([]kit.Merchant, len(shops))
	for i := range shops {
		merchants[i] = shops[i].withoutPictures()
	}
	return merchants
}

// Merchant returns the shop for kit.Config. It reads the logo and the marks, and fails if
// one cannot be read.
func (s *Shop) Merchant() (m kit.Merchant, err error) {
	m = s.withoutPictures()
	if m.Logo, err = s.readLogo(); err != nil {
		return m, err
	}
	m.Marks, err = s.readMarks()
	return m, err
}

func (s *Shop) withoutPictures() (m kit.Merchant) {
	m.Checkout, m.Web, m.Webhook = s.checkoutMerchant(), s.webMerchant(), s.endpoint(s.firstWebhook())
	for _, w := range s.Webhooks {
		m.Webhooks = append(m.Webhooks, s.endpoint(w))
	}
	m.Account = s.wantuConfig(s.Gateway.GatewayAccount)
	if s.Gateway.Previous != nil {
		m.PreviousAccounts = []wantu.Config{s.wantuConfig(*s.Gateway.Previous)}
	}
	return m
}

// Client returns a client for the shop's account at the gateway. The client calls
// transport for each call, such as to log it. transport may be nil.
func (s *Shop) Client(transport wantu.Transport) (*wantu.Client, error) {
	c := s.wantuConfig(s.Gateway.GatewayAccount)
	c.Transport = transport
	return wantu.New(c)
}

// wantuConfig returns the configuration of a client for an account of the shop.
func (s *Shop) wantuConfig(a GatewayAccount) wantu.Config {
	return wantu.Config{
		BaseURL: s.Gateway.BaseURL, MerchantAccount: a.MerchantAccount, StoreAccount: a.StoreAccount,
		Key: string(a.Key), PreviousKey: string(a.PreviousKey),
	}
}

// checkoutMerchant returns what the domain knows of the shop.
func (s *Shop) checkoutMerchant() checkout.Merchant {
	m := checkout.Merchant{
		ID: s.ID, Name: s.Name, WeChatAccount: s.WeChat.AppID != "", Lifetime: time.Duration(s.SessionMinutes) * time.Minute,
		PaidLate: s.PaidLate, KeepPaidTwice: s.KeepPaidTwice, UniqueReferences: s.UniqueReferences, SharedAccount: s.SharedAccount,
		TestMode: !s.Live(),
	}
	if n := s.Gateway.QueriesPerSecond; n != nil {
		m.QueriesPerSecond = *n
	}
	for _, name := range s.Channels {
		for _, w := range flow.ExpandWallets(name) {
			// The file may name both a channel and one of its wallets.
			if !slices.Contains(m.Wallets, w) {
				m.Wallets = append(m.Wallets, w)
			}
		}
	}
	return m
}

// webMerchant returns what the pages and the merchant API know of the shop.
func (s *Shop) webMerchant() web.Merchant {
	m := web.Merchant{
		AllowedOrigins: s.AllowedOrigins, Color: s.Branding.Color, Logo: s.logoName(), Marks: s.markNames(), Location: s.location(),
		PlainReturns: !s.Live(), FormTargets: s.formTargets(),
		WeChat: web.WeChatApp{
			ID: s.WeChat.AppID, Secret: string(s.WeChat.AppSecret),
			Endpoints: web.WeChatEndpoints{Authorize: s.WeChat.AuthorizeURL, AccessToken: s.WeChat.AccessTokenURL},
		},
	}
	for _, entry := range s.ReturnHosts {
		if host, err := web.ParseHost(entry); err == nil { // check has parsed it before
			m.ReturnHosts = append(m.ReturnHosts, host)
		}
	}
	if n := s.APIRequestsPerSecond; n != nil {
		m.APIRequestsPerSecond = *n
	}
	m.APIKeys, _ = s.configuredKeys() // check has read them before
	return m
}
