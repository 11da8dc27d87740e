package sandbox

import (
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// Magic is a value of a field that causes a certain answer.
type Magic struct {
	Value  string // NNN stands for a return_code of manual 1.4, "…" for any text before the rest
	Field  string
	Effect string // the answer and what happens to the order
}

// MagicValues returns the table of magic values in the package comment, in its order. The
// first row that matches a request counts.
func MagicValues() []Magic {
	table := magicRules()
	values := make([]Magic, 0, len(table))
	for _, s := range table {
		values = append(values, s.Magic)
	}
	return values
}

// magicRule is a magic value and its effect.
type magicRule struct {
	Magic
	code          wantu.ReturnCode       // the answer; 0 means the code that NNN stands for
	carriesOut    bool                   // the call is carried out before code is answered
	pendingStatus Status                 // the status that an order of pospay gets at the second query
	matches       func(text string) bool // checks a text if Value is only a description; otherwise nil
}

// match reports whether text is a value of the rule. It also returns the rule with its
// code filled in.
func (s magicRule) match(text string) (magicRule, bool) {
	if s.matches != nil {
		return s, s.matches(text)
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

// returnCode returns the return code of manual 1.4 with these digits. It returns 0 for
// 200 and for any other text.
func returnCode(digits string) wantu.ReturnCode {
	number, err := strconv.ParseUint(digits, 10, 16)
	code := wantu.ReturnCode(number) // #nosec G115 -- 16 bits
	if err != nil || len(digits) != 3 || code == wantu.CodeSuccess || code.Name() == "" {
		return 0
	}
	return code
}

// apply answers a call. If the call has a magic value, apply answers as its rule says.
func (s *Sandbox) apply(c call) reply {
	if feeType := c.tableText("fee_type"); feeType != "" && !isServed(feeType) {
		return refuse(wantu.CodeUnsupportedCurrency, "fee_type")
	}
	c.rule = c.findRule()
	refusal := refuse(c.rule.code, c.rule.Field)
	switch {
	case c.rule.code == 0:
		return c.served.serve(s, c)
	case !c.rule.carriesOut:
		return refusal
	}
	if r := c.served.serve(s, c); r["return_code"] != int(wantu.CodeSuccess) {
		return r
	}
	return refusal
}

// findRule returns the first rule that matches the call, or the zero rule.
func (c call) findRule() magicRule {
	for _, s := range magicRules() {
		if found, ok := s.match(c.Text(s.Field)); ok && c.magicCounts(s.Field) {
			return found
		}
	}
	return magicRule{}
}

// magicCounts reports whether a magic value in a field counts at the endpoint. In the
// numbers of orders and refunds it counts at every endpoint, even if the manual has no
// such field there. So a test can get every return code from every endpoint.
func (c call) magicCounts(name string) bool {
	switch name {
	case "out_refund_no":
		return true
	case "out_trade_no":
		return c.Text("out_refund_no") == ""
	default:
		return c.served.opensOrder && c.served.has(name)
	}
}
