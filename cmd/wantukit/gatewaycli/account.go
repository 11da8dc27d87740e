package gatewaycli

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// SandboxURL is where `wantukit sandbox` and `wantukit demo` listen.
const SandboxURL = "http://127.0.0.1:8081/paygate"

// account is the flags that name the gateway and the account.
type account struct {
	Config          string              `group:"account" placeholder:"FILE" help:"YAML file with the merchants, as for serve."`
	Merchant        string              `group:"account" help:"Id of one of the file's merchants. Needed if there are several."`
	Gateway         string              `group:"account" help:"Base URL of the gateway. Defaults to the sandbox on this machine, http://127.0.0.1:8081/paygate."`
	MerchantAccount string              `group:"account" help:"Number of the merchant. Defaults to the sandbox's."`
	StoreAccount    string              `group:"account" help:"Number of the store. Defaults to the sandbox's."`
	Key             config.Confidential `group:"account" help:"Key that signs. env:NAME or file:PATH keeps it out of the process list. Defaults to the sandbox's."`
}

// shop returns the shop of the configuration file, or one made from the flags.
func (a account) shop() (config.Shop, error) {
	fromFile, err := a.usesFile()
	if err != nil {
		return config.Shop{}, err
	}
	if !fromFile {
		return a.shopOfFlags()
	}
	shops, err := config.ReadShops(a.Config)
	if err != nil {
		return config.Shop{}, usage("%v", err)
	}
	return a.findShop(shops)
}

// usesFile reports whether the file names the account, and not the flags. A flag on
// the command line has priority over the environment. It fails if both are given in
// the same way.
func (a account) usesFile() (bool, error) {
	flags := map[string]string{
		"WANTUKIT_GATEWAY": a.Gateway, "WANTUKIT_MERCHANT_ACCOUNT": a.MerchantAccount,
		"WANTUKIT_STORE_ACCOUNT": a.StoreAccount, "WANTUKIT_KEY": string(a.Key),
	}
	isGiven, isTyped := false, false
	for name, value := range flags {
		isGiven = isGiven || value != ""
		isTyped = isTyped || value != "" && value != os.Getenv(name)
	}
	isFileTyped := a.Config != "" && a.Config != os.Getenv("WANTUKIT_CONFIG")
	switch {
	case a.Config == "" || !isGiven:
		return a.Config != "", nil
	case isFileTyped == isTyped:
		return false, usage("--config names the gateway, the accounts and the key: do not set --gateway, --merchant-account, --store-account or --key")
	default:
		return isFileTyped, nil
	}
}

// findShop returns the shop that --merchant names, or the only one.
func (a account) findShop(shops []config.Shop) (config.Shop, error) {
	if a.Merchant == "" && len(shops) == 1 {
		return shops[0], nil
	}
	ids := make([]string, 0, len(shops))
	for _, s := range shops {
		ids = append(ids, s.ID)
	}
	at := slices.Index(ids, a.Merchant)
	if at < 0 {
		return config.Shop{}, usage("--merchant must be one of %s", strings.Join(ids, ", "))
	}
	return shops[at], nil
}

// shopOfFlags makes a shop from the flags. On this machine, the sandbox's values
// replace missing flags.
func (a account) shopOfFlags() (s config.Shop, err error) {
	if a.Merchant != "" {
		return s, usage("--merchant needs --config")
	}
	key, err := a.Key.Read("")
	if err != nil {
		return s, usage("--key: %v", err)
	}
	if a.Key != "" && key == "" {
		return s, usage("--key: the value is empty")
	}
	s.Gateway.BaseURL, s.Gateway.MerchantAccount, s.Gateway.StoreAccount = a.Gateway, a.MerchantAccount, a.StoreAccount
	s.Gateway.Key = config.Confidential(key)
	if s.Gateway.BaseURL == "" {
		s.Gateway.BaseURL = SandboxURL
	}
	if err := addSandboxDefaults(&s); err != nil {
		return s, err
	}
	if err := s.CheckSandbox(); err != nil {
		return s, usage("%v", err)
	}
	return s, nil
}

// addSandboxDefaults sets missing values to the sandbox's. It fails if the gateway
// is not on this machine.
func addSandboxDefaults(s *config.Shop) error {
	for _, f := range []struct {
		flag    string
		value   *string
		sandbox string
	}{
		{"--merchant-account", &s.Gateway.MerchantAccount, sandbox.DefaultMerchantAccount},
		{"--store-account", &s.Gateway.StoreAccount, sandbox.DefaultStoreAccount},
		{"--key", (*string)(&s.Gateway.Key), sandbox.DefaultKey},
	} {
		if *f.value != "" {
			continue
		}
		if !onThisMachine(s.Gateway.BaseURL) {
			return usage("%s is needed for a gateway outside this machine", f.flag)
		}
		*f.value = f.sandbox
	}
	return nil
}

func onThisMachine(address string) bool {
	u, err := url.Parse(address)
	return err == nil && config.Loopback(u.Hostname())
}

// client returns a client for the account.
func (a account) client() (*wantu.Client, error) {
	s, err := a.shop()
	if err != nil {
		return nil, err
	}
	return s.Client(nil)
}

// clientForChange returns a client for a verb that changes something. It prints
// which gateway that is, so that an operator notices a configuration in the
// environment. transport may be nil.
func (a account) clientForChange(s Streams, transport wantu.Transport) (*wantu.Client, error) {
	shop, err := a.shop()
	if err != nil {
		return nil, err
	}
	client, err := shop.Client(transport)
	if err != nil {
		return nil, err
	}
	name := ""
	if shop.ID != "" {
		name = " (" + shop.ID + ")"
	}
	s.inform("at %s as %s%s", shop.Gateway.BaseURL, shop.Gateway.MerchantAccount, name)
	return client, nil
}

// explain adds a hint to the error of a call.
func (a account) explain(err error) error {
	if a.Config == "" && a.Gateway == "" && errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w\nIs the sandbox running? `wantukit sandbox` starts it; --config and --gateway name another gateway", err)
	}
	return err
}

// explainChange is explain for a call that changes something at the gateway.
func (a account) explainChange(err error) error {
	if err == nil {
		return nil
	}
	return &changeError{a.explain(err)}
}
