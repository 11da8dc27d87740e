package sandbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

const coverageHead = `# The gateway, field by field

Written by ` + "`TestEveryFieldAndEveryCode`" + ` from what the client (` + "`wantu`" + `) and the sandbox (` + "`wantu/sandbox`" + `) were seen to do; the last column is the
subtest that saw it. "Manual" is the manual's table: whether a field is required, and its length in characters.

In a request, *required* means that the client names the field in a ` + "`*wantu.FieldError`" + ` and sends nothing, *bounded* that it does so when the value is too
long or out of range. *303* and *304* are the return codes that the sandbox answers, with the field's name in ` + "`return_desc`" + `.

## Fields
`

// sentinels are the errors that callers compare with, by name.
func sentinels() []struct {
	code wantu.ReturnCode
	name string
	err  error
} {
	return []struct {
		code wantu.ReturnCode
		name string
		err  error
	}{
		{wantu.CodeDataFormatError, "ErrDataFormat", wantu.ErrDataFormat},
		{wantu.CodeSignError, "ErrSignRefused", wantu.ErrSignRefused},
		{wantu.CodeNoPrivilege, "ErrNoPrivilege", wantu.ErrNoPrivilege},
		{wantu.CodeParamMissing, "ErrParamMissing", wantu.ErrParamMissing},
		{wantu.CodeParamError, "ErrParam", wantu.ErrParam},
		{wantu.CodeOutTradeNoUsed, "ErrOutTradeNoUsed", wantu.ErrOutTradeNoUsed},
		{wantu.CodeOrderPaid, "ErrOrderPaid", wantu.ErrOrderPaid},
		{wantu.CodeOrderInvalid, "ErrOrderInvalid", wantu.ErrOrderInvalid},
		{wantu.CodeSystemError, "ErrSystem", wantu.ErrSystem},
		{wantu.CodeTradeError, "ErrTrade", wantu.ErrTrade},
		{wantu.CodeNotEnough, "ErrNotEnough", wantu.ErrNotEnough},
		{wantu.CodeNotSupportCard, "ErrNotSupportCard", wantu.ErrNotSupportCard},
		{wantu.CodeBankError, "ErrBank", wantu.ErrBank},
		{wantu.CodeAuthCodeInvalid, "ErrAuthCodeInvalid", wantu.ErrAuthCodeInvalid},
		{wantu.CodeUserPaying, "ErrUserPaying", wantu.ErrUserPaying},
		{wantu.CodeAuthCodeExpired, "ErrAuthCodeExpired", wantu.ErrAuthCodeExpired},
		{wantu.CodeRefundError, "ErrRefund", wantu.ErrRefund},
		{wantu.CodeUnsupportedCurrency, "ErrUnsupportedCurrency", wantu.ErrUnsupportedCurrency},
	}
}

// everyCode brings out each return code at each endpoint.
func everyCode(t *testing.T, doc *strings.Builder) {
	t.Helper()
	doc.WriteString(codesHead)
	for _, name := range sandbox.Endpoints() {
		fmt.Fprintf(doc, " `%s` |", name)
	}
	doc.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(sandbox.Endpoints())) + "\n")
	fmt.Fprintf(doc, "| %s | nil | no |", wantu.CodeSuccess)
	for _, name := range sandbox.Endpoints() {
		t.Run(name+"/code/200", func(t *testing.T) {
			p := probes()[name]
			b, request := p.ready(t)
			if _, err := p.call(b.client, request); err != nil || b.answer.Text("return_code") != "200" {
				t.Errorf("%s (%v)", b.answer.Text("return_code"), err)
			}
		})
		doc.WriteString(" done |")
	}
	for _, s := range sentinels() {
		fmt.Fprintf(doc, "\n| %s | `%s` | %s |", s.code, s.name, unknown(s.code))
		for _, name := range sandbox.Endpoints() {
			var how string
			t.Run(fmt.Sprintf("%s/code/%d", name, s.code), func(t *testing.T) { how = bringOut(t, name, s.code, s.err) })
			if how == "" {
				t.Errorf("%s %s: a cell is blank", name, s.code)
			}
			doc.WriteString(" " + how + " |")
		}
	}
	doc.WriteString("\n")
}

const codesHead = `
## Return codes

Each code was brought out at each endpoint and found by ` + "`errors.Is`" + ` in what the client returned; the subtest is ` + "`{endpoint}/code/{code}`" + `. *Unknown* is what
` + "`wantu.OutcomeUnknown`" + ` says. **rule**: a request that breaks one of the manual's rules brings it out there. *number*: an ` + "`out_trade_no` or `out_refund_no`" + ` that
ends in ` + "`_return_NNN`" + ` does; where a request has neither, a *fault* does. The package comment of ` + "`wantu/sandbox`" + ` lists all magic values.

| code | client | unknown |`

func unknown(code wantu.ReturnCode) string {
	if wantu.OutcomeUnknown(&wantu.APIError{Endpoint: "query", Code: code}) {
		return "yes"
	}
	return "no"
}

// bringOut makes the sandbox answer a code and returns how that was done.
func bringOut(t *testing.T, name string, code wantu.ReturnCode, sentinel error) string {
	t.Helper()
	p := probes()[name]
	b, request := p.ready(t)
	how := "number"
	if goName, has := goField(request, "out_refund_no"); has {
		request = with(request, goName, fmt.Sprintf("n1_return_%d", code))
	} else if goName, has := goField(request, "out_trade_no"); has {
		request = with(request, goName, fmt.Sprintf("n1_return_%d", code))
	} else {
		how = "fault"
		if _, err := b.AddFault(sandbox.Fault{Kind: sandbox.FaultRefuse, Endpoint: name, ReturnCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.call(b.client, request)
	if !errors.Is(err, sentinel) {
		t.Errorf("%v, want %v", err, sentinel)
		return ""
	}
	if breakRule(t, name, code) {
		how = "**rule**, " + how
	}
	if got := wantu.OutcomeUnknown(err); got != (unknown(code) == "yes") {
		t.Errorf("outcome unknown: %v", got)
	}
	return how
}

// breakRule sends what the manual's rules forbid, where there is such a rule for
// the code, and demands the code.
func breakRule(t *testing.T, name string, code wantu.ReturnCode) bool {
	t.Helper()
	p := probes()[name]
	b, request := p.ready(t)
	_, _ = p.call(b.client, request) // for b.sent
	_, places := goField(request, "subject")
	again, _ := p.ready(t)
	if again.sent = b.sent; code == wantu.CodeOutTradeNoUsed || name == "refund" {
		again = b // where it was done already
	}
	var breaking func(map[string]any)
	switch {
	case code == wantu.CodeDataFormatError:
		_ = again.post(name, []byte("[]")).Body.Close()
		return again.answer.Text("return_code") == "300"
	case code == wantu.CodeSignError:
		(&coverage{endpoint: name}).sandboxSign(t, again)
		return true
	case code == wantu.CodeNoPrivilege:
		breaking = func(m map[string]any) { m["store_account"] = "HKG1" }
	case code == wantu.CodeParamMissing:
		breaking = func(m map[string]any) { delete(m, "version") }
	case code == wantu.CodeParamError:
		breaking = func(m map[string]any) { m["version"] = "2.0" }
	case code == wantu.CodeOutTradeNoUsed && places:
		breaking = func(map[string]any) {}
	case code == wantu.CodeOrderPaid && name == "close":
		if _, err := again.Pay("n1"); err != nil {
			t.Fatal(err)
		}
		breaking = func(map[string]any) {}
	case code == wantu.CodeOrderInvalid && !places && again.sent.Has("out_trade_no"):
		breaking = func(m map[string]any) { m["out_trade_no"] = "nobody"; delete(m, "trade_id") }
	case code == wantu.CodeRefundError && name == "refund":
		breaking = func(m map[string]any) { m["out_refund_no"] = "r2" }
	case code == wantu.CodeUnsupportedCurrency && again.sent.Has("fee_type"):
		breaking = func(m map[string]any) { m["fee_type"] = "XXX" }
	case name == "pospay" && code >= wantu.CodeTradeError && code <= wantu.CodeAuthCodeExpired:
		breaking = func(m map[string]any) { m["auth_code"] = fmt.Sprintf("134674074004000%d", code) }
	default:
		return false
	}
	if got, _ := again.refusal(t, name, breaking); got != strconv.Itoa(int(code)) {
		t.Errorf("by its rule the sandbox answers %s", got)
	}
	return true
}

// rawList returns the JSON of a list in the last answer.
func (b *bench) rawList(t *testing.T, name string) string {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b.body, &members); err != nil {
		t.Fatal(err)
	}
	return string(members[name])
}

func marshal(t *testing.T, fields wantu.Fields) []byte {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
