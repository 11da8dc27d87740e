package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// These tests use gateways that are odd or hostile, which the scripts' sandbox is
// not, and outputs that fail.

// answers are a gateway's answers by endpoint and pay_channel, such as "query/2".
type answers map[string]map[string]any

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	sent, _ := wantu.Decode(body)
	answer := map[string]any{"return_code": 402, "return_msg": "ORDER_INVALID"}
	if known, ok := a[filepath.Base(r.URL.Path)+"/"+sent.Text("pay_channel")]; ok {
		answer = known
	}
	signed, _ := wantu.Encode(answer, sandbox.DefaultKey)
	_, _ = w.Write(signed)
}

// operate runs a verb with a gateway, and returns the exit code and standard error.
func operate(t *testing.T, gateway http.Handler, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	server := httptest.NewServer(gateway)
	defer server.Close()
	var said bytes.Buffer
	code = run(t.Context(), append(args, "--gateway", server.URL+"/paygate"), gatewaycli.Streams{In: strings.NewReader(""), Out: out, Err: &said})
	return code, said.String()
}

func trade(kind int, number, refund, fee string, more map[string]any) map[string]any {
	row := map[string]any{
		"trade_id": "T" + number, "out_trade_no": number, "refund_id": "", "out_refund_no": refund, "type": kind,
		"total_fee": json.Number(fee), "date_added": "2026-11-01 10:00:00", "fee_type": "HKD",
	}
	for name, value := range more {
		row[name] = value
	}
	return row
}

func statement(rows ...map[string]any) map[string]any {
	return map[string]any{"return_code": 200, "return_msg": "SUCCESS", "order_list": rows}
}

func TestStatementLosesNoRow(t *testing.T) {
	t.Parallel()
	one := []map[string]any{
		trade(1, "n1", "", "10.00", nil), trade(-1, "n1", "r1", "2.00", nil), trade(-1, "n1", "r2", "-3.00", nil),
		// Two equal rows must be two refunds: nothing distinguishes them.
		trade(-1, "n1", "r2", "-3.00", nil),
	}
	odd := trade(1, "n2", "", "0.001", map[string]any{"fee_type": "XAU"})
	for name, c := range map[string]struct {
		gateway answers
		want    []string
	}{
		"each channel its own": {
			answers{"order-list/1": statement(one...), "order-list/2": statement(odd)},
			[]string{"5 trades", "paid HKD 10.00, refunded HKD 8.00, net HKD 2.00", "too many digits: 1 trade"},
		},
		"every channel all": {
			answers{"order-list/1": statement(append(slices.Clone(one), odd)...), "order-list/2": statement(append(slices.Clone(one), odd)...)},
			[]string{"5 trades", "paid HKD 10.00, refunded HKD 8.00, net HKD 2.00", "-3.00"},
		},
	} {
		var out bytes.Buffer
		code, stderr := operate(t, c.gateway, &out, "statement", "--from", "2026-11-01")
		if code != gatewaycli.ExitDone {
			t.Errorf("%s: exit %d: %s", name, code, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is not in\n%s", name, want, &out)
			}
		}
	}
}

func TestStoreWithOneChannel(t *testing.T) {
	t.Parallel()
	refused := map[string]any{"return_code": 302, "return_msg": "NO_PRIVILEGE"}
	order := map[string]any{
		"return_code": 200, "out_trade_no": "n1", "trade_id": "T1", "trade_status": "SUCCESS", "total_fee": 100, "fee_type": "HKD",
	}
	gateway := answers{
		"query/2": refused, "order-list/2": refused, "cancel/1": {"return_code": 200},
		"query/1": order, "order-list/1": statement(trade(1, "n1", "", "1.00", nil)),
	}
	var out bytes.Buffer
	for _, args := range [][]string{{"query", "n1", "--paid"}, {"query", "--trade-id", "T1"}, {"cancel", "--trade-id", "T1"}, {"statement", "--from", "2026-11-01"}} {
		if code, stderr := operate(t, gateway, &out, args...); code != gatewaycli.ExitDone {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	if text := out.String(); !strings.Contains(text, "canceled n1") || !strings.Contains(text, "1 trade\n") {
		t.Errorf("it says\n%s", text)
	}
	gateway["query/1"], gateway["order-list/1"] = refused, refused
	for _, args := range [][]string{{"query", "n1"}, {"statement", "--from", "2026-11-01"}} {
		if code, stderr := operate(t, gateway, &out, args...); code != gatewaycli.ExitRefused || !strings.Contains(stderr, "302") {
			t.Errorf("%v without a channel: exit %d: %s", args, code, stderr)
		}
	}
}

// TestTextOfOthersIsInert: text of the gateway cannot control the terminal, and is
// no formula.
func TestTextOfOthersIsInert(t *testing.T) {
	t.Parallel()
	const escape = "\x1b]0;owned\x07\u009b2J"
	gateway := answers{
		"query/2": {
			"return_code": 200, "out_trade_no": "n1", "trade_id": "T1", "trade_status": "SUCCESS", "total_fee": 100, "fee_type": "HKD", "attach": escape,
		},
		"order-list/2": statement(
			trade(1, "=1+1", "", "1.00", nil), trade(1, "+1", "", "1.00", nil), trade(1, "-2+cmd", "", "1.00", nil), trade(1, "@x", "", "1.00", nil),
			trade(1, "\t=1", "", "1.00", nil), trade(1, "\r=1", "", "1.00", nil), trade(-1, "n", escape, "-1.00", nil),
		),
	}
	var table, list bytes.Buffer
	for _, args := range [][]string{
		{"query", "n1"}, {"query", "n1", "--json"}, {"statement", "--from", "2026-11-01", "--channel", "alipay"},
		{"statement", "--from", "2026-11-01", "--channel", "alipay", "--json"},
	} {
		if code, stderr := operate(t, gateway, &table, args...); code != gatewaycli.ExitDone {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	operate(t, gateway, &list, "statement", "--from", "2026-11-01", "--channel", "alipay", "--csv")
	for _, text := range []string{table.String(), list.String()} {
		if i := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f }); i >= 0 {
			t.Errorf("a control character at %d in %q", i, text)
		}
	}
	for _, want := range []string{"'=1+1,", "'+1,", "'-2+cmd,", "'@x,", "'?=1,", ",-1.00,"} {
		if !strings.Contains(list.String(), want) {
			t.Errorf("%q is not in\n%s", want, &list)
		}
	}
}

// brokenPipe is an output that fails.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestWhatWasDoneAndNotToldIsNoFailure: a script would retry after exit code 1.
func TestWhatWasDoneAndNotToldIsNoFailure(t *testing.T) {
	t.Parallel()
	for want, verbs := range map[int][][]string{
		gatewaycli.ExitUnknown: {
			{"qrcode", "--channel", "wechat", "--out-trade-no", "n2", "--amount", "1.00", "--subject", "s"},
			{"pos", "134674074004982976", "--out-trade-no", "n3", "--amount", "1.00", "--subject", "s"},
			{"refund", "n1", "--refund-no", "r1", "--amount", "0.50"}, {"close", "n0"}, {"cancel", "n1"},
		},
		gatewaycli.ExitFailed: {{"query", "n1"}, {"rate"}, {"statement", "--from", "2026-11-01"}},
	} {
		for _, args := range verbs {
			gateway := withOrders(t)
			if code, stderr := operate(t, gateway, brokenPipe{}, args...); code != want || !strings.Contains(stderr, "broken pipe") {
				t.Errorf("%v: exit %d, want %d: %s", args, code, want, stderr)
			}
		}
	}
}

// withOrders returns a sandbox with an open order n0 and a paid order n1.
func withOrders(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	gateway, err := sandbox.New(sandbox.Config{NotifySchedule: []time.Duration{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	gateway.Notifications(false)
	for _, number := range []string{"n0", "n1"} {
		code, stderr := operate(t, gateway, io.Discard, "qrcode", "--channel", "wechat", "--out-trade-no", number, "--amount", "1.00", "--subject", "s")
		if code != gatewaycli.ExitDone {
			t.Fatal(stderr)
		}
	}
	if _, err := gateway.Pay("n1"); err != nil {
		t.Fatal(err)
	}
	return gateway
}

// TestCodeInTheTerminalIsTheCode reads the printed QR code as dark and light
// modules.
func TestCodeInTheTerminalIsTheCode(t *testing.T) {
	t.Parallel()
	gateway := answers{"create-qrcode/1": {"return_code": 200, "qrcode_url": "weixin://wxpay/bizpayurl?pr=fJkMvo1", "out_trade_no": "n1"}}
	want, err := qrcode.New("weixin://wxpay/bizpayurl?pr=fJkMvo1", qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	for _, terminal := range []bool{false, true} {
		var out bytes.Buffer
		code := run(t.Context(), []string{"qrcode", "--channel", "wechat", "--out-trade-no", "n1", "--amount", "1.00", "--subject", "s", "--gateway", server.URL + "/paygate"},
			gatewaycli.Streams{Out: &out, Err: io.Discard, Terminal: terminal})
		if code != gatewaycli.ExitDone {
			t.Fatalf("exit %d", code)
		}
		if terminal != strings.Contains(out.String(), "\x1b[30;107m") {
			t.Error("black on white is for a terminal")
		}
		if got := inked(out.String()); !slices.EqualFunc(got, want.Bitmap(), slices.Equal) {
			t.Errorf("terminal %v: the blocks are not the code:\n%s", terminal, &out)
		}
	}
}

// inked returns the modules of half blocks: true is dark.
func inked(text string) (rows [][]bool) {
	for line := range strings.Lines(strings.NewReplacer("\x1b[30;107m", "", "\x1b[0m", "").Replace(text)) {
		if !strings.ContainsAny(line, "█▀▄") && strings.TrimSpace(line) != "" {
			continue // the record
		}
		var upper, lower []bool
		for _, r := range strings.TrimSuffix(line, "\n") {
			upper, lower = append(upper, r == '█' || r == '▀'), append(lower, r == '█' || r == '▄')
		}
		rows = append(rows, upper, lower)
	}
	if len(rows) > 0 {
		rows = rows[:len(rows)-1] // a code has an odd number of rows
	}
	return rows
}

func TestVerifyTakesThePreviousKey(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	config, message := filepath.Join(folder, "shops.yaml"), filepath.Join(folder, "message.json")
	const file = `merchants: [{id: a, name: A, api_keys: [sk_live_0123456789], return_hosts: [shop.example.com],
		gateway: {base_url: "http://127.0.0.1:1/paygate", merchant_account: H1, store_account: H2, key: the-key-of-today-1, previous_key: the-key-of-before}}]`
	for key, want := range map[string]string{"the-key-of-today-1": "is right\n", "the-key-of-before": "previous key", "another-key-entirely": ""} {
		body, err := wantu.Encode(map[string]any{"a": 1}, key)
		if err := errors.Join(err, os.WriteFile(config, []byte(file), 0o600), os.WriteFile(message, body, 0o600)); err != nil {
			t.Fatal(err)
		}
		var out, said bytes.Buffer
		code := run(t.Context(), []string{"verify", message, "--config", config}, gatewaycli.Streams{Out: &out, Err: &said})
		if (code == gatewaycli.ExitDone) != (want != "") || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit %d: %s%s", key, code, &out, &said)
		}
	}
}
