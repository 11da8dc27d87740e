package wantu_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"path"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// scriptedClient returns a client of a gateway that answers each endpoint as script
// says, with a good signature. The caller calls the returned function when done.
func scriptedClient(script map[string]map[string]any, change func(*wantu.Config)) (*wantu.Client, func()) {
	const key = "the-key-of-the-example"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]any{"return_code": 200}
		for name, value := range script[path.Base(r.URL.Path)] {
			answer[name] = value
		}
		body, err := wantu.Encode(answer, key)
		if err != nil {
			log.Fatal(err)
		}
		_, _ = w.Write(body)
	}))
	config := wantu.Config{BaseURL: server.URL, MerchantAccount: "HKG1234567890", StoreAccount: "HKG0987654321", Key: key}
	if change != nil {
		change(&config)
	}
	client, err := wantu.New(config)
	if err != nil {
		log.Fatal(err)
	}
	return client, server.Close
}

// A till scans the code on the shopper's phone, and waits until the order is paid or
// canceled.
func ExampleClient_PosPayAndWait() {
	client, done := scriptedClient(map[string]map[string]any{
		"pospay": {"return_code": 506, "return_msg": "USER_PAYING"}, // the shopper enters a password
		"query": {
			"out_trade_no": "till_1", "trade_id": "1000", "total_fee": 8800, "fee_type": "HKD", "trade_status": "SUCCESS",
		},
	}, nil)
	defer done()
	paid, err := client.PosPayAndWait(context.Background(), wantu.PosPayRequest{
		PayChannel: wantu.WeChat,
		TotalFee:   8800, // HKD 88.00
		FeeType:    "HKD",
		Subject:    "咖啡",
		OutTradeNo: "till_1",
		AuthCode:   "134642301183243245",
		NotifyURL:  "https://shop.example/notify",
	}, wantu.PosPayWait{Patience: 45 * time.Second, Interval: time.Millisecond})
	switch {
	case err == nil:
		fmt.Println("paid", paid.TotalFee, paid.FeeType)
	case errors.Is(err, wantu.ErrCanceled):
		fmt.Println("nobody paid, and the order is canceled")
	case wantu.OutcomeUnknown(err):
		fmt.Println("call the manager:", err)
	default:
		fmt.Println("scan again:", err)
	}
	// Output: paid 8800 HKD
}

// PosPay makes only the one call: if the shopper has to enter a password, the caller must
// wait for the result.
func ExampleClient_PosPay() {
	client, done := scriptedClient(map[string]map[string]any{"pospay": {"return_code": 507}}, nil)
	defer done()
	_, err := client.PosPay(context.Background(), wantu.PosPayRequest{
		PayChannel: wantu.Alipay, TotalFee: 8800, FeeType: "HKD", Subject: "咖啡", OutTradeNo: "till_2",
		AuthCode: "280812820366966512", NotifyURL: "https://shop.example/notify",
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, wantu.ErrAuthCodeExpired), wantu.OutcomeUnknown(err))
	// Output:
	// wantu: pospay: 507 AUTH_CODE_EXPIRED
	// true false
}

// A till that stops waiting cancels the order, even if it may be paid.
func ExampleClient_Cancel() {
	client, done := scriptedClient(nil, nil)
	defer done()
	_, err := client.Cancel(context.Background(), wantu.CancelRequest{PayChannel: wantu.WeChat, OutTradeNo: "till_1"})
	fmt.Println(err)
	// Output: <nil>
}

// A shop gives a part of the money back. One refund number refunds only once, so the
// same request may be sent again after an unknown outcome.
func ExampleClient_Refund() {
	client, done := scriptedClient(map[string]map[string]any{"refund": {
		"out_trade_no": "order_1", "trade_id": "1000", "out_refund_no": "order_1_0", "refund_id": "1000_0", "refund_fee": 3000,
	}}, nil)
	defer done()
	request := wantu.RefundRequest{
		PayChannel: wantu.Alipay, OutTradeNo: "order_1", OutRefundNo: "order_1_0", TotalFee: 8800, RefundFee: 3000, RefundFeeType: "HKD",
	}
	refund, err := client.Refund(context.Background(), request)
	for attempt := 1; wantu.Retryable(err) && attempt < 5; attempt++ {
		time.Sleep(time.Duration(attempt) * time.Second)
		refund, err = client.Refund(context.Background(), request)
	}
	fmt.Println(refund.RefundID, refund.RefundFee, err)
	// Output: 1000_0 3000 <nil>
}

// Statement reads the trades of a time span of any length.
func ExampleClient_Statement() {
	client, done := scriptedClient(map[string]map[string]any{"order-list": {"order_list": []map[string]any{
		{"trade_id": "1001", "out_trade_no": "order_1", "type": 1, "total_fee": "88.00", "fee_type": "HKD", "date_added": "2018-03-08 16:54:58"},
		{"trade_id": "1001", "out_trade_no": "order_1", "refund_id": "1001_0", "type": -1, "total_fee": "30.00", "fee_type": "HKD", "date_added": "2018-03-08 17:02:10"},
	}}}, nil)
	defer done()
	start := time.Date(2018, 3, 8, 0, 0, 0, 0, time.FixedZone("UTC+8", 8*60*60))
	for trade, err := range client.Statement(context.Background(), wantu.OrderListRequest{
		PayChannel: wantu.Alipay, StartDate: start, EndDate: start.Add(24*time.Hour - time.Second),
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fee, err := trade.Fee()
		fmt.Println(trade.OutTradeNo, trade.Type, trade.TotalFee, fee, err)
	}
	// Output:
	// order_1 1 88.00 8800 <nil>
	// order_1 -1 30.00 3000 <nil>
}

// OrderList reads the trades of a time span of at most 7 days.
func ExampleClient_OrderList() {
	client, done := scriptedClient(map[string]map[string]any{"order-list": {"order_list": []any{}}}, nil)
	defer done()
	end := time.Now()
	answer, err := client.OrderList(context.Background(), wantu.OrderListRequest{
		PayChannel: wantu.WeChat, StartDate: end.Add(-wantu.MaxStatementWindow), EndDate: end,
	})
	fmt.Println(len(answer.OrderList), err)
	// Output: 0 <nil>
}

// A store prints a QR code, and each shopper enters the amount.
func ExampleClient_MerchantQRCode() {
	client, done := scriptedClient(map[string]map[string]any{"merchant-qrcode": {"qrcode_url": "https://qr.alipay.com/0cx"}}, nil)
	defer done()
	code, err := client.MerchantQRCode(context.Background(), wantu.MerchantQRCodeRequest{
		PayChannel: wantu.Alipay, NotifyURL: "https://shop.example/notify",
	})
	fmt.Println(code.QRCodeURL, err)
	// Output: https://qr.alipay.com/0cx <nil>
}

// A shop shows the exchange rate to CNY.
func ExampleClient_Currency() {
	client, done := scriptedClient(map[string]map[string]any{"currency": {"currency": "0.87080000"}}, nil)
	defer done()
	rate, err := client.Currency(context.Background(), wantu.CurrencyRequest{PayChannel: wantu.WeChat, FeeType: "HKD"})
	fmt.Println(rate.Currency, err)
	// Output: 0.87080000 <nil>
}

// A merchant's own app hands OrderString to Alipay's SDK, or Parameters to
// WeChat's.
func ExampleClient_App() {
	client, done := scriptedClient(map[string]map[string]any{"app": {"data": `out_trade_no="order_4"&sign="x%3D"&sign_type="RSA"`}}, nil)
	defer done()
	order, err := client.App(context.Background(), wantu.AppRequest{
		PayChannel: wantu.Alipay, TotalFee: 8800, FeeType: "HKD", Subject: "演唱会票", ProductID: "ticket", OutTradeNo: "order_4",
		NotifyURL: "https://shop.example/notify", PaymentInst: wantu.AlipayHK,
	})
	fmt.Println(order.OrderString, err)
	// Output: out_trade_no="order_4"&sign="x%3D"&sign_type="RSA" <nil>
}

// During a key rotation the gateway may still sign with the old key.
func ExampleConfig_previousKey() {
	client, done := scriptedClient(nil, func(config *wantu.Config) {
		config.PreviousKey = config.Key // the gateway of this example signs with it
		config.Key = "the-new-key"
	})
	defer done()
	_, err := client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "order_5"})
	fmt.Println(err)
	// Output: <nil>
}

// A Transport prints each call. It sees no keys, open_ids or payment links.
func ExampleTransport() {
	watch := func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		fmt.Println(sent.Endpoint, sent.Fields["out_trade_no"], sent.Fields["open_id"])
		return ctx, func(r wantu.Received) {
			fmt.Println(r.Status, r.Code, r.Err) // r.Duration is for a histogram
		}
	}
	client, done := scriptedClient(map[string]map[string]any{"pay-form": {"return_code": 400}}, func(c *wantu.Config) { c.Transport = watch })
	defer done()
	_, err := client.PayForm(context.Background(), wantu.PayFormRequest{
		TotalFee: 8800, FeeType: "HKD", Subject: "演唱会票", ProductID: "ticket", OutTradeNo: "order_6",
		NotifyURL: "https://shop.example/notify", OpenID: "oMHUm0xbCkwshwylEe6keVhGE7Mg", AppID: "wx2421b1c1370e243b",
	})
	fmt.Println(errors.Is(err, wantu.ErrOutTradeNoUsed))
	// Output:
	// pay-form order_6 [open_id]
	// 200 400 OUT_TRADE_NO_USED wantu: pay-form: 400 OUT_TRADE_NO_USED
	// true
}
