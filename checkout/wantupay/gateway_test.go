package wantupay_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestNewNeedsClients(t *testing.T) {
	t.Parallel()
	_, err := wantupay.New(map[string]wantupay.Account{"poor": {}})
	if err == nil || !strings.Contains(err.Error(), "poor") {
		t.Errorf("error %v, want one that names the merchant", err)
	}
}

func TestEachFlowPlacesItsOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wallet   flow.Wallet
		flow     flow.Flow
		endpoint string
		channel  wantu.PayChannel
		inst     wantu.PaymentInst
		placed   func(sandbox.Order) checkout.Placed
	}{
		"web":            {flow.WalletAlipayCN, flow.Web, "web", wantu.Alipay, "", pageOf},
		"web of HK":      {flow.WalletAlipayHK, flow.Web, "web", wantu.Alipay, "", pageOf},
		"iframe":         {flow.WalletAlipayCN, flow.Iframe, "web", wantu.Alipay, wantu.AlipayCN, pageOf},
		"iframe of HK":   {flow.WalletAlipayHK, flow.Iframe, "web", wantu.Alipay, wantu.AlipayHK, pageOf},
		"wap":            {flow.WalletAlipayCN, flow.WAP, "wap", wantu.Alipay, wantu.AlipayCN, pageOf},
		"wap of HK":      {flow.WalletAlipayHK, flow.WAP, "wap", wantu.Alipay, wantu.AlipayHK, pageOf},
		"native":         {flow.WalletWeChat, flow.Native, "create-qrcode", wantu.WeChat, "", codeOf},
		"jsapi (WeChat)": {flow.WalletWeChat, flow.JSAPI, "pay-form", wantu.WeChat, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, o := newFixture(t), newOrder(c.wallet, c.flow)
			if c.flow == flow.JSAPI {
				o.OpenID = f.openID(t)
			}
			created, err := f.Create(t.Context(), o)
			wantError(t, err, nil)
			placed, err := f.sandbox.Order(o.OutTradeNo)
			wantError(t, err, nil)
			same(t, "endpoint", placed.Endpoint, c.endpoint)
			same(t, "channel", placed.PayChannel, c.channel)
			same(t, "inst", placed.PaymentInst, c.inst)
			same(t, "amount", placed.TotalFee, o.Amount)
			same(t, "currency", placed.FeeType, o.Currency)
			same(t, "subject", placed.Subject, "Simon ＆ Garfunkel")
			if c.placed != nil {
				created.Placed.URL, _, _ = strings.Cut(created.Placed.URL, "?")
				same(t, "what the page gets", created.Placed, c.placed(placed))
			} else {
				checkJSAPI(t, created.Placed)
			}
		})
	}
}

// An order lives until its session expires, also if this machine's clock was moved
// after the session was created.
func TestOrderOutlivesAMovedClock(t *testing.T) {
	t.Parallel()
	for _, way := range []flow.Flow{flow.Web, flow.WAP} {
		for _, by := range []time.Duration{-time.Hour, 0, time.Hour} {
			f, o := newFixture(t), newOrder(flow.WalletAlipayCN, way)
			o.Remaining, o.ExpiresAt = 30*time.Minute, time.Now().Add(30*time.Minute+by)
			_, err := f.Create(t.Context(), o)
			wantError(t, err, nil)
			placed, err := f.sandbox.Order(o.OutTradeNo)
			wantError(t, err, nil)
			want := 30*time.Minute + max(by, 0)
			if off := (time.Until(placed.ExpiresAt) - want).Abs(); off > 10*time.Second {
				t.Errorf("%s, clock moved by %s: the order lives for %s, want %s", way, by, time.Until(placed.ExpiresAt), want)
			}
		}
	}
}

// pageOf is what the page gets for a redirect or a frame.
func pageOf(o sandbox.Order) checkout.Placed { return checkout.Placed{URL: o.URL} }

// codeOf is what the page gets for a QR code.
func codeOf(o sandbox.Order) checkout.Placed { return checkout.Placed{Code: o.ScanURL} }

// checkJSAPI checks that the parameters of WeChat's payment sheet are complete.
func checkJSAPI(t *testing.T, p checkout.Placed) {
	t.Helper()
	var parameters map[string]string
	wantError(t, json.Unmarshal([]byte(p.JSAPI), &parameters), nil)
	for _, name := range []string{"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"} {
		if parameters[name] == "" {
			t.Errorf("%s is missing in %s", name, p.JSAPI)
		}
	}
	same(t, "number of parameters", len(parameters), 6)
}

// The gateway accepts every subject that a shop may send.
func TestSubjects(t *testing.T) {
	t.Parallel()
	for _, subject := range []string{
		strings.Repeat("&", 128), strings.Repeat("🎫", 128), " ", "a=1&key=2", `"'<>\/`, "\u00a0\u200b\ufeff\u202e", "\ue000",
	} {
		f, o := newFixture(t), newOrder(flow.WalletWeChat, flow.Native)
		o.Subject = subject
		_, err := f.Create(t.Context(), o)
		wantError(t, err, nil)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*checkout.Order){
		"a merchant without account":  func(o *checkout.Order) { o.Merchant = "nobody" },
		"a flow that places no order": func(o *checkout.Order) { o.Flow = flow.Guided },
		"a wrong field":               func(o *checkout.Order) { o.Amount = 0 },
		"JSAPI without an openid":     func(o *checkout.Order) { o.Flow = flow.JSAPI },
		"JSAPI without an app":        func(o *checkout.Order) { o.Flow, o.Merchant, o.OpenID = flow.JSAPI, "no wechat", "x" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, o := newFixture(t), newOrder(flow.WalletWeChat, flow.Native)
			change(&o)
			_, err := f.Create(t.Context(), o)
			wantError(t, err, checkout.ErrRefused)
			same(t, "orders", len(f.sandbox.Orders()), 0)
		})
	}
}

// The gateway is not called for an unknown wallet or channel.
func TestUnknownWalletIsRefused(t *testing.T) {
	t.Parallel()
	calls := 0
	g := gatewayWith(t, func(http.ResponseWriter, *http.Request) { calls++ })
	for _, way := range []flow.Flow{flow.Web, flow.Iframe, flow.WAP, flow.Native, flow.JSAPI} {
		o := newOrder("paypal", way)
		o.OpenID = "x"
		_, err := g.Create(t.Context(), o)
		wantError(t, err, checkout.ErrRefused)
	}
	ref := checkout.OrderRef{Merchant: shop, Channel: "paypal", OutTradeNo: "n1"}
	_, err := g.Query(t.Context(), ref)
	wantError(t, err, checkout.ErrOutcomeUnknown)
	wantError(t, g.Close(t.Context(), ref), checkout.ErrOutcomeUnknown)
	_, err = g.Refund(t.Context(), checkout.RefundOrder{OrderRef: ref, OutRefundNo: "r1", Paid: 1, Amount: 1, Currency: "HKD"})
	wantError(t, err, checkout.ErrOutcomeUnknown)
	_, err = g.Rate(t.Context(), shop, "paypal", "HKD")
	wantError(t, err, checkout.ErrRefused)
	same(t, "refunds", g.CanRefund("paypal"), false)
	same(t, "calls", calls, 0)
}

func TestLifeOfAnOrder(t *testing.T) {
	t.Parallel()
	placed := func(t *testing.T) (fixture, checkout.Order) {
		f, o := newFixture(t), newOrder(flow.WalletWeChat, flow.Native)
		_, err := f.Create(t.Context(), o)
		wantError(t, err, nil)
		return f, o
	}
	status := func(t *testing.T, f fixture, o checkout.Order, state checkout.OrderState, detail string) {
		t.Helper()
		got, err := f.Query(t.Context(), o.OrderRef)
		wantError(t, err, nil)
		known, err := f.sandbox.Order(o.OutTradeNo)
		wantError(t, err, nil)
		same(t, "status", got, checkout.OrderStatus{
			OutTradeNo: o.OutTradeNo, TradeID: known.TradeID, Amount: o.Amount, Currency: o.Currency, State: state, Detail: detail,
		})
	}
	for name, do := range map[string]func(*testing.T){
		"unpaid": func(t *testing.T) {
			f, o := placed(t)
			status(t, f, o, checkout.OrderUnpaid, "NOT_PAY")
		},
		"paid": func(t *testing.T) {
			f, o := placed(t)
			_, err := f.sandbox.Pay(o.OutTradeNo)
			wantError(t, err, nil)
			status(t, f, o, checkout.OrderPaid, "SUCCESS")
			wantError(t, f.Close(t.Context(), o.OrderRef), checkout.ErrAlreadyPaid)
		},
		"failed": func(t *testing.T) {
			f, o := placed(t)
			_, err := f.sandbox.Fail(o.OutTradeNo)
			wantError(t, err, nil)
			status(t, f, o, checkout.OrderFailed, "PAY_ERROR")
		},
		"closed": func(t *testing.T) {
			f, o := placed(t)
			wantError(t, f.Close(t.Context(), o.OrderRef), nil)
			status(t, f, o, checkout.OrderUnpaid, "NOT_PAY")
		},
		"placed twice": func(t *testing.T) {
			f, o := placed(t)
			_, err := f.Create(t.Context(), o)
			wantError(t, err, checkout.ErrNumberUsed)
		},
		"never placed": func(t *testing.T) {
			f, o := newFixture(t), newOrder(flow.WalletWeChat, flow.Native)
			_, err := f.Query(t.Context(), o.OrderRef)
			wantError(t, err, checkout.ErrNoOrder)
			wantError(t, f.Close(t.Context(), o.OrderRef), checkout.ErrNoOrder)
		},
		"of a merchant without account": func(t *testing.T) {
			f, o := placed(t)
			o.Merchant = "nobody"
			_, err := f.Query(t.Context(), o.OrderRef)
			wantError(t, err, checkout.ErrRefused)
			wantError(t, f.Close(t.Context(), o.OrderRef), checkout.ErrRefused)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t)
		})
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	price, err := f.Rate(t.Context(), shop, flow.ChannelWeChat, "HKD")
	if err != nil || price < 1e7 || price > 1e9 {
		t.Errorf("HKD 1 is %d of 1e-8 CNY, error %v, want 1e7 to 1e9", price, err)
	}
	if _, err := f.Rate(t.Context(), shop, flow.ChannelWeChat, "XXX"); !errors.Is(err, checkout.ErrRefused) {
		t.Errorf("an unknown currency: error %v, want ErrRefused", err)
	}
	if _, err := f.Rate(t.Context(), "nobody", flow.ChannelWeChat, "HKD"); !errors.Is(err, checkout.ErrRefused) {
		t.Errorf("an unknown merchant: error %v, want ErrRefused", err)
	}
}
