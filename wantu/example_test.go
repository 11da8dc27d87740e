package wantu_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// startSandbox returns a sandbox and a client for it. A live client differs only in its
// Config: BaseURL is wantu.ProductionURL, and the account and the key are your own. The
// caller calls the returned function when done.
func startSandbox() (*wantu.Client, *sandbox.Sandbox, func()) {
	gateway, err := sandbox.New(sandbox.Config{})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(gateway)
	client, err := wantu.New(wantu.Config{
		BaseURL:         server.URL + "/paygate",
		MerchantAccount: sandbox.DefaultMerchantAccount,
		StoreAccount:    sandbox.DefaultStoreAccount,
		Key:             sandbox.DefaultKey,
	})
	if err != nil {
		log.Fatal(err)
	}
	return client, gateway, func() { server.Close(); gateway.Close() }
}

// A shop shows a QR code, the shopper scans it and pays, and the shop queries the order.
func ExampleClient_CreateQRCode() {
	client, gateway, done := startSandbox()
	defer done()
	ctx := context.Background()
	_, err := client.CreateQRCode(ctx, wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat,
		TotalFee:   88000, // HKD 880.00
		FeeType:    "HKD",
		Subject:    "演唱会票",
		ProductID:  "ticket",
		OutTradeNo: "order_1",
		NotifyURL:  "http://127.0.0.1:1/notify",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Draw QRCodeURL of the answer; the shopper scans it and pays.
	if _, err := gateway.Pay("order_1"); err != nil {
		fmt.Println(err)
		return
	}
	order, err := client.Query(ctx, wantu.QueryRequest{PayChannel: wantu.WeChat, OutTradeNo: "order_1"})
	fmt.Println(order.TradeStatus, order.TotalFee, order.FeeType, err)
	// Output: SUCCESS 88000 HKD <nil>
}

// A shop sends the shopper to a page of Alipay, or shows the page in an iframe.
func ExampleClient_Web() {
	client, _, done := startSandbox()
	defer done()
	page, err := client.Web(context.Background(), wantu.WebRequest{
		TotalFee:    88000,
		FeeType:     "HKD",
		Subject:     "演唱会票",
		OutTradeNo:  "order_2",
		NotifyURL:   "http://127.0.0.1:1/notify",
		ReturnURL:   "https://shop.example/return",
		TimeExpire:  time.Now().Add(30 * time.Minute),
		PaymentInst: wantu.AlipayHK, // asks for a page with a QR code; leave it out for the cashier
		QRCodeWidth: 240,
	})
	fmt.Println(page.URL != "", err)
	// Output: true <nil>
}

// A shop sends a shopper on a phone to Alipay's cashier.
func ExampleClient_WAP() {
	client, _, done := startSandbox()
	defer done()
	page, err := client.WAP(context.Background(), wantu.WAPRequest{
		TotalFee:    88000,
		FeeType:     "HKD",
		Subject:     "演唱会票",
		OutTradeNo:  "order_7",
		NotifyURL:   "http://127.0.0.1:1/notify",
		ReturnURL:   "https://shop.example/return",
		TimeExpire:  time.Now().Add(30 * time.Minute),
		PaymentInst: wantu.AlipayHK,
	})
	fmt.Println(page.URL != "", err)
	// Output: true <nil>
}

// A shopper inside WeChat pays: the page hands Parameters to WeixinJSBridge.
func ExampleClient_PayForm() {
	client, done := scriptedClient(map[string]map[string]any{"pay-form": {"parameters": map[string]string{
		"appId": "wx2421b1c1370e243b", "timeStamp": "1395712654", "nonceStr": "e61463f8", "package": "prepay_id=u8",
		"signType": "MD5", "paySign": "70EA",
	}}}, nil)
	defer done()
	form, err := client.PayForm(context.Background(), wantu.PayFormRequest{
		TotalFee:   88000,
		FeeType:    "HKD",
		Subject:    "演唱会票",
		ProductID:  "ticket",
		OutTradeNo: "order_8",
		NotifyURL:  "https://shop.example/notify",
		OpenID:     "oMHUm0xbCkwshwylEe6keVhGE7Mg", // from WeChat's OAuth
		AppID:      "wx2421b1c1370e243b",
	})
	fmt.Println(form.Parameters.Package, err)
	// Output: prepay_id=u8 <nil>
}

// A shop queries an order. It must compare the amount and the currency with those of the
// order that it stored.
func ExampleClient_Query() {
	client, done := scriptedClient(map[string]map[string]any{"query": {
		"out_trade_no": "order_9", "total_fee": 88000, "fee_type": "HKD", "trade_status": "NOT_PAY",
	}}, nil)
	defer done()
	order, err := client.Query(context.Background(), wantu.QueryRequest{PayChannel: wantu.Alipay, OutTradeNo: "order_9"})
	switch {
	case err != nil:
		fmt.Println(err, wantu.Retryable(err))
	case order.TotalFee != 88000 || order.FeeType != "HKD":
		fmt.Println("this is not our order: a person must check it")
	default:
		fmt.Println(order.TradeStatus)
	}
	// Output: NOT_PAY
}

// Nobody paid in time, so the shop closes the order. The error tells whether the order
// was paid before that.
func ExampleClient_Close() {
	client, _, done := startSandbox()
	defer done()
	_, err := client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "order_3"})
	switch {
	case errors.Is(err, wantu.ErrOrderPaid):
		fmt.Println("it was paid after all")
	case errors.Is(err, wantu.ErrOrderInvalid):
		fmt.Println("the gateway does not know it")
	case wantu.OutcomeUnknown(err):
		fmt.Println("query it")
	}
	// Output: the gateway does not know it
}

// A shop receives a notification. It stores what the notification says before it
// acknowledges it, and queries the order.
func ExampleClient_ParseNotification() {
	client, _, done := startSandbox()
	defer done()
	notify := func(w http.ResponseWriter, body []byte) {
		n, err := client.ParseNotification(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Println("query", n.TradeID) // store the notification here
		_, _ = w.Write(wantu.AckSuccess())
	}
	body, err := wantu.Encode(map[string]any{
		"return_code": "200", "merchant_account": sandbox.DefaultMerchantAccount, "total_fee": 88000,
		"trade_id": "100020171130144813026280", "trade_status": "SUCCESS",
	}, sandbox.DefaultKey)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := httptest.NewRecorder()
	notify(answer, body)
	fmt.Println(answer.Body)
	// Output:
	// query 100020171130144813026280
	// {"return_code":200,"return_msg":"SUCCESS"}
}
