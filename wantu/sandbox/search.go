package sandbox

import (
	"strings"
	"unicode/utf8"

	"github.com/wantukit/wantukit/wantu"
)

// maxSearch is the largest number of characters of a search that are read. It is the
// largest size of a subject.
const maxSearch = 128

// searchWords returns the words of a search in lower case. Without a word, a search
// finds every order.
func searchWords(text string) []string {
	if utf8.RuneCountInString(text) > maxSearch {
		text = string([]rune(text)[:maxSearch])
	}
	return strings.Fields(strings.ToLower(text))
}

// hasWords reports whether each word is in the order's number or subject, or is the
// beginning of its amount: 480, 480.0, 1,480, HKD480 and HK$480 find an amount.
func (o Order) hasWords(words []string) bool {
	for _, word := range words {
		if !strings.Contains(strings.ToLower(o.OutTradeNo), word) &&
			!strings.Contains(strings.ToLower(o.Subject), word) && !o.costs(word) {
			return false
		}
	}
	return true
}

// costs reports whether the order's amount begins with a word in lower case, with or
// without the currency.
func (o Order) costs(word string) bool {
	if sign := strings.LastIndexAny(word, "$¥￥€£"); sign >= 0 {
		_, size := utf8.DecodeRuneInString(word[sign:])
		word = word[sign+size:]
	}
	currency := strings.ToLower(o.FeeType)
	digits := strings.ReplaceAll(strings.TrimPrefix(word, currency), ",", "")
	if digits == "" {
		return word == currency
	}
	if digits[0] < '0' || digits[0] > '9' {
		return false
	}
	return strings.HasPrefix(majorText(o.TotalFee, o.FeeType), digits)
}

// majorText returns an amount in major units, such as 12.30.
func majorText(fee int64, feeType string) string {
	digits, _ := wantu.MinorDigits(feeType)
	return wantu.MinorUnits(fee, digits).String()
}
