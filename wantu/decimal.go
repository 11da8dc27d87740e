package wantu

import (
	"strconv"
	"strings"
)

// Decimal is an exact decimal number as the gateway wrote it: an amount in
// major units in a statement, or a rate. The zero value is 0.
type Decimal struct {
	units int64 // the number without its decimal point
	scale int   // the number of digits after the point
}

// maxDecimalDigits is the largest number of digits that always fits into an int64.
const maxDecimalDigits = 18

// ParseDecimal reads a number such as "0.10" or "-3". It may have a minus sign and one
// point, and at most 18 digits in all. A point needs a digit on both sides. The only
// leading zero is that of "0" or "0.10". ParseDecimal never rounds. It returns
// [ErrMalformed] for any other text, such as "01", ".5" or one with an exponent.
func ParseDecimal(text string) (Decimal, error) {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	digits := whole + fraction
	leadingZero := len(whole) > 1 && whole[0] == '0'
	if whole == "" || pointed && fraction == "" || leadingZero || len(digits) > maxDecimalDigits ||
		strings.Trim(digits, "0123456789") != "" {
		return Decimal{}, malformed("a number is not a plain decimal")
	}
	units, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return Decimal{}, malformed("a number is not a plain decimal")
	}
	if text[0] == '-' {
		units = -units
	}
	return Decimal{units: units, scale: len(fraction)}, nil
}

// String returns d as it was read, such as "0.10"; "-0" becomes "0".
func (d Decimal) String() string {
	text, sign := strconv.FormatInt(d.units, 10), ""
	if d.units < 0 {
		text, sign = text[1:], "-"
	}
	if d.scale == 0 {
		return sign + text
	}
	if missing := d.scale + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	point := len(text) - d.scale
	return sign + text[:point] + "." + text[point:]
}

// MarshalText implements [encoding.TextMarshaler], so that JSON holds "0.10".
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]: see [ParseDecimal].
func (d *Decimal) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDecimal(string(text))
	return err
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.units < 0:
		return -1
	case d.units > 0:
		return 1
	default:
		return 0
	}
}

// Minor returns d in minor units of a currency whose amounts have the given number
// of digits after the point (see [MinorDigits]): 0.10 with 2 digits is 10. It
// returns [ErrMalformed] when that needs rounding or does not fit into an int64.
func (d Decimal) Minor(digits int) (int64, error) {
	units := d.units
	for scale := d.scale; scale > digits; scale-- {
		if units%10 != 0 {
			return 0, malformed("an amount has more decimal places than its currency")
		}
		units /= 10
	}
	for scale := d.scale; scale < digits; scale++ {
		next := units * 10
		if next/10 != units {
			return 0, malformed("an amount is too large")
		}
		units = next
	}
	return units, nil
}

// MinorUnits returns an amount in minor units as a decimal in major units. digits
// is the number of digits after the point (see [MinorDigits]): 10 with 2 digits is 0.10.
// digits must be 0 or more. MinorUnits does not check that, and [Decimal.String] panics
// for less.
func MinorUnits(fee int64, digits int) Decimal {
	return Decimal{units: fee, scale: digits}
}

// MinorDigits returns how many digits an amount in a currency has after the point,
// and whether this package knows the currency. digits is 0 for a currency that it does
// not know. It knows the currencies that Alipay and WeChat Pay settle in.
func MinorDigits(feeType string) (digits int, known bool) {
	switch feeType {
	case "HKD", "CNY", "USD", "EUR", "GBP", "SGD", "MOP", "TWD", "AUD", "NZD", "CAD", "CHF", "MYR", "THB":
		return 2, true
	case "JPY", "KRW":
		return 0, true
	default:
		return 0, false
	}
}
