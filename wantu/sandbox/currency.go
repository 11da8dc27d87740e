package sandbox

import (
	"cmp"

	"github.com/wantukit/wantukit/wantu"
)

// defaultCurrency is the value of fee_type when it is left out.
const defaultCurrency = "HKD"

// currency answers with the price of one unit of fee_type in CNY. Manual 2.13.
func (s *Sandbox) currency(c call) reply {
	return succeed(reply{"currency": rates()[cmp.Or(c.tableText("fee_type"), defaultCurrency)]})
}

func isServed(feeType string) bool {
	_, served := wantu.MinorDigits(feeType)
	return served
}

// rates returns the exchange rates. They never change, so that a test may depend on
// them. The rate of HKD is that of the manual.
func rates() map[string]string {
	return map[string]string{
		"AUD": "4.67950000", "CAD": "5.18020000", "CHF": "8.94360000", "CNY": "1.00000000",
		"EUR": "8.34150000", "GBP": "9.61270000", "HKD": "0.87080000", "JPY": "0.04652000",
		"KRW": "0.00492100", "MOP": "0.84560000", "MYR": "1.70330000", "NZD": "4.11820000",
		"SGD": "5.53740000", "THB": "0.22140000", "TWD": "0.22260000", "USD": "6.83190000",
	}
}
