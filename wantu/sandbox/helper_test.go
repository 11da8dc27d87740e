package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// fixture is a sandbox that listens on a loopback address.
type fixture struct {
	*sandbox.Sandbox
	url    string
	client *wantu.Client
}

// start serves a sandbox. Unless config has an HTTPClient, its notifications are
// acknowledged without a network.
func start(t *testing.T, config sandbox.Config) fixture {
	t.Helper()
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{Transport: shop(func(*http.Request) string { return `{"return_code":200}` })}
	}
	s, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := wantu.New(wantu.Config{
		BaseURL: server.URL + "/paygate", Key: sandbox.DefaultKey, Now: config.Now,
		MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
	})
	if err != nil {
		t.Fatal(err)
	}
	return fixture{Sandbox: s, url: server.URL, client: client}
}

// shop is a merchant without a network. It answers a notification with the text that the
// function returns.
type shop func(*http.Request) string

func (f shop) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	_, _ = recorder.WriteString(f(r))
	return recorder.Result(), nil
}

// testClock is a clock for Config.Now that tests move.
type testClock struct{ at chan time.Time }

func newTestClock() *testClock {
	c := &testClock{at: make(chan time.Time, 1)}
	c.at <- time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return c
}

func (c *testClock) now() time.Time { return c.move(0) }

func (c *testClock) move(by time.Duration) time.Time {
	at := (<-c.at).Add(by)
	c.at <- at
	return at
}

// browse makes one request as a browser would, without following redirects.
func browse(t *testing.T, method, address string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return exchange(t, request)
}

func exchange(t *testing.T, request *http.Request) (*http.Response, string) {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func wantStatus(t *testing.T, response *http.Response, want int) {
	t.Helper()
	if response.StatusCode != want {
		t.Fatalf("%s %s: status %d, want %d", response.Request.Method, response.Request.URL, response.StatusCode, want)
	}
}

func contains(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			t.Errorf("%q is not in\n%s", part, body)
		}
	}
}

func lacks(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(body, part) {
			t.Errorf("%q is in\n%s", part, body)
		}
	}
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return value
}

func (f fixture) order(t *testing.T, number string) sandbox.Order {
	t.Helper()
	order, err := f.Order(number)
	if err != nil {
		t.Fatal(err)
	}
	return order
}

func (f fixture) status(t *testing.T, number string, want sandbox.Status) {
	t.Helper()
	if got := f.order(t, number).Status; got != want {
		t.Errorf("order %s is %s, want %s", number, got, want)
	}
}

const returnURL = "https://shop.example/return?session=s1#top"

func (f fixture) qrCode(t *testing.T, number string, channel wantu.PayChannel) wantu.CreateQRCodeResponse {
	t.Helper()
	response, err := f.client.CreateQRCode(context.Background(), wantu.CreateQRCodeRequest{
		PayChannel: channel, TotalFee: 88000, FeeType: "HKD", Subject: "演唱会票 concert", ProductID: "1",
		OutTradeNo: number, Attach: "a1", NotifyURL: "http://shop.invalid/notify/token", DeviceSN: "sn1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func (f fixture) web(t *testing.T, number string, inst wantu.PaymentInst) string {
	t.Helper()
	response, err := f.client.Web(context.Background(), wantu.WebRequest{
		TotalFee: 88000, FeeType: "HKD", Subject: "演唱会票 concert", OutTradeNo: number, PaymentInst: inst, QRCodeWidth: 240,
		NotifyURL: "http://shop.invalid/notify", ReturnURL: returnURL, TimeExpire: f.now().Add(30 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return pageOf(response.URL)
}

// pageOf is a cashier's address without what it is called with.
func pageOf(address string) string {
	page, _, _ := strings.Cut(address, "?")
	return page
}

func (f fixture) wap(t *testing.T, number string) string {
	t.Helper()
	response, err := f.client.WAP(context.Background(), wantu.WAPRequest{
		TotalFee: 88000, Subject: "演唱会票 concert", OutTradeNo: number,
		NotifyURL: "http://shop.invalid/notify", ReturnURL: returnURL, TimeExpire: f.now().Add(30 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return pageOf(response.URL)
}

// now is later than any clock of the tests, so that time_expire is good.
func (f fixture) now() time.Time {
	if orders := f.Orders(); len(orders) > 0 {
		return orders[0].CreatedAt
	}
	return time.Now()
}

// openID gets an open_id through OAuth.
func (f fixture) openID(t *testing.T) string {
	t.Helper()
	response, _ := browse(t, "GET", f.authorizeURL(nil))
	wantStatus(t, response, http.StatusFound)
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	_, body := browse(t, "GET", f.tokenURL(back.Query().Get("code"), nil))
	return decode[struct{ OpenID string }](t, body).OpenID
}

func (f fixture) authorizeURL(change url.Values) string {
	return f.url + "/connect/oauth2/authorize?" + merge(url.Values{
		"appid": {sandbox.DefaultWeChatAppID}, "redirect_uri": {"https://shop.example/oauth?x=1"},
		"response_type": {"code"}, "scope": {"snsapi_base"}, "state": {"st&te"},
	}, change).Encode()
}

func (f fixture) tokenURL(code string, change url.Values) string {
	return f.url + "/sns/oauth2/access_token?" + merge(url.Values{
		"appid": {sandbox.DefaultWeChatAppID}, "secret": {sandbox.DefaultWeChatAppSecret},
		"code": {code}, "grant_type": {"authorization_code"},
	}, change).Encode()
}

func merge(values, change url.Values) url.Values {
	for name := range change {
		values[name] = change[name]
	}
	return values
}

func (f fixture) payForm(t *testing.T, number string) wantu.JSAPIParameters {
	t.Helper()
	response, err := f.client.PayForm(context.Background(), wantu.PayFormRequest{
		TotalFee: 88000, FeeType: "HKD", Subject: "演唱会票 concert", ProductID: "1", OutTradeNo: number,
		NotifyURL: "http://shop.invalid/notify", OpenID: f.openID(t), AppID: sandbox.DefaultWeChatAppID,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response.Parameters
}
