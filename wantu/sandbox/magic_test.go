package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestPackageCommentHasTheMagicValues(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, m := range sandbox.MagicValues() {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", m.Field, m.Value, m.Effect)
	}
	_ = w.Flush()
	var comment strings.Builder
	for line := range strings.Lines(table.String()) {
		comment.WriteString("//\t" + line)
	}
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), comment.String()) {
		t.Errorf("doc.go does not contain\n%s", comment.String())
	}
}

// codes returns the return codes of manual 1.4 except 200.
func codes() []wantu.ReturnCode {
	var all []wantu.ReturnCode
	for code := wantu.ReturnCode(201); code < 600; code++ {
		if code.Name() != "" {
			all = append(all, code)
		}
	}
	return all
}

// openingEndpoints returns the endpoints that open an order.
func openingEndpoints() []string {
	return []string{"app", "create-qrcode", "pay-form", "pospay", "wap", "web"}
}

// call posts a valid request with a change to an endpoint.
func (f fixture) call(t *testing.T, endpoint string, change map[string]any) wantu.Message {
	t.Helper()
	return f.post(t, endpoint, "application/json", f.signed(t, object(endpoint, change)))
}

func wantAnswer(t *testing.T, answer wantu.Message, code wantu.ReturnCode, desc string) {
	t.Helper()
	if answer.Text("return_code") != strconv.Itoa(int(code)) || answer.Text("return_msg") != code.Name() ||
		answer.Text("return_desc") != desc {
		t.Errorf("answered %s %s %q, want %s %q", answer.Text("return_code"), answer.Text("return_msg"),
			answer.Text("return_desc"), code, desc)
	}
}

func TestEveryCodeAtEveryEndpoint(t *testing.T) {
	t.Parallel()
	if n := len(codes()); n != 18 {
		t.Fatalf("%d codes, the manual has 18 except 200", n)
	}
	for _, endpoint := range sandbox.Endpoints() {
		t.Run(endpoint, func(t *testing.T) {
			t.Parallel()
			f := start(t, sandbox.Config{})
			for _, code := range codes() {
				number := fmt.Sprintf("x_return_%d", code)
				field := "out_trade_no"
				change := map[string]any{field: number}
				if endpoint == "refund" {
					field = "out_refund_no"
					change = map[string]any{field: number}
				}
				wantAnswer(t, f.call(t, endpoint, change), code, field)
				if slices.Contains(openingEndpoints(), endpoint) {
					change := map[string]any{"total_fee": 9990000 + int(code), "out_trade_no": fmt.Sprint("n", int(code))}
					wantAnswer(t, f.call(t, endpoint, change), code, "total_fee")
				}
			}
			for _, o := range f.Orders() {
				if o.OutTradeNo != "n500" || o.TotalFee != 9990500 {
					t.Errorf("opened %+v", o)
				}
			}
			if opens := slices.Contains(openingEndpoints(), endpoint); opens != (len(f.Orders()) == 1) {
				t.Errorf("%d orders are open", len(f.Orders()))
			}
		})
	}
}

func TestValuesThatAreNotMagic(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for i, change := range []map[string]any{
		{"out_trade_no": "x_return_200"}, {"out_trade_no": "x_return_999"}, {"out_trade_no": "x_return_0404"},
		{"out_trade_no": "x_return_40"}, {"out_trade_no": "return_404"}, {"total_fee": 9990200}, {"total_fee": 9990999},
		{"total_fee": 19990504}, {"auth_code": "134642301183243502"}, {"auth_code": "0000000000"},
	} {
		if change["out_trade_no"] == nil {
			change["out_trade_no"] = fmt.Sprint("n", i)
		}
		wantAnswer(t, f.call(t, "pospay", change), wantu.CodeSuccess, "")
	}
	// In a refund total_fee is the amount of the order, and only pospay has auth_code. So
	// neither is magic here.
	wantAnswer(t, f.call(t, "refund", map[string]any{"total_fee": 9990504}), wantu.CodeOrderInvalid, "")
	wantAnswer(t, f.call(t, "web", map[string]any{"auth_code": "134642301183000502"}), wantu.CodeSuccess, "")
	// In a refund out_refund_no may be magic, and out_trade_no may not.
	wantAnswer(t, f.call(t, "refund", map[string]any{"out_trade_no": "x_return_504"}), wantu.CodeOrderInvalid, "")
}

func TestMagicRowsOfTheGatewaysChecks(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for _, endpoint := range sandbox.Endpoints() {
		wantAnswer(t, f.post(t, endpoint, "", "total_fee=100"), wantu.CodeDataFormatError, "body")
		wantAnswer(t, f.call(t, endpoint, map[string]any{"merchant_account": "HKG9"}), wantu.CodeNoPrivilege, "merchant_account")
		wantAnswer(t, f.call(t, endpoint, map[string]any{"store_account": "HKG9"}), wantu.CodeNoPrivilege, "store_account")
		changed := strings.Replace(f.signed(t, object(endpoint, nil)), `"1.0"`, `"1.1"`, 1)
		wantAnswer(t, f.post(t, endpoint, "", changed), wantu.CodeSignError, "sign")
		if endpoint == "currency" || slices.Contains(openingEndpoints(), endpoint) {
			wantAnswer(t, f.call(t, endpoint, map[string]any{"fee_type": "XAU"}), wantu.CodeUnsupportedCurrency, "fee_type")
		}
	}
}

func TestSystemErrorThatOpensTheOrder(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for _, endpoint := range openingEndpoints() {
		number := strings.ReplaceAll(endpoint, "-", "_")
		wantAnswer(t, f.call(t, endpoint, map[string]any{"total_fee": 9990500, "out_trade_no": number}), wantu.CodeSystemError, "total_fee")
		want := sandbox.StatusNotPay
		if endpoint == "pospay" {
			want = sandbox.StatusSuccess
		}
		f.status(t, number, want)
		// The order is open, so the number is used.
		wantAnswer(t, f.call(t, endpoint, map[string]any{"total_fee": 9990500, "out_trade_no": number}), wantu.CodeOutTradeNoUsed, "")
	}
	f.call(t, "pospay", map[string]any{"auth_code": "134642301183000500", "out_trade_no": "till"})
	f.status(t, "till", sandbox.StatusSuccess)
}

func TestShopperEntersAPassword(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, c := range map[string]struct {
		authCode string
		want     [3]wantu.TradeStatus
	}{
		"pays":      {"134642301183000506", [3]wantu.TradeStatus{wantu.NotPay, wantu.Success, wantu.Success}},
		"never":     {"134642301183100506", [3]wantu.TradeStatus{wantu.NotPay, wantu.NotPay, wantu.NotPay}},
		"is_turned": {"134642301183200506", [3]wantu.TradeStatus{wantu.NotPay, wantu.PayError, wantu.PayError}},
	} {
		f := start(t, sandbox.Config{})
		if _, err := f.posPay(name, c.authCode); !isCode(err, wantu.CodeUserPaying) || !wantu.OutcomeUnknown(err) {
			t.Errorf("%s: %v, want 506", name, err)
		}
		for i, want := range c.want {
			if got := f.query(t, wantu.WeChat, name).TradeStatus; got != want {
				t.Errorf("%s: query %d says %s, want %s", name, i+1, got, want)
			}
		}
		if _, err := f.client.Cancel(ctx, wantu.CancelRequest{PayChannel: wantu.WeChat, OutTradeNo: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		f.status(t, name, sandbox.StatusCanceled)
	}
}

// magicRows returns values that make a request to pospay match a row of the table, in the
// order of the table. There is none for the first row, because a body that is not a JSON
// object matches no other row.
func magicRows() []struct {
	field, value, code string
} {
	return []struct{ field, value, code string }{
		{"merchant_account", "HKG9", "302"},
		{"sign", "0123456789ABCDEF0123456789ABCDEF", "301"},
		{"store_account", "HKG9", "302"},
		{"fee_type", "XAU", "509"},
		{"out_refund_no", "r_return_303", "303"},
		{"out_trade_no", "n_return_402", "402"},
		{"total_fee", "9990500", "500"},
		{"total_fee", "9990504", "504"},
		{"auth_code", "0505", "505"},
		{"auth_code", "134642301183000500", "500"},
		{"auth_code", "134642301183000502", "502"},
		{"auth_code", "134642301183100506", "506"},
	}
}

func TestFirstMatchingMagicRowCounts(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	table := sandbox.MagicValues()
	at := 0 // the index in the table
	for i, first := range magicRows() {
		for at < len(table) && table[at].Field != first.field {
			at++
		}
		if at == len(table) {
			t.Fatalf("%s is not in the order of the table", first.field)
		}
		for j, second := range magicRows()[i+1:] {
			if second.field == first.field || first.field == "out_refund_no" && second.field == "out_trade_no" {
				continue
			}
			members := object("pospay", map[string]any{"out_trade_no": fmt.Sprintf("n%d_%d", i, j)})
			members[first.field], members[second.field] = first.value, second.value
			body := signIfUnsigned(t, members)
			_, answer := serve(t, s, "POST", "/paygate/pospay", body)
			contains(t, answer, `"return_code":`+first.code)
			if t.Failed() {
				t.Fatalf("%s=%s and %s=%s", first.field, first.value, second.field, second.value)
			}
		}
	}
}

// signIfUnsigned signs members unless they contain a sign.
func signIfUnsigned(t *testing.T, members map[string]any) string {
	t.Helper()
	sign, forged := members["sign"]
	delete(members, "sign")
	body, err := wantu.Encode(members, sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	if !forged {
		return string(body)
	}
	message, err := wantu.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(body), message.Text("sign"), fmt.Sprint(sign), 1)
}

func TestShortAuthCodeMatchesTwoMagicRows(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	contains(t, callEndpoint(t, s, "pospay", map[string]any{"auth_code": "000502"}), `"return_code":505`)
}
