package templates

import (
	"strconv"
	"strings"
	"time"
)

// symbols are the currency symbols that tell several dollars apart. The symbol of
// CNY depends on the language.
var symbols = map[string]string{
	"AUD": "A$", "CAD": "CA$", "EUR": "€", "GBP": "£",
	"HKD": "HK$", "NZD": "NZ$", "SGD": "S$", "USD": "US$", "MOP": "MOP$",
}

// FormatAmount returns an amount in minor units with its currency, such as HK$1,234.50.
// decimals is how many decimals the currency has. All languages of the pages write digits
// like this.
func FormatAmount(lang Lang, minor int64, currency string, decimals int) string {
	m := words(lang)
	symbol, ok := symbols[currency]
	switch {
	case currency == "CNY":
		symbol = m.Yuan
	case !ok:
		symbol = currency + "\u00a0"
	}
	digits := strconv.FormatInt(minor, 10)
	digits = strings.Repeat("0", max(decimals+1-len(digits), 0)) + digits
	whole, fraction := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	if decimals > 0 {
		fraction = "." + fraction
	}
	return symbol + group(whole) + fraction
}

// group returns digits with a comma before every third digit from the end.
func group(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// FormatTime returns a time to the minute with the name of its zone, such as
// "23 Nov 2026, 20:15 (GMT+8)". A nil location means UTC. It returns "" for the
// zero time.
func FormatTime(lang Lang, t time.Time, location *time.Location) string {
	if t.IsZero() {
		return ""
	}
	m := words(lang)
	t = inZone(t, location)
	return t.Format(m.TimeLayout) + " (" + zoneName(t) + ")"
}

// FormatClock returns the time of day: "18:14:02". A nil location means UTC.
func FormatClock(t time.Time, location *time.Location) string {
	return inZone(t, location).Format(time.TimeOnly)
}

// inZone returns t in a location; nil means UTC.
func inZone(t time.Time, location *time.Location) time.Time {
	if location == nil {
		location = time.UTC
	}
	return t.In(location)
}

// zoneName returns the name of a time's zone: GMT+8, GMT-3:30 or GMT. All languages
// of the pages write it like this.
func zoneName(t time.Time) string {
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
