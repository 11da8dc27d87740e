package wantu

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxTotalFee is the largest amount that the gateway takes, in minor units: 11
// digits.
const MaxTotalFee = 99_999_999_999

// PayChannel is the shopper's wallet, pay_channel. Manual 2.1.
type PayChannel int

// The channels.
const (
	WeChat PayChannel = 1
	Alipay PayChannel = 2
)

// PaymentInst is which Alipay wallet pays, payment_inst. Manual 2.9.
type PaymentInst string

// The wallets.
const (
	AlipayCN PaymentInst = "ALIPAYCN" // mainland China
	AlipayHK PaymentInst = "ALIPAYHK" // Hong Kong
)

// TradeStatus is what became of an order, trade_status. A status that is not
// one of the constants is kept as the gateway wrote it; treat it as not
// decided. Manual 2.5.
type TradeStatus string

// The statuses of the manual.
const (
	NotPay   TradeStatus = "NOT_PAY"   // not paid, or not yet
	PayError TradeStatus = "PAY_ERROR" // failed; the manual spells it PAY_EEROR
	Success  TradeStatus = "SUCCESS"   // paid
)

func parseTradeStatus(text string) TradeStatus {
	if text == "PAY_EEROR" {
		return PayError
	}
	return TradeStatus(text)
}

const timeLayout = "2006-01-02 15:04:05"

// zone is the gateway's: UTC+8 whatever the server's.
func zone() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// FormatTime writes t as the gateway does: yyyy-MM-dd HH:mm:ss in UTC+8.
func FormatTime(t time.Time) string { return t.In(zone()).Format(timeLayout) }

// ParseTime reads yyyy-MM-dd HH:mm:ss, or the 14 digits yyyyMMddHHmmss that
// the table of section 2.5 allows, in UTC+8.
func ParseTime(text string) (time.Time, error) {
	layout := timeLayout
	if len(text) == len("20060102150405") {
		layout = "20060102150405"
	}
	t, err := time.ParseInLocation(layout, text, zone())
	if err != nil || len(text) != len(layout) {
		return time.Time{}, malformed("a time is not yyyy-MM-dd HH:mm:ss")
	}
	return t, nil
}

// ParseFee reads an amount in whole minor units: digits alone, at most 11,
// without a leading zero. A fraction or an exponent is refused, never rounded.
func ParseFee(text string) (int64, error) {
	plain := text == "0" || text != "" && text[0] != '0'
	for _, r := range text {
		plain = plain && r >= '0' && r <= '9'
	}
	if !plain || len(text) > 11 {
		return 0, malformed("an amount is not a whole number of minor units")
	}
	return strconv.ParseInt(text, 10, 64)
}

// The checks return what is wrong with a value, or "".

func freeText(text string) string {
	if !utf8.ValidString(text) {
		return "is not UTF-8"
	}
	if strings.ContainsFunc(text, func(r rune) bool {
		return r == '&' || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	}) {
		return "holds & or a control character"
	}
	return ""
}

func only(more string) func(string) string {
	return func(text string) string {
		for _, r := range text {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			if !letter && !strings.ContainsRune(more, r) {
				return "may hold ASCII letters, digits and " + more + " only"
			}
		}
		return ""
	}
}

func currency(text string) string {
	for _, r := range text {
		if r < 'A' || r > 'Z' || len(text) != 3 {
			return "must be three capital letters, such as HKD"
		}
	}
	return ""
}

// isHTTPS looks at the scheme alone.
func isHTTPS(address string) bool {
	scheme, _, _ := strings.Cut(address, ":")
	return strings.EqualFold(scheme, "https")
}

func webURL(text string) string {
	for _, r := range text {
		if r <= ' ' || r > '~' {
			return "must be printable ASCII"
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "must be an absolute http or https URL"
	}
	if u.User != nil {
		return "must not hold credentials"
	}
	return ""
}
