package checkout

import (
	"maps"
	"slices"
)

// MaxAmount is the greatest amount of a session, in minor units. The gateway's total_fee
// has up to 11 digits (manual 2.2).
const MaxAmount = 99_999_999_999

// currencies are the currencies that the kit takes, with the number of decimals of each.
// All have two: the gateway counts in hundredths (分), and its manual does not mention
// other currencies.
var currencies = map[string]int{
	"AUD": 2, "CAD": 2, "CHF": 2, "CNY": 2, "EUR": 2, "GBP": 2, "HKD": 2, "MOP": 2, "NZD": 2, "SGD": 2, "USD": 2,
}

// Decimals returns how many decimals an amount in a currency has: an amount of 1050 minor
// units with 2 decimals is 10.50. It returns 0 and false for a currency that the kit does
// not take.
func Decimals(currency string) (decimals int, known bool) {
	decimals, known = currencies[currency]
	return decimals, known
}

// KnownCurrency reports whether code is a currency that the kit takes.
func KnownCurrency(code string) bool { _, known := Decimals(code); return known }

// checkCurrency returns a *FieldError unless code is a currency that the kit takes.
func checkCurrency(code string) error {
	switch {
	case code == "":
		return &FieldError{Field: "currency", Code: FieldMissing, Problem: "is missing"}
	case KnownCurrency(code):
		return nil
	default:
		return &FieldError{Field: "currency", Problem: "unknown currency " + quote(code), Allowed: slices.Sorted(maps.Keys(currencies))}
	}
}
