package wantu

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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

// time reads a time that may be missing, or all zeros as a database writes it.
func (a *answer) time(name string) time.Time {
	text := a.Text(name)
	if strings.Trim(text, "0-: ") == "" {
		return time.Time{}
	}
	t, err := ParseTime(text)
	if err != nil {
		a.fail(name, "is not yyyy-MM-dd HH:mm:ss")
	}
	return t
}

// page reads the URL of a page to send the shopper to. The gateway writes the
// subject into it unescaped, as the manual's example shows: what is not ASCII is
// percent-encoded here, as a browser would. The host must be ASCII, and what
// could end a link in a page or a header is refused everywhere: a space, a
// control character of ASCII's, a double quote, a backslash, < and >.
func (a *answer) page(name string) string {
	text := asciiURL(a.required(name))
	problem := webURL(text)
	if strings.ContainsAny(text, `"\<>`) {
		problem = "holds a quote, a backslash, < or >"
	}
	if a.secure && !isHTTPS(text) {
		problem = "is not https, and the gateway is"
	}
	if problem != "" {
		a.fail(name, problem)
	}
	return text
}

// asciiURL percent-encodes what is not ASCII behind the host of a URL.
func asciiURL(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	host := strings.IndexAny(rest, "/?#")
	if host < 0 {
		return text
	}
	var encoded strings.Builder
	encoded.WriteString(text[:len(text)-len(rest)+host])
	for _, b := range []byte(rest[host:]) {
		if b < utf8.RuneSelf {
			encoded.WriteByte(b)
		} else {
			fmt.Fprintf(&encoded, "%%%02X", b)
		}
	}
	return encoded.String()
}

// code reads the text of a QR code.
func (a *answer) code(name string) string {
	text := a.required(name)
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
