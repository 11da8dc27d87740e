package sandbox_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// example is a request that the manual prints.
type example struct {
	Section, Endpoint string
	Request           json.RawMessage
}

func (e example) members(t *testing.T) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(e.Request))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

// TestManualsRequestsAreAccepted sends the 13 examples of the manual with a signature of
// the test.
func TestManualsRequestsAreAccepted(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/manual.json")
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, e := range decode[[]example](t, string(raw)) {
		seen = append(seen, e.Endpoint)
		t.Run(e.Endpoint, func(t *testing.T) {
			t.Parallel()
			e.send(t)
		})
	}
	if slices.Sort(seen); !slices.Equal(seen, sandbox.Endpoints()) {
		t.Errorf("examples for %v, the sandbox has %v", seen, sandbox.Endpoints())
	}
}

func (e example) send(t *testing.T) {
	t.Helper()
	sent, err := wantu.Decode(e.Request)
	if err != nil {
		t.Fatal(err)
	}
	text := func(name, spaced string) string { return sent.Text(name) + sent.Text(spaced) }
	at, err := wantu.ParseTime(text("send_time", "send time"))
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClock()
	c.move(at.Sub(c.now()))
	config := sandbox.Config{
		MerchantAccount: sent.Text("merchant_account"), StoreAccount: text("store_account", "store account"),
		Now: c.now,
	}
	if id := sent.Text("trade_id"); id != "" { // 1000, the time, 6 digits
		opened, err := wantu.ParseTime(id[4:18])
		if err != nil {
			t.Fatal(err)
		}
		c.move(opened.Sub(at))
		digits := []byte(id[18:])
		for i := range digits {
			digits[i] -= '0'
		}
		config.Rand = io.MultiReader(bytes.NewReader(digits), rand.Reader)
	}
	f := start(t, config)
	f.prepare(t, e, sent)
	c.move(at.Sub(c.now()))
	wantAnswer(t, f.post(t, e.Endpoint, "application/json", f.signed(t, e.members(t))), wantu.CodeSuccess, "")
}

// prepare opens the order that an example names. It pays the order unless the example
// closes it.
func (f fixture) prepare(t *testing.T, e example, sent wantu.Message) {
	t.Helper()
	if !slices.Contains([]string{"refund", "query", "cancel", "close"}, e.Endpoint) {
		return
	}
	number := sent.Text("out_trade_no")
	wantAnswer(t, f.call(t, "create-qrcode", map[string]any{
		"merchant_account": sent.Text("merchant_account"), "store_account": sent.Text("store_account"),
		"pay_channel": sent.Text("pay_channel"), "out_trade_no": number,
	}), wantu.CodeSuccess, "")
	if e.Endpoint == "close" {
		return
	}
	if _, err := f.Pay(number); err != nil {
		t.Fatal(err)
	}
}

func TestNamesWithSpaces(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	spaced := object("web", nil)
	for _, name := range []string{"total_fee", "out_trade_no", "send_time", "pay_channel", "store_account", "merchant_account", "time_expire"} {
		spaced[string(bytes.ReplaceAll([]byte(name), []byte("_"), []byte(" ")))] = spaced[name]
		delete(spaced, name)
	}
	wantAnswer(t, f.post(t, "web", "", f.signed(t, spaced)), wantu.CodeSuccess, "")
	// If both names are there, the name with underscores counts, even if it is empty.
	both := map[string]any{"out_trade_no": "n2", "total fee": "999"}
	wantAnswer(t, f.call(t, "web", both), wantu.CodeSuccess, "")
	if fee := f.order(t, "n2").TotalFee; fee != 100 {
		t.Errorf("total_fee %d, want 100", fee)
	}
	wantAnswer(t, f.call(t, "web", map[string]any{"total_fee": "", "total fee": "999"}), wantu.CodeParamMissing, "total_fee")
}

func TestFieldsOfAnEndpoint(t *testing.T) {
	t.Parallel()
	if n := len(sandbox.Endpoints()); n != 13 || !slices.IsSorted(sandbox.Endpoints()) {
		t.Errorf("endpoints %v", sandbox.Endpoints())
	}
	for _, endpoint := range sandbox.Endpoints() {
		fields := sandbox.Fields(endpoint)
		names := map[string]bool{}
		for _, field := range fields {
			if names[field.Name] || field.MaxLength < 1 {
				t.Errorf("%s: %+v", endpoint, field)
			}
			names[field.Name] = true
		}
		for _, name := range []string{"merchant_account", "store_account", "pay_channel", "send_time", "version", "sign"} {
			if !names[name] {
				t.Errorf("%s has no field %s", endpoint, name)
			}
		}
	}
	if got := sandbox.Fields("cancel"); got[len(got)-1] != (sandbox.Field{Name: "out_trade_no", Required: true, MaxLength: 32}) {
		t.Errorf("cancel: %+v", got)
	}
	if sandbox.Fields("create-groade") != nil {
		t.Error("an unknown endpoint has fields")
	}
}
