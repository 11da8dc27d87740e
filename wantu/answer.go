package wantu

import (
	"strings"
	"time"
	"unicode"
)

// answer reads the fields of a verified message and keeps the first problem.
type answer struct {
	Message
	// requiresHTTPS is true when the gateway is reached over https. Then the
	// URLs in its answers must be https too.
	requiresHTTPS bool
	err           error
}

func (a *answer) fail(name, problem string) {
	if a.err == nil {
		a.err = malformed(name + " " + problem)
	}
}

func (a *answer) required(name string) string {
	text := a.Text(name)
	if text == "" {
		a.fail(name, "is missing")
	}
	return text
}

func (a *answer) fee(name string) int64 {
	fee, err := ParseFee(a.required(name))
	if err != nil {
		a.fail(name, "is not a whole number of minor units")
	}
	return fee
}

// firstText returns the first text that is not empty. It is for a field that
// the manual spells in several ways.
func (a *answer) firstText(names ...string) string {
	for _, name := range names {
		if text := a.Text(name); text != "" {
			return text
		}
	}
	return ""
}

func (a *answer) decimal(name string) Decimal {
	d, err := ParseDecimal(a.required(name))
	if err != nil {
		a.fail(name, "is not a plain decimal")
	}
	return d
}

// object reads the members of an object. The gateway may also send the object
// as a string.
func (a *answer) object(name string, read func(*answer)) {
	message, err := a.Object(name)
	if err != nil {
		a.fail(name, "is not an object")
		return
	}
	inner := &answer{Message: message}
	if read(inner); inner.err != nil && a.err == nil {
		a.err = inner.err
	}
}

// time reads a time and also returns its text. A time that cannot be read does
// not make the answer malformed, because no decision depends on it: the time is
// then zero. Some answers have no time, one of all zeros, or another format than
// the manual's.
func (a *answer) time(name string) (time.Time, string) {
	text := a.Text(name)
	t, err := ParseTime(text)
	if err != nil {
		return time.Time{}, text
	}
	return t, text
}

// pageURL reads the URL of a page for the shopper and returns it as a browser
// would send it: see [browserURL]. It refuses a URL that browsers do not all read
// alike: another scheme, a host that is not ASCII, an ASCII control character, or
// a backslash before the query.
func (a *answer) pageURL(name string) string {
	text := browserURL(a.required(name))
	problem := webURL(text)
	// browserURL has encoded these characters after the host, except for a
	// backslash in the path.
	if strings.ContainsAny(text, `"\<>`) {
		problem = "contains a quote, < or > in its host, or a backslash before the query"
	}
	if a.requiresHTTPS && !isHTTPS(text) {
		problem = "must be https, because the gateway is reached over https"
	}
	if problem != "" {
		a.fail(name, problem)
	}
	return text
}

// qrCodeText reads the text of a QR code, which is a URL too.
func (a *answer) qrCodeText(name string) string {
	text := browserURL(a.required(name))
	if len(text) > 1024 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		a.fail(name, "must be at most 1024 printable ASCII characters without spaces")
	}
	return text
}

// checkEchoes returns [ErrMismatch] when the message repeats a sent field with
// another value. A field that is missing or empty is no mismatch.
func (a *answer) checkEchoes(sent Fields) error {
	for _, name := range []string{
		"merchant_account", "store_account", "out_trade_no", "trade_id", "total_fee", "fee_type",
		"out_refund_no",
	} {
		if !a.Has(name) || sent[name] == "" {
			continue
		}
		if text := a.Text(name); text != "" && text != sent[name] || a.values[name].kind == kindNested {
			return mismatch(name)
		}
	}
	return nil
}

// safeText makes a text from the gateway safe for an error: at most 128
// characters, on one line, and masked in case the gateway quotes a secret.
func safeText(text string, mask *strings.Replacer) string {
	text = mask.Replace(text)
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	if runes := []rune(text); len(runes) > 128 {
		text = string(runes[:128])
	}
	return text
}
