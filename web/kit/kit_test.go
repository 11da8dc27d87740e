package kit

import (
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
)

// TestAccountsAreNamedByTheirNumbers: orders are stored with the name, so it must
// not change.
func TestAccountsAreNamedByTheirNumbers(t *testing.T) {
	t.Parallel()
	account := func(merchant, store string) wantu.Config {
		return wantu.Config{MerchantAccount: merchant, StoreAccount: store, Key: "a-key-of-the-account"}
	}
	m := Merchant{
		Account:          account("HKG1449074190", "HKG1831455570"),
		PreviousAccounts: []wantu.Config{account("HKG0000000071", "HKG0000000072")},
		Web:              web.Merchant{WeChat: web.WeChatApp{ID: "wx1"}},
	}
	got, err := m.account()
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "HKG1449074190/HKG1831455570" || got.WeChatAppID != "wx1" ||
		len(got.Previous) != 1 || got.Previous[0].Name != "HKG0000000071/HKG0000000072" {
		t.Errorf("account %+v", got)
	}
}
