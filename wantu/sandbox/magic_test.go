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

func TestPackageCommentHoldsTheMagicValues(t *testing.T) {
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
		t.Errorf("doc.go lacks\n%s", comment.String())
	}
}

// codes are the refusals of manual 1.4.
func codes() []wantu.ReturnCode {
	var all []wantu.ReturnCode
	for code := wantu.ReturnCode(201); code < 600; code++ {
		if code.Name() != "" {
			all = append(all, code)
		}
	}
	return all
}

// opening are the endpoints that open an order.
func opening() []string { return []string{"app", "create-qrcode", "pay-form", "pospay", "wap", "web"} }

// call posts a good request to endpoint with change made to it.
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
		t.Fatalf("%d codes, the manual has 18 beside 200", n)
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
				if slices.Contains(opening(), endpoint) {
					change := map[string]any{"total_fee": 9990000 + int(code), "out_trade_no": fmt.Sprint("n", int(code))}
					wantAnswer(t, f.call(t, endpoint, change), code, "total_fee")
				}
			}
			for _, o := range f.Orders() {
				if o.OutTradeNo != "n500" || o.TotalFee != 9990500 {
					t.Errorf("opened %+v", o)
				}
			}
			if taken := slices.Contains(opening(), endpoint); taken != (len(f.Orders()) == 1) {
				t.Errorf("%d orders are taken", len(f.Orders()))
			}
		})
	}
}

func TestWhatIsNotMagic(t *testing.T) {
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
	// The amount of a refund is the order's; a code elsewhere than at a till is nothing.
	wantAnswer(t, f.call(t, "refund", map[string]any{"total_fee": 9990504}), wantu.CodeOrderInvalid, "")
	wantAnswer(t, f.call(t, "web", map[string]any{"auth_code": "134642301183000502"}), wantu.CodeSuccess, "")
	// A refund's own number is looked at, not its order's.
	wantAnswer(t, f.call(t, "refund", map[string]any{"out_trade_no": "x_return_504"}), wantu.CodeOrderInvalid, "")
}

func TestTheRowsThatAreChecksOfTheGateway(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for _, endpoint := range sandbox.Endpoints() {
		wantAnswer(t, f.post(t, endpoint, "", "total_fee=100"), wantu.CodeDataFormatError, "body")
		wantAnswer(t, f.call(t, endpoint, map[string]any{"merchant_account": "HKG9"}), wantu.CodeNoPrivilege, "merchant_account")
		wantAnswer(t, f.call(t, endpoint, map[string]any{"store_account": "HKG9"}), wantu.CodeNoPrivilege, "store_account")
		changed := strings.Replace(f.signed(t, object(endpoint, nil)), `"1.0"`, `"1.1"`, 1)
		wantAnswer(t, f.post(t, endpoint, "", changed), wantu.CodeSignError, "sign")
		if endpoint == "currency" || slices.Contains(opening(), endpoint) {
			wantAnswer(t, f.call(t, endpoint, map[string]any{"fee_type": "XAU"}), wantu.CodeUnsupportedCurrency, "fee_type")
		}
	}
}

func TestSystemErrorThatTookTheOrder(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for _, endpoint := range opening() {
		number := strings.ReplaceAll(endpoint, "-", "_")
		wantAnswer(t, f.call(t, endpoint, map[string]any{"total_fee": 9990500, "out_trade_no": number}), wantu.CodeSystemError, "total_fee")
		want := sandbox.StatusNotPay
		if endpoint == "pospay" {
			want = sandbox.StatusSuccess
		}
		f.status(t, number, want)
		// The number is used: sent again, the call says so.
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

// rows are values that make a request to pospay fit a row of the table, in its
// order. A body that is no JSON object fits no other.
func rows() []struct {
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

func TestTheFirstRowThatFitsHolds(t *testing.T) {
	t.Parallel()
	s, _ := still(t, sandbox.Config{}, taken)
	table := sandbox.MagicValues()
	at := 0 // in the table; the rows of the test are in its order
	for i, first := range rows() {
		for at < len(table) && table[at].Field != first.field {
			at++
		}
		if at == len(table) {
			t.Fatalf("%s is not where the table has it", first.field)
		}
		for j, second := range rows()[i+1:] {
			if second.field == first.field || first.field == "out_refund_no" && second.field == "out_trade_no" {
				continue
			}
			members := object("pospay", map[string]any{"out_trade_no": fmt.Sprintf("n%d_%d", i, j)})
			members[first.field], members[second.field] = first.value, second.value
			body := resigned(t, members)
			_, answer := do(t, s, "POST", "/paygate/pospay", body)
			contains(t, answer, `"return_code":`+first.code)
			if t.Failed() {
				t.Fatalf("%s=%s and %s=%s", first.field, first.value, second.field, second.value)
			}
		}
	}
}

// resigned signs members, unless they hold a sign.
func resigned(t *testing.T, members map[string]any) string {
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

func TestOneCodeMayFitTwoRows(t *testing.T) {
	t.Parallel()
	s, _ := still(t, sandbox.Config{}, taken)
	contains(t, call(t, s, "pospay", map[string]any{"auth_code": "000502"}), `"return_code":505`)
}
