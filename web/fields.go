package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"github.com/wantukit/wantukit/checkout"
)

// wholeNumber is an amount. Its JSON is an integer literal, which is never read as a
// float.
type wholeNumber int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *wholeNumber) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return &checkout.FieldError{Field: "amount", Problem: "must be a whole number of minor units, such as 1000"}
	}
	*n = wholeNumber(value)
	return nil
}

// instant is a time. Its JSON is a string in RFC 3339, or a number of Unix seconds.
type instant time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if seconds, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		*i = instant(time.Unix(seconds, 0))
		return nil
	}
	at, err := time.Parse(`"`+time.RFC3339+`"`, string(text))
	if err != nil {
		return &checkout.FieldError{Field: "expires_at", Problem: "must be a time in RFC 3339, or Unix seconds"}
	}
	*i = instant(at)
	return nil
}

// maxURL is the largest length of a shop's URL in bytes.
const maxURL = 2048

// checkReturn returns a FieldError unless address is an absolute https URL at one of
// the shop's return hosts. It refuses URLs that a browser could read differently:
// with a user, a backslash, a space or a control character. It allows http if the
// shop has PlainReturns.
func checkReturn(field, address string, shop Merchant) error {
	bad := func(problem string) error { return &checkout.FieldError{Field: field, Problem: problem} }
	if address == "" {
		return bad("is missing")
	}
	if len(address) > maxURL {
		return bad("is over 2048 bytes")
	}
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\\' }) {
		return bad("has a space, a control character or a backslash")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "":
		return bad("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("must begin with https://")
	case u.Scheme == "http" && !shop.PlainReturns:
		return bad("must begin with https://: http:// needs a gateway on this machine")
	case u.User != nil || u.Host == "":
		return bad("must name a host and no user")
	case !isAtHost(u, shop.ReturnHosts):
		return bad("names a host that is not among the shop's return hosts")
	}
	return nil
}

// checkLocale returns a FieldError unless locale is empty or a language tag.
func checkLocale(locale string) error {
	if locale == "" {
		return nil
	}
	if _, err := language.Parse(locale); err != nil {
		return &checkout.FieldError{Field: "locale", Problem: "is not a language tag, such as zh-Hans"}
	}
	return nil
}
