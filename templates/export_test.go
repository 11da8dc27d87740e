package templates

import "github.com/wantukit/wantukit/checkout/flow"

// Messages returns the messages of a language.
func Messages(lang Lang) any { return *words(lang) }

// AppName returns the name of a wallet's app.
func AppName(lang Lang, wallet flow.Wallet) string { return words(lang).app(wallet) }

// OptionWords returns the hint and the guide of a wallet.
func OptionWords(lang Lang, o WalletOption) (hint, guide string) {
	return words(lang).hint(o), words(lang).guide(o)
}

// AlternativeWords returns the label of another flow of a wallet.
func AlternativeWords(lang Lang, o WalletOption, a Alternative) string {
	return words(lang).alternative(o, a)
}
