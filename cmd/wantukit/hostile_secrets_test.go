package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web/kit"
)

// The tests run with one canary for each secret, at log level debug, and provoke
// every failure. Then they search all output for the canaries.

const (
	canaryKey      = "canary-1-the-gateways-key"
	canaryPrevious = "canary-2-the-key-before-it"
	canaryAPI      = "canary-3-of-the-merchant-api"
	canaryWeChat   = "canary-4-of-the-wechat-app"
	canaryOpenID   = "oCanary5-of-the-wechat-user1"
	canaryForms    = "canary-6-which-protects-the-forms"
	canaryHook     = "canary-7-of-the-webhooks"
	canaryOldHook  = "canary-8-of-them-before"
	canaryAuthCode = "9Canary99134674074004982976"
)

// findCanary returns the first canary in a text, plain or encoded, or "".
func findCanary(text string) string {
	for _, secret := range []string{
		canaryKey, canaryPrevious, canaryAPI, canaryWeChat, canaryOpenID, canaryForms, canaryHook, canaryOldHook, canaryAuthCode,
	} {
		for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret)} {
			if strings.Contains(text, form) {
				return secret
			}
		}
	}
	return ""
}

// searched is a writer for several goroutines whose text is searched for canaries.
type searched struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (s *searched) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.Write(p)
}

func (s *searched) checkForCanaries(t *testing.T, what string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.buffer.String()
	secret := findCanary(text)
	if secret == "" && text != "" {
		return
	}
	for line := range strings.Lines(text) {
		if findCanary(line) != "" {
			t.Errorf("%s tells %s: %.600s", what, secret, line)
			return
		}
	}
	if text == "" {
		t.Errorf("%s is empty: nothing was searched", what)
	}
}

// everySecret returns everything that the gateway knows: the keys and the call's body.
func everySecret(r *http.Request) string {
	body, _ := io.ReadAll(r.Body) // what is cut off was not heard
	told := []string{"key=" + canaryKey, "old=" + canaryPrevious}
	for _, named := range []string{canaryOpenID, canaryAuthCode} {
		if bytes.Contains(body, []byte(named)) {
			told = append(told, named)
		}
	}
	return strings.Join(told, " ")
}

// leakyGateways are gateways that repeat every secret in every kind of failure.
func leakyGateways() map[string]http.HandlerFunc {
	signed := func(key string, fields ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			told, object := everySecret(r), map[string]any{"return_code": 200}
			for _, field := range fields {
				name, value, given := strings.Cut(field, "=")
				object[name] = told
				if given {
					object[name] = value
				}
			}
			body, err := wantu.Encode(object, key)
			if err != nil {
				panic(err)
			}
			_, _ = w.Write(body)
		}
	}
	plain := func(before string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			told := everySecret(r)
			w.Header().Set("Location", "/?"+url.QueryEscape(told))
			w.WriteHeader(status)
			_, _ = io.WriteString(w, before+told)
		}
	}
	refusal := []string{"return_code=304", "return_msg", "return_desc"}
	return map[string]http.HandlerFunc{
		"refuses":           signed(canaryKey, refusal...),
		"refuses by old":    signed(canaryPrevious, refusal...),
		"system error":      signed(canaryKey, "return_code=500", "return_msg"),
		"unknown code":      signed(canaryKey, "return_code"),
		"another signature": signed("another-key-of-another", refusal...),
		"another store":     signed(canaryKey, "store_account"),
		"fields that tell": signed(canaryKey, "out_trade_no", "trade_id", "trade_status", "total_fee", "url", "qrcode_url",
			"parameters", "order_list", "currency", "trade_time"),
		"not JSON":   plain("", http.StatusOK),
		"broken":     plain(`{"a":"`, http.StatusOK),
		"status 500": plain("", http.StatusInternalServerError),
		"elsewhere":  plain("", http.StatusFound),
		"hangs up":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
}

// searchedKit is a kit whose log, answers and database are searched for canaries.
type searchedKit struct {
	*testing.T
	kit      *kit.Kit
	sandbox  *sandbox.Sandbox
	gateway  *faulty
	wechat   *faulty
	oauth    oauthTransport
	shop     *faulty
	url      string
	client   *http.Client
	log, saw *searched
}

// oauthTransport carries the calls of WeChat's OAuth, or panics.
type oauthTransport struct{ panicWith any }

func (o *oauthTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.panicWith != nil {
		panic(o.panicWith)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// startServerOf starts a server of a third party.
func startServerOf(t *testing.T, as http.Handler) (*faulty, string) {
	t.Helper()
	f := &faulty{gateway: as}
	server := httptest.NewServer(f)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(server.Close)
	return f, server.URL
}

func newSearchedKit(t *testing.T) *searchedKit {
	t.Helper()
	s := &searchedKit{T: t, log: &searched{}, saw: &searched{}}
	var err error
	if s.sandbox, err = sandbox.New(sandbox.Config{Key: canaryKey, WeChatAppSecret: canaryWeChat}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sandbox.Close)
	s.sandbox.Notifications(false)
	var gateway, wechat, shop string
	s.gateway, gateway = startServerOf(t, s.sandbox)
	s.wechat, wechat = startServerOf(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"openid":"`+canaryOpenID+`"}`)
	}))
	s.shop, shop = startServerOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("Webhook-Signature")+everySecret(r)+canaryHook, http.StatusInternalServerError)
	}))
	at, err := listen(t.Context(), "127.0.0.1:0", reach{})
	if err != nil {
		t.Fatal(err)
	}
	s.url = at.url()
	seller := canaryShop(gateway, shop)
	seller.WeChat.AuthorizeURL, seller.WeChat.AccessTokenURL = wechat+"/authorize", wechat+"/token"
	logger := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	merchant, err := seller.Merchant()
	if err != nil {
		t.Fatal(err)
	}
	s.kit, err = kit.New(t.Context(), kit.Config{
		Database: kit.Database{Folder: t.TempDir()}, Secret: []byte(canaryForms), PublicURL: s.url, Logger: logger,
		Merchants: []kit.Merchant{merchant}, HTTPClient: &http.Client{Transport: &s.oauth},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.serve(at, logger)
	jar, _ := cookiejar.New(nil) // it never fails
	s.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

func canaryShop(gateway, hook string) config.Shop {
	shop := config.Shop{ID: "shop", Name: "Shop", APIKeys: []config.APIKey{{Key: canaryAPI}}, ReturnHosts: []string{"shop.example"}}
	shop.Gateway.BaseURL, shop.Gateway.Key, shop.Gateway.PreviousKey = gateway+"/paygate", canaryKey, canaryPrevious
	shop.Gateway.MerchantAccount, shop.Gateway.StoreAccount = sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount
	shop.WeChat.AppID, shop.WeChat.AppSecret = sandbox.DefaultWeChatAppID, canaryWeChat
	shop.Webhook.URL, shop.Webhook.AllowPrivate = hook, []string{"127.0.0.1/32"}
	shop.Webhook.Secret = config.Confidential("whsec_" + base64.StdEncoding.EncodeToString([]byte(canaryHook)))
	shop.Webhook.PreviousSecret = config.Confidential("whsec_" + base64.StdEncoding.EncodeToString([]byte(canaryOldHook+"!")))
	return shop
}

func (s *searchedKit) serve(at listener, logger *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- at.serveKit(ctx, s.kit, s.kit, logger) }()
	s.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.Error(err)
		}
		s.log.checkForCanaries(s.T, "the log")
		s.saw.checkForCanaries(s.T, "an answer")
	})
}

// send sends a request and records the answer.
func (s *searchedKit) send(method, path, agent, body string, headers ...string) (status int, header http.Header, text string) {
	s.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("User-Agent", agent)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	_, _ = fmt.Fprintf(s.saw, "%s %s: %d %v %s\n", method, path, response.StatusCode, response.Header, answer)
	return response.StatusCode, response.Header, string(answer)
}

func (s *searchedKit) api(method, path, body string) string {
	s.Helper()
	_, _, text := s.send(method, path, "shop", body, "Authorization", "Bearer "+canaryAPI, "Content-Type", "application/json")
	return text
}

// newSession makes a session by the merchant API and returns its id.
func (s *searchedKit) newSession() string {
	s.Helper()
	text := s.api(http.MethodPost, "/v1/checkout/sessions", `{"amount":1250,"currency":"HKD","subject":"Tea","success_url":"https://shop.example/ok"}`)
	_, after, _ := strings.Cut(text, `"id":"`)
	id, _, found := strings.Cut(after, `"`)
	if !found {
		s.Fatalf("no session: %s", text)
	}
	return id
}

// press posts a form of a page.
func (s *searchedKit) press(page, action, agent string, fields url.Values) (location string) {
	s.Helper()
	_, _, html := s.send(http.MethodGet, page, agent, "")
	form := url.Values{"token": {"none"}}
	if found := tokenField.FindStringSubmatch(html); found != nil {
		form.Set("token", found[1])
	}
	for name, values := range fields {
		form[name] = values
	}
	_, header, _ := s.send(http.MethodPost, page+action, agent, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	return header.Get("Location")
}

// shopper does everything that a shopper can do, with each kind of device.
func (s *searchedKit) shopper(id string) {
	s.Helper()
	page := "/c/" + id
	for _, d := range []device{desktop, phone, wechat} {
		for _, wallet := range []string{"alipay_cn", "alipay_hk", "wechat", "paypal"} {
			s.press(page, "/attempts", d.userAgent, url.Values{"wallet": {wallet}})
		}
		s.press(page, "/confirm", d.userAgent, nil)
		s.send(http.MethodGet, page+"/status", d.userAgent, "", "Accept", "application/json")
		s.send(http.MethodPost, page+"/attempts", d.userAgent, "token=wrong&wallet=wechat", "Content-Type", "application/x-www-form-urlencoded")
	}
	s.press(page, "/cancel", desktop.userAgent, nil)
}

// authorize runs WeChat's OAuth with a code, and returns the status of the
// callback.
func (s *searchedKit) authorize(id, code string) (status int) {
	s.Helper()
	to, err := url.Parse(s.press("/c/"+id, "/attempts", wechat.userAgent, url.Values{"wallet": {"wechat"}}))
	if err != nil {
		s.Fatal(err)
	}
	status, _, _ = s.send(http.MethodGet, "/wechat/callback?code="+code+"&state="+to.Query().Get("state"), wechat.userAgent, "")
	return status
}

// tables searches every column of every table.
func (s *searchedKit) tables() {
	s.Helper()
	db := s.kit.DB().Writer()
	names, err := db.QueryContext(s.Context(), "SELECT name FROM sqlite_master WHERE type = 'table'")
	if err != nil {
		s.Fatal(err)
	}
	defer names.Close()
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			s.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Err(); err != nil || !slices.Contains(tables, "timeline") {
		s.Fatalf("the tables are %v (%v)", tables, err)
	}
	for _, name := range tables {
		s.table(name)
	}
}

func (s *searchedKit) table(name string) {
	s.Helper()
	rows, err := s.kit.DB().Writer().QueryContext(s.Context(), "SELECT * FROM "+name)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		s.Fatal(err)
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			s.Fatal(err)
		}
		for i, v := range values {
			if secret := findCanary(fmt.Sprintf("%s", v)); secret != "" {
				s.Errorf("the database tells %s in %s.%s: %.300s", secret, name, columns[i], v)
			}
		}
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
}

// TestHostileSecretsOfAGatewayThatTells: what the gateway repeats does not reach
// the log, the pages, the API or the database.
func TestHostileSecretsOfAGatewayThatTells(t *testing.T) {
	t.Parallel()
	for name, teller := range leakyGateways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSearchedKit(t)
			id := s.newSession()
			s.authorize(id, "good")
			s.press("/c/"+id, "/attempts", desktop.userAgent, url.Values{"wallet": {"wechat"}})
			s.gateway.set(teller)
			s.shopper(id)
			s.shopper(s.newSession())
			s.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/refunds", `{"amount":1}`)
			if err := s.kit.Service().Sweep(t.Context()); err != nil {
				t.Error(err)
			}
			s.tables()
		})
	}
}

// TestHostileSecretsInTheKitsOwnErrors provokes errors of the API, notifications,
// OAuth, refunds and webhooks, and a panic.
func TestHostileSecretsInTheKitsOwnErrors(t *testing.T) {
	t.Parallel()
	for name, drive := range map[string]func(s *searchedKit){
		"the merchant API": func(s *searchedKit) {
			for _, key := range []string{"", "Bearer", "Bearer " + canaryAPI + "x", "Basic " + canaryAPI, canaryAPI, "Bearer x " + canaryAPI} {
				s.send(http.MethodPost, "/v1/checkout/sessions", "shop", "{}", "Authorization", key, "Content-Type", "application/json")
			}
			for _, body := range []string{"", "{", "[]", `{"amount":"x"}`, `{"amount":1,"amount":2}`, `{"x":1}`} {
				s.api(http.MethodPost, "/v1/checkout/sessions", body)
			}
			s.api(http.MethodGet, "/v1/checkout/sessions/cs_none", "")
			id := s.newSession()
			s.press("/c/"+id, "/attempts", desktop.userAgent, url.Values{"wallet": {"wechat"}})
			s.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/refunds", `{"amount":1}`)
		},
		"notifications": func(s *searchedKit) {
			id := s.newSession()
			s.press("/c/"+id, "/attempts", desktop.userAgent, url.Values{"wallet": {"wechat"}})
			s.notifications(id)
		},
		"OAuth": func(s *searchedKit) {
			s.send(http.MethodGet, "/wechat/callback?code=x&state=none", wechat.userAgent, "")
			for _, answer := range leakyGateways() {
				s.wechat.set(answer)
				s.authorize(s.newSession(), "")
				s.authorize(s.newSession(), "refused")
			}
			s.wechat.set(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprintf(w, `{"errcode":40029,"errmsg":%q}`, r.URL.String()+everySecret(r))
			})
			s.authorize(s.newSession(), "refused")
			s.wechat.set(nil)
			id := s.newSession()
			s.authorize(id, "good")
			s.press("/c/"+id, "/attempts", wechat.userAgent, url.Values{"wallet": {"wechat"}})
			if all, err := s.kit.Store().Attempts(s.Context(), id); err != nil || len(all) != 1 || all[0].Payer == "" {
				s.Errorf("the openid was not used: %+v (%v)", all, err)
			}
		},
		"webhooks": func(s *searchedKit) {
			id := s.newSession()
			s.press("/c/"+id, "/cancel", desktop.userAgent, nil)
			eventually(s.T, "the shop refuses a webhook", func() bool {
				s.log.mu.Lock()
				defer s.log.mu.Unlock()
				return strings.Contains(s.log.buffer.String(), "the shop answered 500")
			})
		},
		"a panic": func(s *searchedKit) {
			for _, p := range []any{canaryKey + canaryAPI, errors.New(canaryKey + canaryForms), s.kit} {
				s.oauth.panicWith = p
				if status := s.authorize(s.newSession(), "good"); status != http.StatusInternalServerError {
					s.Errorf("a panic answers %d", status)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSearchedKit(t)
			drive(s)
			s.tables()
		})
	}
}

// notifications posts wrong notifications of a session's order.
func (s *searchedKit) notifications(id string) {
	s.Helper()
	attempts, err := s.kit.Store().Attempts(s.Context(), id)
	if err != nil || len(attempts) != 1 {
		s.Fatalf("the attempts are %v (%v)", attempts, err)
	}
	a := attempts[0]
	for name, key := range map[string]string{"a key": canaryKey, "the previous": canaryPrevious, "another": "another-key-of-another"} {
		for _, change := range []map[string]any{
			nil, {"total_fee": 1}, {"fee_type": "CNY"}, {"merchant_account": "other"}, {"out_trade_no": "other"}, {"trade_status": "odd"}, {"return_code": "odd"},
		} {
			object := map[string]any{
				"return_code": 200, "merchant_account": sandbox.DefaultMerchantAccount, "out_trade_no": a.OutTradeNo, "trade_id": a.TradeID,
				"total_fee": a.Amount, "fee_type": a.Currency, "trade_status": "SUCCESS",
			}
			for field, value := range change {
				object[field] = value
			}
			body, err := wantu.Encode(object, key)
			if err != nil {
				s.Fatalf("%s: %v", name, err)
			}
			for _, text := range []string{string(body), string(body[:len(body)-9]), strings.Replace(string(body), "{", `{"total_fee":1,`, 1)} {
				s.send(http.MethodPost, "/n/"+a.NotifyToken, "gateway", text)
				s.send(http.MethodPost, "/n/none", "gateway", text)
			}
		}
	}
	if err := s.kit.Service().Sweep(s.Context()); err != nil {
		s.Error(err)
	}
}

// calls returns a call of each of the 13 endpoints.
func calls(c *wantu.Client) map[string]func(context.Context) error {
	fails := func(_ any, err error) error { return err }
	return map[string]func(context.Context) error{
		"create-qrcode": func(ctx context.Context) error {
			return fails(c.CreateQRCode(ctx, wantu.CreateQRCodeRequest{PayChannel: wantu.Alipay, TotalFee: 1, FeeType: "HKD", Subject: "x", ProductID: "x", OutTradeNo: "n1", NotifyURL: "https://shop.example/n"}))
		},
		"pospay": func(ctx context.Context) error {
			return fails(c.PosPay(ctx, wantu.PosPayRequest{PayChannel: wantu.Alipay, TotalFee: 1, FeeType: "HKD", Subject: "x", OutTradeNo: "n1", AuthCode: canaryAuthCode, NotifyURL: "https://shop.example/n"}))
		},
		"refund": func(ctx context.Context) error {
			return fails(c.Refund(ctx, wantu.RefundRequest{PayChannel: wantu.Alipay, OutTradeNo: "n1", OutRefundNo: "r1", TotalFee: 1, RefundFee: 1, RefundFeeType: "HKD"}))
		},
		"query": func(ctx context.Context) error {
			return fails(c.Query(ctx, wantu.QueryRequest{PayChannel: wantu.Alipay, OutTradeNo: "n1"}))
		},
		"pay-form": func(ctx context.Context) error {
			return fails(c.PayForm(ctx, wantu.PayFormRequest{TotalFee: 1, FeeType: "HKD", Subject: "x", ProductID: "x", OutTradeNo: "n1", NotifyURL: "https://shop.example/n", OpenID: canaryOpenID, AppID: "wx1"}))
		},
		"order-list": func(ctx context.Context) error {
			return fails(c.OrderList(ctx, wantu.OrderListRequest{PayChannel: wantu.Alipay, StartDate: time.Now().AddDate(0, 0, -1), EndDate: time.Now()}))
		},
		"web": func(ctx context.Context) error {
			return fails(c.Web(ctx, wantu.WebRequest{TotalFee: 1, FeeType: "HKD", Subject: "x", OutTradeNo: "n1", NotifyURL: "https://shop.example/n", ReturnURL: "https://shop.example/r", TimeExpire: time.Now().Add(time.Hour)}))
		},
		"app": func(ctx context.Context) error {
			return fails(c.App(ctx, wantu.AppRequest{PayChannel: wantu.Alipay, TotalFee: 1, FeeType: "HKD", Subject: "x", ProductID: "x", OutTradeNo: "n1", NotifyURL: "https://shop.example/n"}))
		},
		"wap": func(ctx context.Context) error {
			return fails(c.WAP(ctx, wantu.WAPRequest{TotalFee: 1, FeeType: "HKD", Subject: "x", OutTradeNo: "n1", NotifyURL: "https://shop.example/n", ReturnURL: "https://shop.example/r", TimeExpire: time.Now().Add(time.Hour)}))
		},
		"merchant-qrcode": func(ctx context.Context) error {
			return fails(c.MerchantQRCode(ctx, wantu.MerchantQRCodeRequest{PayChannel: wantu.Alipay, NotifyURL: "https://shop.example/n"}))
		},
		"currency": func(ctx context.Context) error {
			return fails(c.Currency(ctx, wantu.CurrencyRequest{PayChannel: wantu.Alipay, FeeType: "HKD"}))
		},
		"cancel": func(ctx context.Context) error {
			return fails(c.Cancel(ctx, wantu.CancelRequest{PayChannel: wantu.Alipay, OutTradeNo: "n1"}))
		},
		"close": func(ctx context.Context) error {
			return fails(c.Close(ctx, wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "n1"}))
		},
	}
}

// TestHostileSecretsOfEveryEndpoint lets each of the 13 calls fail in each way,
// with the kit's logging.
func TestHostileSecretsOfEveryEndpoint(t *testing.T) {
	t.Parallel()
	if n := len(calls(nil)); n != len(sandbox.Endpoints()) {
		t.Fatalf("%d calls, and the gateway has %d endpoints", n, len(sandbox.Endpoints()))
	}
	for name, teller := range leakyGateways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, at := startServerOf(t, teller)
			shop, log := canaryShop(at, ""), &searched{}
			client, err := shop.Client(kit.LogCalls(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			if err != nil {
				t.Fatal(err)
			}
			for endpoint, call := range calls(client) {
				// A teller that knows the key can sign an answer, which is then no
				// error.
				if err := call(t.Context()); err != nil && findCanary(fmt.Sprintf("%v %+v %#v", err, err, err)) != "" {
					t.Errorf("%s: %v", endpoint, err)
				}
			}
			log.checkForCanaries(t, "the log")
		})
	}
}

// TestHostileSecretsOfTheCommandLine runs the operator's verbs with gateways that
// repeat secrets, with the key from a file, and with mistakes.
func TestHostileSecretsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	key, order := filepath.Join(t.TempDir(), "key"), filepath.Join(t.TempDir(), "order.json")
	write(t, key, canaryKey)
	write(t, order, `{"total_fee": 1}`)
	verbs := [][]string{
		{"query", "n1"}, {"refund", "n1", "--refund-no", "r1", "--amount", "0.01"}, {"close", "n1"}, {"cancel", "n1"},
		{"statement", "--from", "2026-11-01"}, {"rate", "HKD"}, {"merchant-qrcode", "--channel", "alipay"},
		{"qrcode", "--channel", "wechat", "--out-trade-no", "n2", "--amount", "0.01", "--subject", "x"},
		{"pos", canaryAuthCode, "--out-trade-no", "n3", "--amount", "0.01", "--subject", "x", "--interval", "1ms", "--timeout", "10ms"},
	}
	for name, teller := range leakyGateways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, at := startServerOf(t, teller)
			shops := filepath.Join(t.TempDir(), "shops.yaml")
			write(t, shops, strings.Replace(fmt.Sprintf(clusterShops, at+"/paygate", sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, canaryKey, canaryAPI),
				"key:", "previous_key: "+canaryPrevious+", key:", 1)+
				"    wechat: {app_id: wx1, app_secret: "+canaryWeChat+"}\n")
			said := &searched{}
			for _, verb := range verbs {
				for _, more := range [][]string{{}, {"--json", "--log-level", "debug"}, {"--bogus"}} {
					args := append(append(slices.Clone(verb), "--config", shops), more...)
					run(t.Context(), args, gatewaycli.Streams{In: strings.NewReader(""), Out: said, Err: said})
				}
			}
			said.checkForCanaries(t, "a verb")
		})
	}
	t.Run("without a gateway", func(t *testing.T) {
		t.Parallel()
		said := &searched{}
		for _, args := range [][]string{
			{"sign", order}, {"sign", "--string", order}, {"verify", order}, {"sign", "--body", order}, {"sign", "none.json"},
			{"query", "n1", "--gateway", "http://127.0.0.1:1/paygate"}, {"query", "n1", "--gateway", "http://pay.example/paygate", "--merchant-account", "HKG1", "--store-account", "HKG2"},
			{"query", "n1", "--gateway", "::"}, {"query", "n1", "--config", key}, {"query", "--help"}, {"--help"},
		} {
			run(t.Context(), append(slices.Clone(args), "--key", "file:"+key), gatewaycli.Streams{In: strings.NewReader(""), Out: said, Err: said})
			run(t.Context(), append(slices.Clone(args), "--key", canaryKey), gatewaycli.Streams{In: strings.NewReader(""), Out: said, Err: said})
		}
		said.checkForCanaries(t, "a verb")
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestHostileSecretsOfTheEnvironment: help and errors name the environment
// variables, but do not show their values.
func TestHostileSecretsOfTheEnvironment(t *testing.T) {
	t.Setenv("WANTUKIT_KEY", canaryKey)
	t.Setenv("WANTUKIT_SECRET", canaryForms)
	t.Setenv("WANTUKIT_DATABASE_URL", "postgres://u:"+canaryAPI+"@127.0.0.1:1/none")
	said := &searched{}
	for _, args := range [][]string{
		{"--help"}, {"serve", "--help"}, {"query", "--help"}, {"migrate", "--help"}, {"webhook", "list", "--help"}, {"serve"}, {"migrate"}, {"webhook", "list"},
		{"serve", "--public-url", "https://pay.example", "--config", "/dev/null"}, {"query"}, {"query", "n1", "--bogus"},
	} {
		run(t.Context(), args, gatewaycli.Streams{In: strings.NewReader(""), Out: said, Err: said})
	}
	said.checkForCanaries(t, "the program")
}
