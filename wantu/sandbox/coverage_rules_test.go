package sandbox_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// breaksRule sends a request that breaks the manual's rule for the code, and checks that
// the sandbox answers the code. It returns false if there is no such rule.
func breaksRule(t *testing.T, endpoint string, code wantu.ReturnCode) bool {
	t.Helper()
	b, _, _ := probes()[endpoint].run(t)
	demand := func(got string) bool {
		t.Helper()
		if got != strconv.Itoa(int(code)) {
			t.Errorf("the request breaks a rule, and the sandbox answers %s", got)
		}
		return true
	}
	switch code {
	case wantu.CodeDataFormatError:
		_ = b.post(endpoint, []byte("[]")).Body.Close()
		return demand(b.answer.Text("return_code"))
	case wantu.CodeSignError:
		fields := b.sent.Fields()
		fields["sign"] = signedByHand(fields, "another key")
		_ = b.post(endpoint, marshal(t, fields)).Body.Close()
		return demand(b.answer.Text("return_code"))
	default:
	}
	breaking := ruleOf(endpoint, code, b)
	if breaking == nil {
		return false
	}
	if code != wantu.CodeOutTradeNoUsed && endpoint != "refund" { // these need the effect of the first request
		sent := b.sent
		b, _ = probes()[endpoint].ready(t)
		b.sent = sent
	}
	if code == wantu.CodeOrderPaid {
		if _, err := b.Pay("n1"); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := b.refusal(t, endpoint, breaking)
	return demand(got)
}

// ruleOf returns a change that makes a good request break the manual's rule for the code.
// It returns nil if there is no such rule.
func ruleOf(endpoint string, code wantu.ReturnCode, b *bench) func(map[string]any) {
	places := b.sent.Has("subject")
	switch {
	case code == wantu.CodeNoPrivilege:
		return put("store_account", "HKG1")
	case code == wantu.CodeParamMissing:
		return without("version")
	case code == wantu.CodeParamError:
		return put("version", "2.0")
	case code == wantu.CodeOutTradeNoUsed && places, code == wantu.CodeOrderPaid && endpoint == "close":
		return without()
	case code == wantu.CodeOrderInvalid && !places && b.sent.Has("out_trade_no"):
		return func(m map[string]any) { m["out_trade_no"] = "nobody"; delete(m, "trade_id") }
	case code == wantu.CodeRefundError && endpoint == "refund":
		return put("out_refund_no", "r2")
	case code == wantu.CodeUnsupportedCurrency && b.sent.Has("fee_type"):
		return put("fee_type", "XXX")
	case endpoint == "pospay" && code >= wantu.CodeTradeError && code <= wantu.CodeAuthCodeExpired:
		return put("auth_code", fmt.Sprintf("134674074004000%d", code))
	default:
		return nil
	}
}
