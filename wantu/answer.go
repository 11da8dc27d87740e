package wantu

import (
	"strings"
	"time"
	"unicode"
)

// answer reads the fields of a verified message and keeps the first problem.
type answer struct {
	Message
	// secure says that the answer came over TLS, and that its pages must too.
	secure bool
	err    error
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

// either reads a field that the manual spells in several ways.
func (a *answer) either(names ...string) string {
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

// object reads the members of an object, which may also come as a string that
// holds it.
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

// time reads a time, and returns its text too. Nothing is decided by it, so no
// text refuses the answer: the time is zero where it is missing, all zeros as a
// database writes it, or in a format that is not the manual's.
func (a *answer) time(name string) (time.Time, string) {
	text := a.Text(name)
	t, err := ParseTime(text)
	if err != nil {
		return time.Time{}, text
	}
	return t, text
}

// page reads the URL of a page to send the shopper to. It is handed on as a
// browser would send it: see [browserURL]. What a browser would guess at is
// refused: another scheme, a host that is not ASCII, a control character of
// ASCII's, a backslash before the query.
func (a *answer) page(name string) string {
	text := browserURL(a.required(name))
	problem := webURL(text)
	if strings.ContainsAny(text, `"\<>`) { // in the path and behind it they are encoded, but for the backslash
		problem = "holds a quote, < or > in its host, or a backslash before the query"
	}
	if a.secure && !isHTTPS(text) {
		problem = "is not https, and the gateway is"
	}
	if problem != "" {
		a.fail(name, problem)
	}
	return text
}

// code reads the text of a QR code, which is an address too.
func (a *answer) code(name string) string {
	text := browserURL(a.required(name))
	if len(text) > 1024 || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		a.fail(name, "is not a link")
	}
	return text
}

// agree returns [ErrMismatch] when the message echoes a field with another
// value than was sent. A field that is missing agrees.
func (a *answer) agree(sent Fields) error {
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

// foreign makes a text of the gateway's fit for an error: bounded, in one line
// and masked, should the gateway be so careless as to print a secret.
func foreign(text string, mask *strings.Replacer) string {
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
