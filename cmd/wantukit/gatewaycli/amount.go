package gatewaycli

import (
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// money is an amount on the command line: in major units, with every digit of
// its currency, so that nobody takes cents for dollars.
type money struct {
	Amount   string `required:"" env:"-" help:"In major units with all digits, such as 480.00."`
	Currency string `default:"HKD" env:"-" help:"ISO 4217."`
}

// fee returns the amount in minor units.
func (m money) fee() (int64, error) { return parseAmount("--amount", m.Amount, m.Currency) }

func parseAmount(flag, text, currency string) (int64, error) {
	digits, known := wantu.MinorDigits(currency)
	if !known {
		return 0, usage("--currency %s is not known", currency)
	}
	amount, err := wantu.ParseDecimal(text)
	_, fraction, _ := strings.Cut(text, ".")
	if err != nil || len(fraction) != digits || amount.Sign() <= 0 {
		return 0, usage("%s must be positive with %d digits behind the point, such as %s", flag, digits, wantu.MinorUnits(48000, digits))
	}
	return amount.Minor(digits)
}

// AmountOf writes minor units of a currency for people, such as "HKD 480.00".
func AmountOf(fee int64, currency string) string {
	digits, known := wantu.MinorDigits(currency)
	if !known {
		return wantu.MinorUnits(fee, 0).String() + " minor units of " + currency
	}
	return currency + " " + wantu.MinorUnits(fee, digits).String()
}
