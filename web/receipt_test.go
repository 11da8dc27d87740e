package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestReceipt checks that the receipt has the time in the shop's zone, the wallet and the
// order number, in the page and in the status of an open page.
func TestReceipt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"],"locale":"zh-Hans"`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	if body := f.get("/c/" + id + "/status").body; strings.Contains(body, "receipt") {
		t.Errorf("the status has a receipt before the payment: %s", body)
	}
	a := f.attempts(id)[0]
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	s := f.openStream("/c/" + id + "/events")
	for status, ok := s.next(); status.State != "paid"; status, ok = s.next() {
		if !ok {
			t.Fatal("the stream ended before it said paid")
		}
	}
	for _, path := range []string{"/c/" + id, "/c/" + id + "/status"} {
		got := f.get(path)
		for _, part := range []string{"(GMT+8)", "年", "微信支付", a.OutTradeNo} {
			if got.status != http.StatusOK || !strings.Contains(got.body, part) {
				t.Errorf("%s lacks %s: %s", path, part, got.body)
			}
		}
	}
}

// TestApproximateAmountInCNY checks that a page shows the amount in CNY once the rate is
// known.
func TestApproximateAmountInCNY(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"locale":"zh-Hans"`)
	if err := f.service.Drain(t.Context()); err != nil { // the rate is fetched in the background
		t.Fatal(err)
	}
	if !strings.Contains(f.get("/c/"+id).body, "约 <span>¥") {
		t.Error("the page has no amount in CNY")
	}
	hk := f.session(`,"channels":["alipay_hk"]`)
	if strings.Contains(f.get("/c/"+hk).body, `class="about"`) {
		t.Error("AlipayHK, which pays in HKD, has an amount in CNY")
	}
}
