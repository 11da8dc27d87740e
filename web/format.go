package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/wantukit/wantukit/templates"
)

// symbols are how an amount is written where several dollars are about.
var symbols = map[string]string{
	"AUD": "A$", "CAD": "CA$", "CNY": "CN¥", "EUR": "€", "GBP": "£",
	"HKD": "HK$", "NZD": "NZ$", "SGD": "S$", "USD": "US$", "MOP": "MOP$",
}

// formatAmount writes minor units with two decimals: HK$1,234.50. The three
// languages write digits alike; at home a yuan is ¥.
func formatAmount(minor int64, currency, lang string) string {
	symbol, ok := symbols[currency]
	switch {
	case !ok:
		symbol = currency + "\u00a0"
	case currency == "CNY" && lang == templates.LangSimplified:
		symbol = "¥"
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

// formatTime writes a moment to the minute, in the shop's zone, which it names:
// 23 Nov 2026, 20:15 (GMT+8). It returns "" for the zero time.
func formatTime(t time.Time, at *time.Location, lang string) string {
	if t.IsZero() {
		return ""
	}
	if at == nil {
		at = time.UTC
	}
	layout := "2 Jan 2006, 15:04"
	if lang != templates.LangEnglish {
		layout = "2006年1月2日 15:04"
	}
	t = t.In(at)
	return t.Format(layout) + " (" + offset(t) + ")"
}

// offset names a zone as all three languages do: GMT+8, GMT-3:30, GMT.
func offset(t time.Time) string {
	_, seconds := t.Zone()
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	hours, minutes := seconds/3600, seconds/60%60
	switch {
	case hours == 0 && minutes == 0:
		return "GMT"
	case minutes == 0:
		return "GMT" + sign + strconv.Itoa(hours)
	default:
		return "GMT" + sign + strconv.Itoa(hours) + ":" + strings.Repeat("0", 2-len(strconv.Itoa(minutes))) + strconv.Itoa(minutes)
	}
}
