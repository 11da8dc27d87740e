package wantu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of a message. A larger or deeper message is refused before it is
// decoded.
const (
	MaxBody      = 64 << 10 // the largest body, in bytes
	MaxStatement = 16 << 20 // the largest body of an order-list answer, in bytes: about 60,000 trades
	MaxDepth     = 8        // the most objects and arrays inside each other, the outermost included
)

// errTooLarge means that a body is too large. [Client.Statement] then asks for a
// shorter window.
var errTooLarge = malformed("larger than the limit")

func malformed(problem string) error {
	return fmt.Errorf("%w: %s", ErrMalformed, problem)
}

// checkJSON refuses a body that JSON parsers do not all read alike: bytes that
// are not UTF-8, an escape for half a surrogate pair, or two names in one object
// that are equal or differ only in case. It also refuses nesting beyond
// [MaxDepth].
func checkJSON(body []byte, limit int) error {
	if len(body) > limit {
		return errTooLarge
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return malformed("not a JSON object")
	}
	if hasLoneSurrogate(body) {
		return malformed("an escape is half a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return checkValue(decoder, 0)
}

// checkValue checks the next value and everything in it. The body must have passed
// json.Valid before, because Decoder.Token checks little of the grammar.
func checkValue(decoder *json.Decoder, depth int) error {
	token, err := decoder.Token()
	if err != nil {
		return malformed("not a JSON object")
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth++; depth > MaxDepth {
		return malformed("more than 8 levels deep")
	}
	seen := map[string]bool{}
	for decoder.More() {
		if open == '{' {
			if err := checkName(decoder, seen); err != nil {
				return err
			}
		}
		if err := checkValue(decoder, depth); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return malformed("not a JSON object")
	}
	return nil
}

func checkName(decoder *json.Decoder, seen map[string]bool) error {
	token, err := decoder.Token()
	name, ok := token.(string)
	if err != nil || !ok {
		return malformed("not a JSON object")
	}
	name = foldName(name)
	if seen[name] {
		return malformed("a name occurs twice in one object")
	}
	seen[name] = true
	return nil
}

// foldName maps names that differ only in case to the same name, as
// strings.EqualFold compares them. It replaces each rune with the smallest rune
// that equals it under case folding.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
}

// hasLoneSurrogate reports whether valid JSON contains an escape \ud800…\udfff
// that is not part of a surrogate pair. encoding/json would read it as U+FFFD, so
// the text would change.
func hasLoneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		if body[i] != 'u' {
			continue
		}
		unit := parseHexEscape(body[i+1:])
		i += 4
		switch {
		case unit >= 0xdc00 && unit <= 0xdfff:
			return true
		case unit >= 0xd800 && unit < 0xdc00:
			low := body[i+1:]
			if !bytes.HasPrefix(low, []byte(`\u`)) {
				return true
			}
			if second := parseHexEscape(low[2:]); second < 0xdc00 || second > 0xdfff {
				return true
			}
			i += 6
		}
	}
	return false
}

func parseHexEscape(hex []byte) uint64 {
	unit, _ := strconv.ParseUint(string(hex[:4]), 16, 16)
	return unit
}
