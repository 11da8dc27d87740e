package sandbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

const codesHead = `
## Return codes

The test makes the sandbox answer each code at each endpoint. ` + "`errors.Is`" + ` must find the code's sentinel in the client's error, and no other sentinel. The
subtest is ` + "`{endpoint}/code/{code}`" + `. The column "unknown" is the result of ` + "`wantu.OutcomeUnknown`" + ` for the error. The cells say how the code was caused:

- **rule**: the request breaks a rule of the manual.
- *number*: ` + "`out_trade_no` or `out_refund_no`" + ` ends in ` + "`_return_NNN`" + `. The package comment of ` + "`wantu/sandbox`" + ` lists all magic values.
- *fault*: the request has neither of these numbers, so a fault of the sandbox causes the code.

| code | client | unknown |`

// sentinels returns the sentinel error of each return code and its name.
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

// codeCell is the result for a code at an endpoint.
type codeCell struct {
	how     string // how the code was caused
	unknown bool
}

// codeTable has the results by endpoint and code.
type codeTable map[string]map[wantu.ReturnCode]*codeCell

// check causes each return code at an endpoint.
func (sheet codeTable) check(t *testing.T, endpoint string) {
	cells := map[wantu.ReturnCode]*codeCell{wantu.CodeSuccess: {}}
	for _, s := range sentinels() {
		cells[s.code] = &codeCell{}
	}
	sheet[endpoint] = cells
	for code, cell := range cells {
		t.Run(strconv.Itoa(int(code)), func(t *testing.T) {
			t.Parallel()
			if code == wantu.CodeSuccess {
				*cell = succeeds(t, endpoint)
				return
			}
			*cell = causeCode(t, endpoint, code)
			if breaksRule(t, endpoint, code) {
				cell.how = "**rule**, " + cell.how
			}
		})
	}
}

func (sheet codeTable) write(t *testing.T, doc *strings.Builder) {
	t.Helper()
	if runsOnlySubtests() {
		return
	}
	doc.WriteString(codesHead)
	for _, endpoint := range sandbox.Endpoints() {
		fmt.Fprintf(doc, " `%s` |", endpoint)
	}
	doc.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(sandbox.Endpoints())) + "\n")
	sheet.row(t, doc, wantu.CodeSuccess, "nil")
	for _, s := range sentinels() {
		sheet.row(t, doc, s.code, "`"+s.name+"`")
	}
}

// row writes the row of a code. Whether the outcome is unknown must not depend on the
// endpoint.
func (sheet codeTable) row(t *testing.T, doc *strings.Builder, code wantu.ReturnCode, client string) {
	t.Helper()
	var cells strings.Builder
	unknown := sheet[sandbox.Endpoints()[0]][code]
	for _, endpoint := range sandbox.Endpoints() {
		cell := sheet[endpoint][code]
		if cell == nil || cell.how == "" || unknown == nil {
			t.Errorf("%s %s: a cell is empty", endpoint, code)
			return
		}
		if cell.unknown != unknown.unknown {
			t.Errorf("%s %s: the outcome is unknown: %v, elsewhere %v", endpoint, code, cell.unknown, unknown.unknown)
		}
		cells.WriteString(" " + cell.how + " |")
	}
	fmt.Fprintf(doc, "| %s | %s | %s |%s\n", code, client, map[bool]string{true: "yes", false: "no"}[unknown.unknown], cells.String())
}

func succeeds(t *testing.T, endpoint string) codeCell {
	t.Helper()
	b, _, err := probes()[endpoint].run(t)
	if err != nil || b.answer.Text("return_code") != "200" {
		t.Errorf("%s (%v)", b.answer.Text("return_code"), err)
	}
	return codeCell{"done", wantu.OutcomeUnknown(err)}
}

// causeCode makes the sandbox answer a code. It checks that the client's error has the
// code's sentinel and no other.
func causeCode(t *testing.T, endpoint string, code wantu.ReturnCode) codeCell {
	t.Helper()
	p := probes()[endpoint]
	b, request := p.ready(t)
	how := "number"
	if field := magicField(request); field != "" {
		request = with(request, field, fmt.Sprintf("n1_return_%d", code))
	} else {
		how = "fault"
		if _, err := b.AddFault(sandbox.Fault{Kind: sandbox.FaultRefuse, Endpoint: endpoint, ReturnCode: code}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.call(b.client, request)
	for _, s := range sentinels() {
		if got, want := errors.Is(err, s.err), s.code == code; got != want {
			t.Errorf("%v is %s: %v, want %v", err, s.name, got, want)
		}
	}
	unknown := wantu.OutcomeUnknown(err)
	if want := slices.Contains([]wantu.ReturnCode{wantu.CodeSystemError, wantu.CodeBankError, wantu.CodeUserPaying}, code); unknown != want {
		t.Errorf("the outcome is unknown: %v, want %v", unknown, want)
	}
	return codeCell{how, unknown}
}

func magicField(request any) string {
	if field := goName(request, "out_refund_no"); field != "" {
		return field
	}
	return goName(request, "out_trade_no")
}
