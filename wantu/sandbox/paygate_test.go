package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func (f fixture) query(t *testing.T, channel wantu.PayChannel, number string) wantu.QueryResponse {
	t.Helper()
	response, err := f.client.Query(context.Background(), wantu.QueryRequest{PayChannel: channel, OutTradeNo: number})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestOrderFromOpenToPaid(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	opened := f.qrCode(t, "n1", wantu.WeChat)
	if len(opened.QRCodeURL) > 64 || !strings.HasPrefix(opened.QRCodeURL, f.url+"/q/") {
		t.Errorf("qrcode_url %q, want at most 64 characters under /q/", opened.QRCodeURL)
	}
	if !strings.HasPrefix(opened.TradeID, "100020260301200000") || len(opened.TradeID) != 24 {
		t.Errorf("trade_id %q", opened.TradeID)
	}
	if got := f.query(t, wantu.WeChat, "n1"); got.TradeStatus != wantu.NotPay || !got.TradeTime.IsZero() {
		t.Errorf("before paying: %+v", got)
	}
	c.move(time.Minute)
	if _, err := f.Pay("n1"); err != nil {
		t.Fatal(err)
	}
	got := f.query(t, wantu.WeChat, "n1")
	want := wantu.QueryResponse{
		OutTradeNo: "n1", TradeID: opened.TradeID, TotalFee: 88000, FeeType: "HKD", Attach: "a1",
		TradeStatus: wantu.Success, TradeTime: got.TradeTime, TradeTimeText: wantu.FormatTime(c.now()), StoreAccount: sandbox.DefaultStoreAccount, DeviceSN: "sn1",
	}
	if got != want || !got.TradeTime.Equal(c.now()) {
		t.Errorf("after paying: %+v, want %+v", got, want)
	}
	if order := f.order(t, "n1"); order.Queries != 2 || order.Endpoint != "create-qrcode" || order.PayChannel != wantu.WeChat {
		t.Errorf("the order is %+v", order)
	}
}

func TestQueryAndCloseRefuse(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	ctx := context.Background()
	tradeID := f.qrCode(t, "n1", wantu.Alipay).TradeID
	query := func(channel wantu.PayChannel, number, id string) error {
		_, err := f.client.Query(ctx, wantu.QueryRequest{PayChannel: channel, OutTradeNo: number, TradeID: id})
		return err
	}
	closing := func(channel wantu.PayChannel, number string) error {
		_, err := f.client.Close(ctx, wantu.CloseRequest{PayChannel: channel, OutTradeNo: number})
		return err
	}
	for name, c := range map[string]struct{ got, want error }{
		"unknown":               {query(wantu.Alipay, "n2", ""), wantu.ErrOrderInvalid},
		"another channel":       {query(wantu.WeChat, "n1", ""), wantu.ErrOrderInvalid},
		"another trade_id":      {query(wantu.Alipay, "n1", "1000"), wantu.ErrOrderInvalid},
		"unknown trade_id":      {query(wantu.Alipay, "", "1000"), wantu.ErrOrderInvalid},
		"by trade_id":           {query(wantu.Alipay, "", tradeID), nil},
		"close unknown":         {closing(wantu.Alipay, "n2"), wantu.ErrOrderInvalid},
		"close another channel": {closing(wantu.WeChat, "n1"), wantu.ErrOrderInvalid},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: error %v, want %v", name, c.got, c.want)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	closing := func(number string) error {
		_, err := f.client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: number})
		return err
	}
	f.qrCode(t, "open", wantu.Alipay)
	f.qrCode(t, "paid", wantu.Alipay)
	if _, err := f.Pay("paid"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(closing("open"), closing("open")); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if err := closing("paid"); !errors.Is(err, wantu.ErrOrderPaid) {
		t.Errorf("closing a paid order: %v", err)
	}
	f.status(t, "paid", sandbox.StatusSuccess)
	f.status(t, "open", sandbox.StatusClosed)
	if _, err := f.Pay("open"); !errors.Is(err, sandbox.ErrOrderEnded) {
		t.Errorf("paying a closed order: %v", err)
	}
	if got := f.query(t, wantu.Alipay, "open").TradeStatus; got != wantu.NotPay {
		t.Errorf("query of a closed order: %s", got)
	}
	if order := f.order(t, "open"); order.Closes != 2 {
		t.Errorf("%d closes counted, want 2", order.Closes)
	}
}

func TestNumberIsUsedOnce(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	f.qrCode(t, "n1", wantu.Alipay)
	_, err := f.client.WAP(context.Background(), wantu.WAPRequest{
		TotalFee: 1, Subject: "x", OutTradeNo: "n1", NotifyURL: "http://a", ReturnURL: "http://a",
		TimeExpire: time.Now().Add(time.Hour),
	})
	if !errors.Is(err, wantu.ErrOutTradeNoUsed) {
		t.Errorf("error %v, want ErrOutTradeNoUsed", err)
	}
}

func TestOldestOrderIsForgotten(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{MaxOrders: 2, NotifySchedule: []time.Duration{time.Hour}, HTTPClient: &http.Client{
		Transport: shop(func(*http.Request) string { return `{"return_code":"FAIL"}` }),
	}})
	f.qrCode(t, "n1", wantu.Alipay)
	if _, err := f.Pay("n1"); err != nil { // its notifications end when it is forgotten
		t.Fatal(err)
	}
	f.qrCode(t, "n2", wantu.Alipay)
	f.qrCode(t, "n3", wantu.Alipay)
	if _, err := f.Order("n1"); !errors.Is(err, sandbox.ErrUnknownOrder) {
		t.Errorf("the oldest: %v", err)
	}
	if orders := f.Orders(); len(orders) != 2 || orders[0].OutTradeNo != "n3" {
		t.Errorf("the orders are %+v", orders)
	}
	f.qrCode(t, "n1", wantu.Alipay)
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	f.qrCode(t, "code", wantu.WeChat)
	f.wap(t, "page")
	c.move(30*time.Minute - time.Second)
	f.status(t, "page", sandbox.StatusNotPay)
	c.move(time.Second)
	f.status(t, "page", sandbox.StatusExpired)
	if _, err := f.Pay("page"); !errors.Is(err, sandbox.ErrOrderEnded) {
		t.Errorf("paying an expired order: %v", err)
	}
	f.status(t, "code", sandbox.StatusNotPay)
	c.move(90 * time.Minute)
	f.status(t, "code", sandbox.StatusExpired)
	if got := f.query(t, wantu.Alipay, "page").TradeStatus; got != wantu.NotPay {
		t.Errorf("query of an expired order: %s", got)
	}
}

func TestOrderMayBePaidAfterAFailure(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	f.qrCode(t, "n1", wantu.WeChat)
	if _, err := f.Fail("n1"); err != nil {
		t.Fatal(err)
	}
	if got := f.query(t, wantu.WeChat, "n1").TradeStatus; got != wantu.PayError {
		t.Errorf("after failing: %s", got)
	}
	if _, err := f.Pay("n1"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Fail("n1"); !errors.Is(err, sandbox.ErrOrderEnded) {
		t.Errorf("failing a paid order: %v", err)
	}
	f.status(t, "n1", sandbox.StatusSuccess)
}

// post sends a body to an endpoint and returns the verified answer.
func (f fixture) post(t *testing.T, endpoint, contentType, body string) wantu.Message {
	t.Helper()
	message, _ := f.exchangeAs(t, endpoint, contentType, body)
	return message
}

// exchange posts a body and also returns the text of the answer.
func (f fixture) exchange(t *testing.T, endpoint, body string) (wantu.Message, string) {
	t.Helper()
	return f.exchangeAs(t, endpoint, "application/json", body)
}

func (f fixture) exchangeAs(t *testing.T, endpoint, contentType, body string) (wantu.Message, string) {
	t.Helper()
	response, err := http.Post(f.url+"/paygate/"+endpoint, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	message, err := wantu.Decode(answer)
	if err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	if err := message.Verify(sandbox.DefaultKey); err != nil {
		t.Errorf("%v: %s", err, answer)
	}
	return message, string(answer)
}

// object returns a valid request to an endpoint with changes. A nil value removes a field.
func object(endpoint string, change map[string]any) map[string]any {
	members := map[string]any{
		"merchant_account": sandbox.DefaultMerchantAccount, "store_account": sandbox.DefaultStoreAccount,
		"pay_channel": "2", "send_time": "2026-03-01 20:00:00", "version": "1.0",
		"total_fee": "100", "subject": "x", "product_id": "1", "out_trade_no": "n1", "fee_type": "HKD",
		"notify_url": "http://shop.invalid/n",
	}
	switch endpoint {
	case "web", "wap":
		members["return_url"], members["time_expire"] = "http://shop.invalid/r", "2099-01-01 00:00:00"
	case "pay-form":
		members["pay_channel"], members["app_id"], members["open_id"] = 1, sandbox.DefaultWeChatAppID, "oMHUm0xbCkwshwylEe6keVhGE7Mg"
	case "pospay":
		members["auth_code"] = "134642301183243245"
	case "refund":
		members["refund_fee"], members["refund_fee_type"], members["out_refund_no"] = "100", "HKD", "r1"
	case "order-list":
		members["start_date"], members["end_date"] = "2026-03-01 00:00:00", "2026-03-07 23:59:59"
	}
	for name, value := range change {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	return members
}

func TestContentTypeAndKindsOfValues(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for number, contentType := range map[string]string{
		"json": "application/json", "form": "application/x-www-form-urlencoded", "text": "text/plain", "none": "",
	} {
		body, err := wantu.Encode(object("create-qrcode", map[string]any{
			"out_trade_no": number, "total_fee": 100, "pay_channel": 1, "extra": map[string]any{"total_fee": 1},
		}), sandbox.DefaultKey)
		if err != nil {
			t.Fatal(err)
		}
		if code := f.post(t, "create-qrcode", contentType, string(body)).Text("return_code"); code != "200" {
			t.Errorf("%s: return_code %s", number, code)
		}
	}
}

func TestNumbersAreAcceptedAsNumbersAndAsStrings(t *testing.T) {
	t.Parallel()
	for _, endpoint := range sandbox.Endpoints() {
		for name, numbers := range map[string]bool{"numbers": true, "strings": false} {
			f := start(t, sandbox.Config{})
			if endpoint == "refund" || endpoint == "query" || endpoint == "cancel" || endpoint == "close" {
				f.call(t, "create-qrcode", map[string]any{"out_trade_no": "20260301"})
			}
			if endpoint == "refund" {
				if _, err := f.Pay("20260301"); err != nil {
					t.Fatal(err)
				}
			}
			members := object(endpoint, map[string]any{"out_trade_no": "20260301"})
			for field, value := range members {
				if text, ok := value.(string); ok && numbers && strings.Trim(text, "0123456789") == "" {
					members[field] = json.Number(text)
				}
			}
			answer := f.post(t, endpoint, "application/x-www-form-urlencoded", f.signed(t, members))
			if code := answer.Text("return_code"); code != "200" {
				t.Errorf("%s as %s: return_code %s %s", endpoint, name, code, answer.Text("return_desc"))
			}
		}
	}
}

func TestFieldsAreChecked(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	raw, err := os.ReadFile("testdata/fields.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range decode[[]struct {
		Endpoint, Field string
		Value           json.RawMessage // null leaves the field out
		Code            string
	}](t, string(raw)) {
		var value any = c.Value // a number keeps its literal text
		if string(c.Value) == "null" {
			value = nil
		}
		body, err := wantu.Encode(object(c.Endpoint, map[string]any{c.Field: value}), sandbox.DefaultKey)
		if err != nil {
			t.Fatal(err)
		}
		answer := f.post(t, c.Endpoint, "application/json", string(body))
		if answer.Text("return_code") != c.Code || answer.Text("return_desc") != c.Field {
			t.Errorf("%s, %s = %s: %s %s, want %s", c.Endpoint, c.Field, c.Value,
				answer.Text("return_code"), answer.Text("return_desc"), c.Code)
		}
	}
	if orders := f.Orders(); len(orders) != 0 {
		t.Errorf("opened %+v", orders)
	}
}

func TestRequestsThatAreNotSignedOrNotJSON(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	good, err := wantu.Encode(object("create-qrcode", nil), sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ body, code string }{
		"not JSON":       {"total_fee=100", "300"},
		"empty":          {"", "300"},
		"array":          {"[]", "300"},
		"duplicate":      {strings.Replace(string(good), `"total_fee"`, `"total_fee":"1","total_fee"`, 1), "300"},
		"too large":      {`{"a":"` + strings.Repeat("x", 70_000) + `"}`, "300"},
		"10 MB":          {`{"a":"` + strings.Repeat("x", 10<<20) + `"}`, "300"},
		"no sign":        {strings.Replace(string(good), `"sign"`, `"sing"`, 1), "303"},
		"changed":        {strings.Replace(string(good), `"100"`, `"101"`, 1), "301"},
		"sign is null":   {`{"merchant_account":"HKG0000000001","sign":null}`, "303"},
		"sign is number": {`{"merchant_account":"HKG0000000001","sign":1}`, "301"},
	} {
		if code := f.post(t, "create-qrcode", "application/json", c.body).Text("return_code"); code != c.code {
			t.Errorf("%s: return_code %s, want %s", name, code, c.code)
		}
	}
	if _, err := f.Order("n1"); !errors.Is(err, sandbox.ErrUnknownOrder) {
		t.Errorf("an order was opened: %v", err)
	}
}

func TestOtherMethodsAndEndpoints(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	response, _ := browse(t, "GET", f.url+"/paygate/query")
	wantStatus(t, response, http.StatusMethodNotAllowed)
	response, _ = browse(t, "POST", f.url+"/paygate/create-groade")
	wantStatus(t, response, http.StatusNotFound)
}

func TestNoRandomnessIsASystemError(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{Rand: strings.NewReader("")})
	_, err := f.client.CreateQRCode(context.Background(), wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat, TotalFee: 1, FeeType: "HKD", Subject: "x", ProductID: "1", OutTradeNo: "n1", NotifyURL: "http://a",
	})
	if !errors.Is(err, wantu.ErrSystem) || !wantu.OutcomeUnknown(err) {
		t.Errorf("error %v, want 500 SYSTEM_ERROR", err)
	}
	response, _ := browse(t, "GET", f.authorizeURL(nil))
	wantStatus(t, response, http.StatusInternalServerError)
	_, body := browse(t, "GET", f.tokenURL("x", nil))
	contains(t, body, `"errcode":-1`)
}
