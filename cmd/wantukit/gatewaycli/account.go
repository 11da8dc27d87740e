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

// account says which gateway a verb speaks to, and as whom.
type account struct {
	Config          string              `group:"account" placeholder:"FILE" help:"YAML file with the merchants, as for serve."`
	Merchant        string              `group:"account" help:"Which of the file's merchants, by its id. Needed where there are several."`
	Gateway         string              `group:"account" help:"Base URL of the gateway. Defaults to the sandbox on this machine, http://127.0.0.1:8081/paygate."`
	MerchantAccount string              `group:"account" help:"The merchant's number. Defaults to the sandbox's."`
	StoreAccount    string              `group:"account" help:"The store's number. Defaults to the sandbox's."`
	Key             config.Confidential `group:"account" help:"The key that signs: env:NAME or file:PATH keeps it out of the process list. Defaults to the sandbox's."`
}

// shop returns the account as a file would hold it.
func (a account) shop() (config.Shop, error) {
	fromFile, err := a.usesFile()
	if err != nil {
		return config.Shop{}, err
	}
	if !fromFile {
		return a.given()
	}
	shops, err := config.ReadShops(a.Config)
	if err != nil {
		return config.Shop{}, usage("%v", err)
	}
	return a.pick(shops)
}

// usesFile decides between the file and the flags for an account. A flag on the
// command line beats what stands in the environment.
func (a account) usesFile() (bool, error) {
	flags := map[string]string{
		"WANTUKIT_GATEWAY": a.Gateway, "WANTUKIT_MERCHANT_ACCOUNT": a.MerchantAccount,
		"WANTUKIT_STORE_ACCOUNT": a.StoreAccount, "WANTUKIT_KEY": string(a.Key),
	}
	given, typed := false, false
	for twin, value := range flags {
		given = given || value != ""
		typed = typed || value != "" && value != os.Getenv(twin)
	}
	fileTyped := a.Config != "" && a.Config != os.Getenv("WANTUKIT_CONFIG")
	switch {
	case a.Config == "" || !given:
		return a.Config != "", nil
	case fileTyped == typed:
		return false, usage("--config names the gateway, the accounts and the key: leave --gateway, --merchant-account, --store-account and --key out")
	default:
		return fileTyped, nil
	}
}

func (a account) pick(shops []config.Shop) (config.Shop, error) {
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

// given takes the account from the flags. The sandbox's own stands in for what
// is left out, at a gateway on this machine alone.
func (a account) given() (s config.Shop, err error) {
	if a.Merchant != "" {
		return s, usage("--merchant needs --config")
	}
	key, err := a.Key.Read("")
	if err != nil {
		return s, usage("--key: %v", err)
	}
	if a.Key != "" && key == "" {
		return s, usage("--key: what it names is empty")
	}
	s.Gateway.BaseURL, s.Gateway.MerchantAccount, s.Gateway.StoreAccount = a.Gateway, a.MerchantAccount, a.StoreAccount
	s.Gateway.Key = config.Confidential(key)
	if s.Gateway.BaseURL == "" {
		s.Gateway.BaseURL = SandboxURL
	}
	if err := fillIn(&s); err != nil {
		return s, err
	}
	if err := s.CheckSandbox(); err != nil {
		return s, usage("%v", err)
	}
	return s, nil
}

// fillIn puts the sandbox's account in where none was given.
func fillIn(s *config.Shop) error {
	for _, of := range []struct {
		flag    string
		value   *string
		sandbox string
	}{
		{"--merchant-account", &s.Gateway.MerchantAccount, sandbox.DefaultMerchantAccount},
		{"--store-account", &s.Gateway.StoreAccount, sandbox.DefaultStoreAccount},
		{"--key", (*string)(&s.Gateway.Key), sandbox.DefaultKey},
	} {
		if *of.value != "" {
			continue
		}
		if !onThisMachine(s.Gateway.BaseURL) {
			return usage("%s is needed for a gateway outside this machine", of.flag)
		}
		*of.value = of.sandbox
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

// actor returns a client for a verb that changes something, and says where: a
// configuration in the environment must not go live unseen.
func (a account) actor(s Streams, watch wantu.Transport) (*wantu.Client, error) {
	shop, err := a.shop()
	if err != nil {
		return nil, err
	}
	client, err := shop.Client(watch)
	if err != nil {
		return nil, err
	}
	name := ""
	if shop.ID != "" {
		name = " (" + shop.ID + ")"
	}
	s.tell("at %s as %s%s", shop.Gateway.BaseURL, shop.Gateway.MerchantAccount, name)
	return client, nil
}

// asked adds to the error of a call what may help.
func (a account) asked(err error) error {
	if a.Config == "" && a.Gateway == "" && errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w\nIs the sandbox running? `wantukit sandbox` starts it; --config and --gateway name another gateway", err)
	}
	return err
}

// acted is asked for a call that changes something at the gateway.
func (a account) acted(err error) error {
	if err == nil {
		return nil
	}
	return &actedError{a.asked(err)}
}
