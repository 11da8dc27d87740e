package config_test

import (
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// TestPreviousAccountIsRead: older orders keep the account with which they were
// placed.
func TestPreviousAccountIsRead(t *testing.T) {
	t.Parallel()
	with := func(account string) ([]config.Shop, error) {
		return readConfig(t, strings.Replace(goodShop, "      key: "+canary+"\n", "      key: "+canary+"\n      previous_account: "+account+"\n", 1))
	}
	shops, err := with("{merchant_account: HKG0000000071, store_account: HKG0000000072, key: the-key-of-yesterday}")
	if err != nil {
		t.Fatal(err)
	}
	m := merchantOf(t, shops[0])
	if m.Account.MerchantAccount != "HKG1449074190" || m.Account.StoreAccount != "HKG1831455570" ||
		len(m.PreviousAccounts) != 1 || m.PreviousAccounts[0].MerchantAccount != "HKG0000000071" || m.PreviousAccounts[0].StoreAccount != "HKG0000000072" {
		t.Errorf("account %+v, previous %+v", m.Account, m.PreviousAccounts)
	}
	for account, field := range map[string]string{
		"{merchant_account: HKG1449074190, store_account: HKG1831455570, key: the-key-of-yesterday}": "gateway.previous_account",
		"{merchant_account: HKG0000000071, store_account: HKG0000000072, key: short}":                "gateway.previous_account.key",
	} {
		if _, err := with(account); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: error %v, want one that names %s", account, err, field)
		}
	}
}
