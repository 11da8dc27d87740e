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

// The bounds of a message: what is larger or deeper is refused before it is
// read further.
const (
	MaxBody      = 64 << 10 // bytes of a body
	MaxStatement = 16 << 20 // bytes of the body of an order-list: some 60,000 trades
	MaxDepth     = 8        // objects and arrays inside each other, the outermost counted
)

// errTooLarge is how a statement learns that its window is too wide.
var errTooLarge = malformed("larger than its bound")

func malformed(problem string) error {
	return fmt.Errorf("%w: %s", ErrMalformed, problem)
}

// checkJSON refuses what readers disagree about: bytes that are not UTF-8, an
// escape that stands for half a character, a name twice in one object (or
// twice but for its case), and nesting beyond [MaxDepth].
func checkJSON(body []byte, limit int) error {
	if len(body) > limit {
		return errTooLarge
	}
	if !utf8.Valid(body) || !json.Valid(body) {
		return malformed("not a JSON object")
	}
	if halfSurrogate(body) {
		return malformed("an escape is half a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return checkValue(decoder, 0)
}

// checkValue reads the next value and everything in it. Decoder.Token checks
// little of the grammar, so body must have passed json.Valid.
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
		return malformed("a name is there twice")
	}
	seen[name] = true
	return nil
}

// foldName maps all names that are equal but for case to one. It takes the
// smallest rune of each folding orbit, as strings.EqualFold would compare.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, name)
}

// halfSurrogate reports whether valid JSON holds \ud800…\udfff outside a pair.
// encoding/json would read it as U+FFFD, another text than was written.
func halfSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		if body[i] != 'u' {
			continue
		}
		unit := escaped(body[i+1:])
		i += 4
		switch {
		case unit >= 0xdc00 && unit <= 0xdfff:
			return true
		case unit >= 0xd800 && unit < 0xdc00:
			low := body[i+1:]
			if !bytes.HasPrefix(low, []byte(`\u`)) {
				return true
			}
			if second := escaped(low[2:]); second < 0xdc00 || second > 0xdfff {
				return true
			}
			i += 6
		}
	}
	return false
}

func escaped(hex []byte) uint64 {
	unit, _ := strconv.ParseUint(string(hex[:4]), 16, 16)
	return unit
}
