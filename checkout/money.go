package checkout

import "slices"

// MaxAmount is the largest amount of a session, in minor units: the 11 digits
// that the gateway's total_fee holds (manual 2.2).
const MaxAmount = 99_999_999_999

// currencies are the ones the kit takes: all with two decimals, because the
// gateway counts in hundredths (分) and says nothing of other currencies.
var currencies = []string{
	"AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "MOP", "NZD", "SGD", "USD",
}

// KnownCurrency reports whether code is a currency that the kit takes.
func KnownCurrency(code string) bool { return slices.Contains(currencies, code) }
