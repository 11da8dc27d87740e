package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// freeText returns the fields that may contain any text, so that only their length counts.
func freeText() []string {
	return []string{"subject", "attach", "product_id", "device_sn"}
}

func TestLongestAndTooLongValues(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	n := 0
	for _, endpoint := range openingEndpoints() {
		for _, field := range sandbox.Fields(endpoint) {
			fill := map[string]string{"out_trade_no": "n", "notify_url": "http://a/", "return_url": "http://a/"}[field.Name]
			if fill == "" && !slices.Contains(freeText(), field.Name) {
				continue
			}
			for over, want := range []string{"200", "304"} {
				n++
				text := fill + fmt.Sprint(n, "_")
				text += strings.Repeat("x", field.MaxLength+over-len(text))
				if fill == "" {
					text = strings.Repeat("票", field.MaxLength+over) // characters, not bytes
				}
				change := map[string]any{"out_trade_no": fmt.Sprint("n", n), field.Name: text}
				if answer := f.call(t, endpoint, change); answer.Text("return_code") != want {
					t.Errorf("%s: %s of %d characters: %s %s, want %s", endpoint, field.Name, field.MaxLength+over,
						answer.Text("return_code"), answer.Text("return_desc"), want)
				}
			}
		}
	}
}

func TestMaxLengthsAreThoseOfTheManual(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		"subject": 128, "attach": 128, "product_id": 32, "device_sn": 128, "out_trade_no": 32, "total_fee": 11,
		"notify_url": 256, "return_url": 256, "fee_type": 3, "time_expire": 19, "payment_inst": 256, "qrcode_width": 256,
		"auth_code": 128, "open_id": 32, "app_id": 32, "trade_id": 32, "out_refund_no": 32, "start_date": 32, "end_date": 32,
	}
	for _, endpoint := range sandbox.Endpoints() {
		for _, field := range sandbox.Fields(endpoint) {
			if length, known := want[field.Name]; known && field.MaxLength != length {
				t.Errorf("%s: %s has at most %d characters, want %d", endpoint, field.Name, field.MaxLength, length)
			}
		}
	}
}

func TestQRCodeWidth(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	for width, want := range map[string]string{
		"1": "200", "9999": "200", "240": "200", strings.Repeat("0", 253) + "240": "200", strings.Repeat("0", 254) + "240": "304",
		"0": "304", "10000": "304", "+240": "304", "-1": "304", "24.0": "304", "１": "304", `1" onload="x`: "304",
	} {
		change := map[string]any{"payment_inst": "ALIPAYHK", "qrcode_width": width, "out_trade_no": fmt.Sprint("n", len(s.Orders()))}
		contains(t, callEndpoint(t, s, "web", change), `"return_code":`+want)
	}
	for _, o := range s.Orders() {
		_, body := serve(t, s, "GET", strings.TrimPrefix(o.URL, "http://localhost"), "")
		lacks(t, body, `width="0`, `width="200"`)
	}
}

func TestCashierIgnoresQRCodeWidth(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	contains(t, callEndpoint(t, s, "web", map[string]any{"qrcode_width": 9999}), `"return_code":200`)
	_, body := serve(t, s, "GET", strings.TrimPrefix(order(t, s).URL, "http://localhost"), "")
	contains(t, body, `width="200" height="200"`)
}

func TestFieldsOfOtherEndpointsAreNotRead(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	foreign := map[string]any{
		"time_expire": "soon", "payment_inst": strings.Repeat("<b>", 15_000), "return_url": "javascript:alert(1)",
		"qrcode_width": `1" onload="x`,
	}
	contains(t, callEndpoint(t, s, "create-qrcode", foreign), `"return_code":200`)
	if o := order(t, s); o.PaymentInst != "" || !o.ExpiresAt.Equal(o.CreatedAt.Add(2*time.Hour)) {
		t.Errorf("the order is %+v", o)
	}
	for _, endpoint := range []string{"app", "pay-form", "pospay"} {
		foreign["out_trade_no"] = strings.ReplaceAll(endpoint, "-", "_")
		delete(foreign, "payment_inst") // app has that
		contains(t, callEndpoint(t, s, endpoint, foreign), `"return_code":200`)
		_, body := serve(t, s, "GET", strings.TrimPrefix(s.Orders()[0].URL, "http://localhost"), "")
		lacks(t, body, "javascript:", "onload")
	}
}

func TestTimeExpireIsAfterNow(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	for expires, want := range map[string]string{"2026-03-01 19:59:59": "304", "2026-03-01 20:00:00": "304", "2026-03-01 20:00:01": "200"} {
		contains(t, callEndpoint(t, s, "web", map[string]any{"time_expire": expires}), `"return_code":`+want)
	}
}
