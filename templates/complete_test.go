package templates

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestEachWalletHasItsNames: without a name of its own a wallet would show its
// identifier.
func TestEachWalletHasItsNames(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		m := words(lang)
		for _, w := range flow.Wallets() {
			if m.wallet(w) == string(w) || m.app(w) == string(w) {
				t.Errorf("%s: the wallet %s has no name, or its app has none", lang, w)
			}
		}
	}
}
