package sandbox

import (
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// Magic is a value that brings out an answer on purpose.
type Magic struct {
	Value  string // NNN stands for a return_code of manual 1.4, "…" for any beginning
	Field  string
	Effect string
}

// MagicValues returns the table of the package comment, in its order. The
// first row that fits a request holds.
func MagicValues() []Magic {
	table := spells()
	values := make([]Magic, 0, len(table))
	for _, s := range table {
		values = append(values, s.Magic)
	}
	return values
}

// spell is a magic value and what it does.
type spell struct {
	Magic
	code    wantu.ReturnCode       // 0: the one that NNN stands for
	acts    bool                   // the call does its work before it answers code
	becomes Status                 // of the order that pospay opens, at the second query
	when    func(text string) bool // what fits, where Value describes it
}

// fits returns s with its code, and whether text is its value.
func (s spell) fits(text string) (spell, bool) {
	if s.when != nil {
		return s, s.when(text)
	}
	pattern, ending := strings.CutPrefix(s.Value, "…")
	if ending && len(text) > len(pattern) {
		text = text[len(text)-len(pattern):]
	}
	if fixed, numbered := strings.CutSuffix(pattern, "NNN"); numbered {
		digits, found := strings.CutPrefix(text, fixed)
		s.code = returnCode(digits)
		return s, found && s.code != 0
	}
	return s, text == pattern
}

// returnCode reads a refusal of manual 1.4; 0 for anything else.
func returnCode(digits string) wantu.ReturnCode {
	number, err := strconv.ParseUint(digits, 10, 16)
	code := wantu.ReturnCode(number) // #nosec G115 -- 16 bits
	if err != nil || len(digits) != 3 || code == wantu.CodeSuccess || code.Name() == "" {
		return 0
	}
	return code
}

// cast serves a call, or answers what its magic value asks for.
func (s *Sandbox) cast(c call) reply {
	if feeType := c.own("fee_type"); feeType != "" && !isServed(feeType) {
		return refuse(wantu.CodeUnsupportedCurrency, "fee_type")
	}
	c.spell = c.find()
	refusal := refuse(c.spell.code, c.spell.Field)
	switch {
	case c.spell.code == 0:
		return c.served.serve(s, c)
	case !c.spell.acts:
		return refusal
	}
	if r := c.served.serve(s, c); r["return_code"] != int(wantu.CodeSuccess) {
		return r
	}
	return refusal
}

// find returns the first spell that fits the call; its code is 0 when none does.
func (c call) find() spell {
	for _, s := range spells() {
		if found, ok := s.fits(c.Text(s.Field)); ok && c.open(s.Field) {
			return found
		}
	}
	return spell{}
}

// open reports whether magic in a field counts at the endpoint. A number counts
// everywhere, also where the manual has none, so that every endpoint can be
// brought to every answer.
func (c call) open(name string) bool {
	switch name {
	case "out_refund_no":
		return true
	case "out_trade_no":
		return c.Text("out_refund_no") == ""
	default:
		return c.served.opens && c.served.has(name)
	}
}
