package wantu

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxTotalFee is the largest amount that the gateway accepts, in minor units.
// It has 11 digits.
const MaxTotalFee = 99_999_999_999

// PayChannel is the payment system that the shopper uses, pay_channel. Manual 2.1.
type PayChannel int

// The channels.
const (
	WeChat PayChannel = 1
	Alipay PayChannel = 2
)

// PaymentInst is the Alipay wallet that pays, payment_inst. Manual 2.9.
type PaymentInst string

// The wallets.
const (
	AlipayCN PaymentInst = "ALIPAYCN" // mainland China
	AlipayHK PaymentInst = "ALIPAYHK" // Hong Kong
)

// TradeStatus is the state of an order's payment, trade_status. A status that is not
// one of the constants is kept as the gateway wrote it; treat the order as undecided.
// Manual 2.5.
type TradeStatus string

// The statuses of the manual.
const (
	NotPay   TradeStatus = "NOT_PAY"   // not paid so far
	PayError TradeStatus = "PAY_ERROR" // the payment failed; also read from PAY_EEROR, the spelling of the manual
	Success  TradeStatus = "SUCCESS"   // paid
)

func parseTradeStatus(text string) TradeStatus {
	if text == "PAY_EEROR" {
		return PayError
	}
	return TradeStatus(text)
}

const timeLayout = "2006-01-02 15:04:05"

// gatewayZone returns the time zone of the gateway: always UTC+8.
var gatewayZone = sync.OnceValue(func() *time.Location { return time.FixedZone("UTC+8", 8*60*60) })

// FormatTime returns t as the gateway writes it: yyyy-MM-dd HH:mm:ss in UTC+8.
func FormatTime(t time.Time) string { return t.In(gatewayZone()).Format(timeLayout) }

// ParseTime reads a time in UTC+8: yyyy-MM-dd HH:mm:ss, or the 14 digits
// yyyyMMddHHmmss that the table of manual 2.5 allows. It returns [ErrMalformed]
// for any other text.
func ParseTime(text string) (time.Time, error) {
	layout := timeLayout
	if len(text) == len("20060102150405") {
		layout = "20060102150405"
	}
	t, err := time.ParseInLocation(layout, text, gatewayZone())
	if err != nil || len(text) != len(layout) {
		return time.Time{}, malformed("a time is not yyyy-MM-dd HH:mm:ss")
	}
	return t, nil
}

// ParseFee reads an amount in whole minor units: "0", or at most 11 digits without a
// leading zero. It returns [ErrMalformed] for any other text, such as a sign, a
// fraction or an exponent, and never rounds.
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

// Each check below returns what is wrong with a value, or "".

// freeText allows any text except &, which separates the fields of the string that
// is signed, and control characters.
func freeText(text string) string {
	if !utf8.ValidString(text) {
		return "is not UTF-8"
	}
	if strings.ContainsFunc(text, func(r rune) bool {
		return r == '&' || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	}) {
		return "contains & or a control character"
	}
	return ""
}

// lettersDigitsOr allows ASCII letters, digits and the characters in more.
func lettersDigitsOr(more string) func(string) string {
	return func(text string) string {
		for _, r := range text {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
			if !letter && !strings.ContainsRune(more, r) {
				return "may contain only ASCII letters, digits and " + more
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

// isHTTPS reports whether the scheme of a URL is https.
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
		return "must not contain credentials"
	}
	return ""
}
