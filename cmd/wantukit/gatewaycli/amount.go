package gatewaycli

import (
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// money is the flags of an amount. It is in major units with all digits of the
// currency, so that an operator cannot mistake cents for dollars.
type money struct {
	Amount   string `required:"" env:"-" help:"Amount in major units with all digits, such as 480.00."`
	Currency string `default:"HKD" env:"-" help:"Currency (ISO 4217)."`
}

// fee returns the amount in minor units.
func (m money) fee() (int64, error) { return parseAmount("--amount", m.Amount, m.Currency) }

// parseAmount returns a positive amount in minor units. It fails if text does not
// have all digits of the currency. flag is the flag's name, for errors.
func parseAmount(flag, text, currency string) (int64, error) {
	digits, known := wantu.MinorDigits(currency)
	if !known {
		return 0, usage("--currency %s is not known", currency)
	}
	amount, err := wantu.ParseDecimal(text)
	_, fraction, _ := strings.Cut(text, ".")
	if err != nil || len(fraction) != digits || amount.Sign() <= 0 {
		return 0, usage("%s must be positive with %d digits after the point, such as %s", flag, digits, wantu.MinorUnits(48000, digits))
	}
	return amount.Minor(digits)
}

// AmountOf returns an amount in minor units as text for people, such as
// "HKD 480.00".
func AmountOf(fee int64, currency string) string {
	digits, known := wantu.MinorDigits(currency)
	if !known {
		return wantu.MinorUnits(fee, 0).String() + " minor units of " + currency
	}
	return currency + " " + wantu.MinorUnits(fee, digits).String()
}
