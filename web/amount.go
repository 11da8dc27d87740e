package web

import (
	"strconv"
	"strings"
)

// symbols are how an amount is written where several dollars are about.
var symbols = map[string]string{
	"AUD": "A$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£",
	"HKD": "HK$", "NZD": "NZ$", "SGD": "S$", "USD": "US$", "MOP": "MOP$",
}

// formatAmount writes minor units with two decimals: HK$1,234.50.
func formatAmount(minor int64, currency string) string {
	symbol, ok := symbols[currency]
	if !ok {
		symbol = currency + "\u00a0"
	}
	cents := strconv.FormatInt(minor%100, 10)
	return symbol + group(strconv.FormatInt(minor/100, 10)) + "." + strings.Repeat("0", 2-len(cents)) + cents
}

// group puts a comma before every third digit from the end.
func group(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
