package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func (f fixture) merchantCode(t *testing.T, channel wantu.PayChannel, notifyURL string) string {
	t.Helper()
	response, err := f.client.MerchantQRCode(context.Background(), wantu.MerchantQRCodeRequest{PayChannel: channel, NotifyURL: notifyURL})
	if err != nil {
		t.Fatal(err)
	}
	return response.QRCodeURL
}

// postForm posts a form as a browser would, without following redirects.
func postForm(t *testing.T, address string, form url.Values) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return exchange(t, request)
}

// forwardNotifications acknowledges notifications and sends the path and the body of each
// to a channel.
func forwardNotifications(told chan<- string) *http.Client {
	return &http.Client{Transport: shop(func(r *http.Request) string {
		body, _ := io.ReadAll(r.Body)
		told <- r.URL.Path + " " + string(body)
		return string(wantu.AckSuccess())
	})}
}

func TestMerchantCodeAcceptsAnyAmount(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	f := start(t, sandbox.Config{HTTPClient: forwardNotifications(told)})
	code := f.merchantCode(t, wantu.WeChat, "http://shop.invalid/counter")
	response, body := browse(t, "GET", code)
	wantStatus(t, response, http.StatusOK)
	contains(t, body, "微信支付", "沙盒", `name="amount"`, `method="post"`, "HKD")
	lacks(t, body, "data-poll")
	if len(f.Orders()) != 0 {
		t.Error("showing the page opened an order")
	}
	ticket := regexp.MustCompile(`name="ticket" value="([a-z2-9]+)"`).FindStringSubmatch(body)[1]
	form := url.Values{"amount": {" 12.5 "}, "ticket": {ticket}}
	response, _ = postForm(t, code+"/pay", form)
	wantLocation(t, response, "/phone/"+ticket)
	response, _ = postForm(t, code+"/pay", form) // a double click opens only one order
	wantLocation(t, response, "/phone/"+ticket)
	if len(f.Orders()) != 1 {
		t.Fatalf("%d orders, want one", len(f.Orders()))
	}
	o := f.Orders()[0]
	if o.Status != sandbox.StatusSuccess || o.TotalFee != 1250 || o.FeeType != "HKD" || o.Endpoint != "merchant-qrcode" ||
		o.PayChannel != wantu.WeChat || len(o.OutTradeNo) > 32 || o.OutTradeNo != "M"+o.TradeID {
		t.Errorf("the order is %+v", o)
	}
	path, notification, _ := strings.Cut(<-told, " ")
	n, err := f.client.ParseNotification([]byte(notification))
	if err != nil || path != "/counter" || n.OutTradeNo != o.OutTradeNo || n.TotalFee != 1250 {
		t.Errorf("notified at %s of %+v, %v", path, n, err)
	}
	if got := f.query(t, wantu.WeChat, o.OutTradeNo); got.TradeStatus != wantu.Success {
		t.Errorf("query: %+v", got)
	}
	_, body = browse(t, "GET", o.URL)
	contains(t, body, "Paid", "<small>HKD</small> 12.50")
	response, _ = postForm(t, code+"/pay", url.Values{"amount": {"3"}}) // the code works again
	wantStatus(t, response, http.StatusSeeOther)
	<-told
	if len(f.Orders()) != 2 {
		t.Errorf("%d orders, want two", len(f.Orders()))
	}
}

func TestMerchantCodeRefusesWrongAmounts(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	code := f.merchantCode(t, wantu.Alipay, "http://shop.invalid/counter")
	for _, amount := range []string{
		"", "0", "0.00", "-1", "1.234", "1e2", "1,5", "a", "١", "999999999.999", "1000000000.00", "99999999999999999999", `"><img src=x>`,
		strings.Repeat("9", 1000),
	} {
		response, body := postForm(t, code+"/pay", url.Values{"amount": {amount}})
		wantStatus(t, response, http.StatusBadRequest)
		contains(t, body, `id="wrong"`, `name="amount"`, "Alipay")
		lacks(t, body, "<img")
	}
	response, _ := postForm(t, code+"/pay", url.Values{"amount": {strings.Repeat("9", 100_000)}})
	wantStatus(t, response, http.StatusBadRequest)
	if orders := f.Orders(); len(orders) != 0 {
		t.Errorf("opened %+v", orders)
	}
	response, _ = postForm(t, code+"/pay", url.Values{"amount": {"999999999.99"}, "ticket": {"../../etc"}})
	wantStatus(t, response, http.StatusSeeOther)
	lacks(t, response.Header.Get("Location"), "etc")
	for _, page := range []string{f.url + "/s/x", code + "/status"} {
		response, _ := browse(t, "GET", page)
		wantStatus(t, response, http.StatusNotFound)
	}
	response, _ = postForm(t, f.url+"/s/x/pay", url.Values{"amount": {"1"}})
	wantStatus(t, response, http.StatusNotFound)
}

func TestMerchantCodeDependsOnChannelAndNotifyURL(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{PublicURL: "http://localhost:8081", ScanURL: "http://192.168.100.100:8081"})
	code := f.merchantCode(t, wantu.Alipay, "http://shop.invalid/1")
	if !strings.HasPrefix(code, "http://192.168.100.100:8081/s/") || len(code) > 64 {
		t.Errorf("qrcode_url %q", code)
	}
	restarted := start(t, sandbox.Config{ScanURL: "http://192.168.100.100:8081"})
	if again := restarted.merchantCode(t, wantu.Alipay, "http://shop.invalid/1"); again != code {
		t.Errorf("after a restart: %s, want %s", again, code)
	}
	for _, other := range []string{f.merchantCode(t, wantu.WeChat, "http://shop.invalid/1"), f.merchantCode(t, wantu.Alipay, "http://shop.invalid/2")} {
		if other == code {
			t.Errorf("another channel or notify_url has the same code %s", code)
		}
	}
}

func TestMerchantCodeWithoutNotifyURLIsNotNotified(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	f := start(t, sandbox.Config{HTTPClient: forwardNotifications(told)})
	answer := f.call(t, "merchant-qrcode", map[string]any{"notify_url": nil})
	wantAnswer(t, answer, wantu.CodeSuccess, "")
	response, _ := postForm(t, answer.Text("qrcode_url")+"/pay", url.Values{"amount": {"1"}})
	wantStatus(t, response, http.StatusSeeOther)
	f.Close() // waits for a notification that is being sent
	if o := f.Orders()[0]; o.Status != sandbox.StatusSuccess || o.NotifyTries != 0 || len(told) != 0 {
		t.Errorf("notified: %+v", o)
	}
}

func TestOldestMerchantCodeIsForgotten(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	first := f.merchantCode(t, wantu.Alipay, "http://shop.invalid/n")
	for i := range 1000 {
		f.merchantCode(t, wantu.Alipay, fmt.Sprint("http://shop.invalid/", i))
		if i == 998 {
			response, _ := browse(t, "GET", first)
			wantStatus(t, response, http.StatusOK)
		}
	}
	response, _ := browse(t, "GET", first)
	wantStatus(t, response, http.StatusNotFound)
}

func TestMerchantCodeWithoutRandomness(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{Rand: strings.NewReader("")})
	code := f.merchantCode(t, wantu.Alipay, "http://shop.invalid/n")
	response, _ := browse(t, "GET", code)
	wantStatus(t, response, http.StatusInternalServerError)
	response, _ = postForm(t, code+"/pay", url.Values{"amount": {"1"}})
	wantStatus(t, response, http.StatusInternalServerError)
}
