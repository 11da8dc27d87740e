package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func (f fixture) signed(t *testing.T, members map[string]any) string {
	t.Helper()
	body, err := wantu.Encode(members, sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestControl(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	f.qrCode(t, "n1", wantu.WeChat)
	f.web(t, "n2", wantu.AlipayCN)
	for _, step := range []struct {
		path   string
		status int
	}{
		{"n9/pay", http.StatusNotFound},
		{"n1/steal", http.StatusNotFound},
		{"n1/notify", http.StatusConflict},
		{"n1/fail", http.StatusOK},
		{"n1/pay", http.StatusOK},
		{"n1/pay", http.StatusConflict},
		{"n1/fail", http.StatusConflict},
		{"n1/notify", http.StatusOK},
	} {
		response, body := browse(t, "POST", f.url+"/sandbox/orders/"+step.path)
		if response.StatusCode != step.status {
			t.Errorf("%s: status %d, want %d: %s", step.path, response.StatusCode, step.status, body)
		}
		answer := decode[map[string]any](t, body)
		if _, failed := answer["error"]; failed != (step.status != http.StatusOK) {
			t.Errorf("%s: %s", step.path, body)
		}
	}
	_, body := browse(t, "GET", f.url+"/sandbox/orders")
	orders := decode[[]map[string]any](t, body)
	if len(orders) != 2 {
		t.Fatalf("%d orders, want 2", len(orders))
	}
	newest, paid := orders[0], orders[1]
	if newest["out_trade_no"] != "n2" || newest["endpoint"] != "web" || newest["payment_inst"] != "ALIPAYCN" ||
		newest["status"] != "NOT_PAY" || newest["pay_channel"] != 2.0 {
		t.Errorf("the newest: %v", newest)
	}
	if paid["status"] != "SUCCESS" || paid["total_fee"] != 88000.0 || paid["acknowledged"] != true || paid["paid_at"] == nil {
		t.Errorf("the paid one: %v", paid)
	}
}

func TestControlOfAMerchantThatIsDown(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{HTTPClient: &http.Client{Transport: shop(func(*http.Request) string { return "" })}})
	f.qrCode(t, "n1", wantu.WeChat)
	response, _ := browse(t, "POST", f.url+"/sandbox/orders/n1/pay")
	wantStatus(t, response, http.StatusOK)
	response, _ = browse(t, "POST", f.url+"/sandbox/orders/n1/notify")
	wantStatus(t, response, http.StatusBadGateway)
}

func TestOneOrderOverHTTP(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1")
	status, body := serve(t, s, "GET", "/sandbox/orders/n1", "")
	if o := decode[sandbox.Order](t, body); status != http.StatusOK || o.OutTradeNo != "n1" || o.TotalFee != 100 {
		t.Errorf("status %d, %s", status, body)
	}
	status, body = serve(t, s, "GET", "/sandbox/orders/n9", "")
	if answer := decode[map[string]string](t, body); status != http.StatusNotFound || answer["error"] == "" {
		t.Errorf("status %d, %s", status, body)
	}
}
