package checkout_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// startInWeChat places an order by JSAPI, so that the shopper sees WeChat's payment
// sheet.
func (f *fixture) startInWeChat() checkout.Attempt {
	f.t.Helper()
	a, err := f.Start(f.t.Context(), checkout.StartRequest{
		SessionID: f.session().ID, Wallet: flow.WalletWeChat, Device: inApp, OpenID: "someone", Payer: "tag",
	})
	wantError(f.t, err, nil)
	return a
}

func TestAnswersOfWeChatsSheet(t *testing.T) {
	const directory = "is https://pay.example/c/ registered"
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"are recorded, and a failure is an alert that says what to check": func(t *testing.T, f *fixture) {
			a := f.startInWeChat()
			answers := []struct{ text, result, advice string }{
				{"get_brand_wcpay_request:ok", "ok", ""},
				{"get_brand_wcpay_request:cancel ", "cancel", ""},
				{"get_brand_wcpay_request:fail 当前页面的URL未注册", "fail", directory},
				{"system:access_denied", "fail", directory},
				{"chooseWXPay:permission denied", "fail", directory},
				{"get_brand_wcpay_request:fail_invalid appid", "fail", "wechat.app_id the official account"},
				{"get_brand_wcpay_request:fail 商家签名错误", "fail", "signs for"},
				{"get_brand_wcpay_request:fail 订单已过期", "fail", "too old"},
				{"undefined", "fail", directory},
			}
			for i, answer := range answers {
				f.BridgeAnswered(t.Context(), a, answer.text)
				e := f.entries(a, checkout.EntryBridge)[i]
				same(t, answer.text, e.Result, answer.result)
				if alerted := len(f.alerts.all) > 0 && strings.HasSuffix(f.alerts.all[len(f.alerts.all)-1].Err.Error(), e.Detail); !strings.Contains(e.Detail, answer.advice) || alerted != (e.Result == "fail") {
					t.Errorf("%s: detail %q without %q, or alert is %v", answer.text, e.Detail, answer.advice, alerted)
				}
			}
		},
		"are bounded in number and length, and have no control characters": func(t *testing.T, f *fixture) {
			a := f.startInWeChat()
			for range 20 {
				f.BridgeAnswered(t.Context(), a, "x:\x1b[2J\xff\u202e\n"+strings.Repeat("宽", 5000))
			}
			entries := f.entries(a, checkout.EntryBridge)
			same(t, "entries", len(entries), 10)
			same(t, "alerts", len(f.alerts.all), 10)
			if detail := entries[0].Detail; len([]rune(detail)) > 300 || !utf8.ValidString(detail) || strings.ContainsAny(detail, "\x1b\u202e\n") {
				t.Errorf("detail %q is too long or has control characters", detail)
			}
		},
		"are ignored for another flow, and when they are empty": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.BridgeAnswered(t.Context(), a, "get_brand_wcpay_request:fail")
			f.BridgeAnswered(t.Context(), f.startInWeChat(), "")
			same(t, "alerts", len(f.alerts.all), 0)
			same(t, "entries", len(f.entries(a, checkout.EntryBridge)), 0)
		},
	})
}
