package wantu_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

func appRequest(channel wantu.PayChannel) wantu.AppRequest {
	return wantu.AppRequest{
		PayChannel: channel, TotalFee: 102, FeeType: "HKD", Subject: "APP订单", ProductID: "品", OutTradeNo: "mall1",
		NotifyURL: "https://shop.example/n",
	}
}

const appData = `{"appId":"wx2421b1c1370e243b","partnerid":"199999","prepayid":"WX1","timestamp":"1395712654","noncestr":"e6",` +
	`"package":"Sign=WXPay","sign":"70EA"}`

func TestApp(t *testing.T) {
	t.Parallel()
	// The order string must stay as it is, byte for byte.
	const order = `out_trade_no="1"&b=%2B+&a=é&sign="x%3D"&sign_type="RSA"`
	for name, c := range map[string]struct {
		channel wantu.PayChannel
		inst    wantu.PaymentInst
		data    string
		want    wantu.AppResponse
	}{
		"Alipay": {wantu.Alipay, wantu.AlipayHK, order, wantu.AppResponse{OrderString: order, TradeID: "1000"}},
		"WeChat": {wantu.WeChat, "", appData, wantu.AppResponse{TradeID: "1000", Parameters: wantu.AppParameters{
			AppID: "wx2421b1c1370e243b", PartnerID: "199999", PrepayID: "WX1", TimeStamp: "1395712654", NonceStr: "e6",
			Package: "Sign=WXPay", Sign: "70EA",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := sentFields(t, "app", "return_code=SUCCESS\ntrade_id=1000\ndata="+c.data, func(client *wantu.Client) error {
				request := appRequest(c.channel)
				request.PaymentInst, request.Attach, request.DeviceSN = c.inst, "a", "d"
				got, err := client.App(context.Background(), request)
				if got != c.want {
					t.Errorf("got %+v, want %+v", got, c.want)
				}
				return err
			})
			want := wantu.Fields{
				"total_fee": "102", "fee_type": "HKD", "subject": "APP订单", "product_id": "品", "out_trade_no": "mall1",
				"notify_url": "https://shop.example/n", "attach": "a", "device_sn": "d",
			}
			if c.inst != "" {
				want["payment_inst"] = string(c.inst)
			}
			equalFields(t, fields, withCommonFields(string(rune('0'+c.channel)), want))
		})
	}
}

func TestAppChecksItsFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*wantu.AppRequest)
		field  string
	}{
		"no channel":        {func(r *wantu.AppRequest) { r.PayChannel = 0 }, "pay_channel"},
		"no amount":         {func(r *wantu.AppRequest) { r.TotalFee = 0 }, "total_fee"},
		"no currency":       {func(r *wantu.AppRequest) { r.FeeType = "" }, "fee_type"},
		"no subject":        {func(r *wantu.AppRequest) { r.Subject = "" }, "subject"},
		"no product":        {func(r *wantu.AppRequest) { r.ProductID = "" }, "product_id"},
		"no number":         {func(r *wantu.AppRequest) { r.OutTradeNo = "" }, "out_trade_no"},
		"no notify_url":     {func(r *wantu.AppRequest) { r.NotifyURL = "" }, "notify_url"},
		"attach too long":   {func(r *wantu.AppRequest) { r.Attach = strings.Repeat("a", 129) }, "attach"},
		"device with &":     {func(r *wantu.AppRequest) { r.DeviceSN = "&" }, "device_sn"},
		"unknown wallet":    {func(r *wantu.AppRequest) { r.PaymentInst = "ALIPAYUS" }, "payment_inst"},
		"wallet for WeChat": {func(r *wantu.AppRequest) { r.PayChannel, r.PaymentInst = wantu.WeChat, wantu.AlipayHK }, "payment_inst"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := appRequest(wantu.Alipay)
			c.change(&request)
			_, err := offlineClient(t).App(context.Background(), request)
			wantFieldError(t, err, c.field)
		})
	}
}

func TestAppRefusesAnswers(t *testing.T) {
	t.Parallel()
	for channel, cases := range map[wantu.PayChannel]map[string]answerCase{
		wantu.Alipay: {
			"no data":       {"", wantu.ErrMalformed},
			"another order": {"data=x\nout_trade_no=other", wantu.ErrMismatch},
		},
		wantu.WeChat: {
			"no data":           {"", wantu.ErrMalformed},
			"data for Alipay":   {"data=sign=x", wantu.ErrMalformed},
			"member missing":    {"data=" + strings.Replace(appData, "prepayid", "x", 1), wantu.ErrMalformed},
			"member twice":      {"data=" + strings.Replace(appData, "noncestr", "prepayid", 1), wantu.ErrMalformed},
			"signature missing": {"data=" + strings.Replace(appData, `"70EA"`, "null", 1), wantu.ErrMalformed},
		},
	} {
		checkAnswers(t, func(c *wantu.Client) error {
			_, err := c.App(context.Background(), appRequest(channel))
			return err
		}, cases)
	}
}
