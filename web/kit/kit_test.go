package kit

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
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

// TestPicturesHaveNamesOfTheirOwn: a shop must not show the picture of another.
func TestPicturesHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	shop := func(logo, mark string) Merchant {
		return Merchant{
			Web:  web.Merchant{Logo: logo, Marks: map[flow.Wallet]string{flow.WalletWeChat: mark}},
			Logo: []byte("the logo"), Marks: map[flow.Wallet][]byte{flow.WalletWeChat: []byte("the mark")},
		}
	}
	got, err := pictures([]Merchant{shop("a.svg", "b.svg"), {}, shop("c.svg", "d.svg")})
	if err != nil || len(got) != 4 || string(got["a.svg"]) != "the logo" || string(got["d.svg"]) != "the mark" {
		t.Errorf("the pictures are %q (%v)", got, err)
	}
	for what, shops := range map[string][]Merchant{
		"one shop's logo and mark": {shop("a.svg", "a.svg")},
		"the marks of two shops":   {shop("a.svg", "b.svg"), shop("c.svg", "b.svg")},
		"a shop's mark and a logo": {shop("a.svg", "b.svg"), shop("b.svg", "c.svg")},
		"the logos of two shops":   {shop("a.svg", "b.svg"), shop("a.svg", "c.svg")},
	} {
		if _, err := pictures(shops); err == nil {
			t.Errorf("%s have one name", what)
		}
	}
}
