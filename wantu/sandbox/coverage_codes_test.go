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

The test brought out each code at each endpoint. ` + "`errors.Is`" + ` found the code's error, and no other, in what the client returned. The
subtest is ` + "`{endpoint}/code/{code}`" + `.

- *unknown* is what ` + "`wantu.OutcomeUnknown`" + ` says of that error.
- **rule**: a request that breaks one of the manual's rules brings the code out at this endpoint.
- *number*: an ` + "`out_trade_no`" + ` or ` + "`out_refund_no`" + ` that ends in ` + "`_return_NNN`" + ` brings it out.
- *fault*: a fault brings it out, because the request has no such number.

The package comment of ` + "`wantu/sandbox`" + ` lists all magic values.

| code | client | unknown |`

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

// codeCell is what was seen of a code at an endpoint.
type codeCell struct {
	how     string
	unknown bool
}

// codeSheet is what was seen of each code: by endpoint, then by code.
type codeSheet map[string]map[wantu.ReturnCode]*codeCell

// see brings out each return code at an endpoint.
func (sheet codeSheet) see(t *testing.T, endpoint string) {
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
			*cell = bringOut(t, endpoint, code)
			if breakRule(t, endpoint, code) {
				cell.how = "**rule**, " + cell.how
			}
		})
	}
}

func (sheet codeSheet) write(t *testing.T, doc *strings.Builder) {
	t.Helper()
	if picked() {
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

// row writes a code. What is unknown must be so at every endpoint.
func (sheet codeSheet) row(t *testing.T, doc *strings.Builder, code wantu.ReturnCode, client string) {
	t.Helper()
	var cells strings.Builder
	unknown := sheet[sandbox.Endpoints()[0]][code]
	for _, endpoint := range sandbox.Endpoints() {
		cell := sheet[endpoint][code]
		if cell == nil || cell.how == "" || unknown == nil {
			t.Errorf("%s %s: a cell is blank", endpoint, code)
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

// bringOut makes the sandbox answer a code, and looks for its sentinel alone in
// the client's error.
func bringOut(t *testing.T, endpoint string, code wantu.ReturnCode) codeCell {
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
