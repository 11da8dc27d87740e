package wantupay_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// client returns a client of the sandbox's merchant account with a store account.
func (f fixture) client(t *testing.T, store string) *wantu.Client {
	t.Helper()
	c, err := wantu.New(wantu.Config{
		BaseURL: f.url + "/paygate", Key: sandbox.DefaultKey, MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: store,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A call goes to the account that its order was placed with.
func TestOrdersKeepTheirAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	previous := wantupay.Account{Name: "before", Client: f.client(t, sandbox.DefaultStoreAccount), MerchantAccount: sandbox.DefaultMerchantAccount}
	current := wantupay.Account{Name: "today", Client: f.client(t, "HKG0000000999"), MerchantAccount: "HKG0000000998", Previous: []wantupay.Account{previous}}
	g, err := wantupay.New(map[string]wantupay.Account{shop: current})
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Account(shop); got != "today" {
		t.Errorf("new orders are placed with account %q, want today", got)
	}
	o := checkout.Order{
		OrderRef: checkout.OrderRef{Merchant: shop, Account: "before", Channel: flow.ChannelWeChat, OutTradeNo: "n1"},
		Wallet:   flow.WalletWeChat, Flow: flow.Native, Amount: 100, Currency: "HKD", Subject: "Tea", ProductID: "n1",
		NotifyURL: "https://pay.example/n/1", ReturnURL: "https://pay.example/r/1", ExpiresAt: time.Now().Add(time.Hour), Remaining: time.Hour,
	}
	if _, err := g.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	status, err := g.Query(t.Context(), o.OrderRef)
	if err != nil || status.Payee != sandbox.DefaultMerchantAccount {
		t.Errorf("query returns %+v, error %v, want the payee of the account before", status, err)
	}
	unknown := o.OrderRef
	unknown.Account = "long ago"
	_, queryErr := g.Query(t.Context(), unknown)
	for call, err := range map[string]error{"query": queryErr, "close": g.Close(t.Context(), unknown)} {
		if !errors.Is(err, checkout.ErrOutcomeUnknown) || errors.Is(err, checkout.ErrNoOrder) || errors.Is(err, checkout.ErrRefused) {
			t.Errorf("%s at an account that is not configured: error %v, want ErrOutcomeUnknown only", call, err)
		}
	}
}

func TestAccountsOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := wantupay.Account{Name: "a", Client: f.client(t, sandbox.DefaultStoreAccount)}
	twice := a
	twice.Previous = []wantupay.Account{a}
	if _, err := wantupay.New(map[string]wantupay.Account{shop: twice}); err == nil {
		t.Error("New accepts two accounts with one name")
	}
}
