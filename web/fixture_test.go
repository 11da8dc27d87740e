package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
)

const (
	apiKey  = "sk_test_of_the_fixture"
	windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	inChat  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60"
	// headless is the browser of a shop's own tests.
	headless = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36"
	// crawler names a computer, on which one wallet's code would show by itself.
	crawler = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/140.0.0.0 Safari/537.36"
)

// fixture is a web server with a real database and the sandbox.
type fixture struct {
	testing.TB
	web *web.Server
	// config is the configuration of web.
	config   web.Config
	service  *checkout.Service
	store    *store.Store
	sandbox  *sandbox.Sandbox
	url      string
	client   *http.Client
	log      *syncBuffer
	db       *store.DB
	gateway  *gatewayProxy
	clock    *clock
	webhooks *webhookQueue
	sender   *webhookSender
	// data is the directory of the database.
	data string
}

// clock is the system's clock plus an offset. It can be stopped.
type clock struct {
	ahead   atomic.Int64
	stopped atomic.Pointer[time.Time]
}

func (c *clock) Now() time.Time {
	if at := c.stopped.Load(); at != nil {
		return *at
	}
	return time.Now().Add(time.Duration(c.ahead.Load()))
}

// stop stops the clock until resume is called.
func (c *clock) stop() (resume func()) {
	now := c.Now()
	c.stopped.Store(&now)
	return func() { c.stopped.Store(nil) }
}

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// webhookQueue records the events that were committed for webhooks.
type webhookQueue struct {
	mu  sync.Mutex
	all []checkout.EventType
}

func (o *webhookQueue) Endpoints(checkout.Event) []string { return []string{checkout.DefaultEndpoint} }

func (o *webhookQueue) Committed(events ...checkout.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range events {
		o.all = append(o.all, e.Type)
	}
}

func (o *webhookQueue) types() []checkout.EventType {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.all)
}

// webhookSender is a checkout.WebhookSender that stores tests and notes what is to be sent.
type webhookSender struct {
	*store.Store
	replayed, retried []string
}

func (s *webhookSender) Replay(ctx context.Context, keys []checkout.WebhookKey) error {
	return s.ReplayWebhooks(ctx, keys, func(_ context.Context, _ *sql.Tx, e checkout.Event, endpoint string) error {
		s.replayed = append(s.replayed, e.ID+" "+endpoint)
		return nil
	})
}

func (s *webhookSender) Retry(_ context.Context, merchant, endpoint string, limit int) (int, error) {
	s.retried = append(s.retried, fmt.Sprint(merchant, " ", endpoint, " ", limit))
	return limit, nil
}

// gatewayProxy is a proxy before the sandbox. It counts the calls of each endpoint, and
// a test may answer in place of the sandbox.
type gatewayProxy struct {
	behind http.Handler
	// url is the origin of the sandbox and its pages.
	url   string
	mu    sync.Mutex
	calls map[string]int
	fault func(endpoint string, w http.ResponseWriter, r *http.Request) (answered bool)
}

func (g *gatewayProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint, is := strings.CutPrefix(r.URL.Path, "/paygate/")
	if is {
		g.mu.Lock()
		g.calls[endpoint]++
		fault := g.fault
		g.mu.Unlock()
		if fault != nil && fault(endpoint, w, r) {
			return
		}
	}
	g.behind.ServeHTTP(w, r)
}

func (g *gatewayProxy) set(fault func(endpoint string, w http.ResponseWriter, r *http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = fault
}

// called returns how often an endpoint was called.
func (g *gatewayProxy) called(endpoint string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls[endpoint]
}

// newFixture starts a server. Each prepare may change its configuration.
func newFixture(t testing.TB, prepare ...func(*web.Config)) *fixture {
	t.Helper()
	return newFixtureAs(t, func(_ *checkout.Config, c *web.Config) {
		for _, change := range prepare {
			change(c)
		}
	})
}

// newFixtureAs starts a server whose configurations configure may change.
func newFixtureAs(t testing.TB, configure func(*checkout.Config, *web.Config)) *fixture {
	t.Helper()
	f := &fixture{TB: t, log: &syncBuffer{}, clock: &clock{}, webhooks: &webhookQueue{}}
	gateway := httptest.NewUnstartedServer(nil)
	server := httptest.NewUnstartedServer(nil)
	f.url = "http://" + server.Listener.Addr().String()
	f.sandbox = must(sandbox.New(sandbox.Config{PublicURL: "http://" + gateway.Listener.Addr().String()}))
	f.gateway = &gatewayProxy{behind: f.sandbox, calls: map[string]int{}}
	gateway.Config.Handler = f.gateway
	gateway.Start()
	f.gateway.url = gateway.URL
	f.assemble(gateway.URL, configure)
	server.Config.Handler = f.web
	server.Start()
	t.Cleanup(func() {
		f.web.Close()
		server.Close()
		f.sandbox.Close()
		gateway.Close()
		if err := f.service.Drain(context.Background()); err != nil {
			t.Error(err)
		}
	})
	f.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return f
}

func (f *fixture) assemble(gateway string, configure func(*checkout.Config, *web.Config)) {
	f.Helper()
	f.data = f.TempDir()
	f.db = must(store.OpenSQLite(f.Context(), filepath.Join(f.data, "test.db")))
	f.Cleanup(func() { _ = f.db.Close() })
	f.store = store.New(f.db, f.webhooks)
	client := must(wantu.New(wantu.Config{
		BaseURL: gateway + "/paygate", MerchantAccount: sandbox.DefaultMerchantAccount,
		StoreAccount: sandbox.DefaultStoreAccount, Key: sandbox.DefaultKey,
	}))
	accounts := map[string]wantupay.Account{"shop": {Client: client, WeChatAppID: sandbox.DefaultWeChatAppID}}
	atWantu := must(wantupay.New(accounts))
	logger := slog.New(slog.NewTextHandler(f.log, nil))
	domain := checkout.Config{
		Store: f.store, Gateway: atWantu, Rates: atWantu, Clock: f.clock, Random: rand.Reader,
		Merchants: map[string]checkout.Merchant{"shop": {ID: "shop", Name: "Shop", WeChatAccount: true}, "other": {ID: "other", Name: "Other"}}, Routes: web.NewRoutes(f.url),
		Alert: func(r checkout.Alert) {
			logger.Warn(r.Problem, "alarm", r.Alarm, "session", r.SessionID, "attempt", r.AttemptID, "error", r.Err)
		},
	}
	pages := web.Config{
		Assets: must(static.New(static.Config{Images: map[string][]byte{"logo.svg": []byte(logo), "wechat.svg": []byte(logo)}})), PublicURL: f.url,
		Secret: bytes.Repeat([]byte{7}, 32),
		Merchants: map[string]web.Merchant{
			"shop": {
				Color: "#ffd400", Logo: "logo.svg", Marks: map[flow.Wallet]string{flow.WalletWeChat: "wechat.svg"}, Location: time.FixedZone("HKT", 8*3600),
				APIKeys: []apikey.Configured{{Secret: apiKey}}, ReturnHosts: []string{"shop.example"}, AllowedOrigins: []string{"https://shop.example"},
				WeChat: web.WeChatApp{ID: sandbox.DefaultWeChatAppID, Secret: sandbox.DefaultWeChatAppSecret, Endpoints: web.WeChatEndpoints{
					Authorize: gateway + "/connect/oauth2/authorize", AccessToken: gateway + "/sns/oauth2/access_token",
				}},
			},
			"other": {APIKeys: []apikey.Configured{{Secret: "sk_test_of_another"}}, ReturnHosts: []string{"other.example"}},
		},
		Ready: f.db.Ping, Logger: logger,
	}
	configure(&domain, &pages)
	domain.Returns = must(web.NewReturnPolicy(pages.Merchants))
	f.service = must(checkout.New(domain))
	pages.Service = f.service
	f.sender = &webhookSender{Store: f.store}
	pages.Webhooks = must(checkout.NewWebhooks(checkout.WebhooksConfig{
		Store: f.store, Sender: f.sender, Clock: f.clock, Random: rand.Reader, NewSecret: worker.NewWebhookSecret, Seal: web.NewSecretBox(pages.Secret).Seal,
		Merchants: map[string][]checkout.WebhookEndpoint{"shop": {{ID: checkout.DefaultEndpoint, Merchant: "shop", URL: "https://user:canary@shop.example/hook?canary=1"}}},
		CheckURL:  func(_, address string) error { return worker.CheckAPIURL(address, worker.Endpoint{}) },
	}))
	f.config, f.web = pages, must(web.New(pages))
}

// logo is a picture with a script.
const logo = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`

func must[V any](v V, err error) V {
	if err != nil {
		panic(err)
	}
	return v
}

// answer is the response to a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// withoutNoise returns the answer without its date, its request's ID, and what is left of the
// key's quota, which differ each time.
func (a answer) withoutNoise() answer {
	a.header = a.header.Clone()
	if id := a.header.Get("Request-Id"); id != "" {
		a.body = strings.ReplaceAll(a.body, id, "")
	}
	a.header.Del("Request-Id")
	a.header.Del("RateLimit")
	a.header.Del("Date")
	return a
}

// send sends a request. A body that begins with { or [ is JSON, any other body is a form.
func (f *fixture) send(method, path, body string, headers ...string) answer {
	f.Helper()
	r := must(http.NewRequestWithContext(f.Context(), method, f.url+path, strings.NewReader(body)))
	r.Header.Set("User-Agent", windows)
	switch {
	case strings.HasPrefix(body, "{"), strings.HasPrefix(body, "["):
		r.Header.Set("Content-Type", "application/json")
	case body != "":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host // net/http ignores the header
	}
	response, err := f.client.Do(r)
	if err != nil {
		f.Fatal(err)
	}
	defer response.Body.Close()
	return answer{response.StatusCode, response.Header, string(must(io.ReadAll(response.Body)))}
}

func (f *fixture) get(path string, headers ...string) answer {
	f.Helper()
	return f.send(http.MethodGet, path, "", headers...)
}

// api calls the merchant API with the shop's key.
func (f *fixture) api(method, path, body string) answer {
	f.Helper()
	return f.send(method, path, body, "Authorization", "Bearer "+apiKey)
}

var idField = regexp.MustCompile(`"id":"([^"]+)"`)

// session creates a session with additional JSON fields, and returns its ID.
func (f *fixture) session(more string) string {
	f.Helper()
	return f.sessionOf(`"subject":"Tea & cake"` + more)
}

// sessionOf creates a session with JSON fields, which include the subject, and returns
// its ID.
func (f *fixture) sessionOf(fields string) string {
	f.Helper()
	got := f.api(http.MethodPost, "/v1/checkout/sessions",
		`{"amount":1250,"currency":"HKD","success_url":"https://shop.example/ok?s={CHECKOUT_SESSION_ID}",`+fields+`}`)
	if got.status != http.StatusCreated {
		f.Fatalf("creating a session: %d %s", got.status, got.body)
	}
	return idField.FindStringSubmatch(got.body)[1]
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

// post posts a form of a page with the page's token.
func (f *fixture) post(page, action string, fields url.Values, headers ...string) answer {
	f.Helper()
	html := f.get(page, headers...).body
	found := tokenField.FindStringSubmatch(html)
	if found == nil {
		f.Fatalf("page %s has no form:\n%s", page, html)
	}
	form := url.Values{"token": {found[1]}}
	for name, values := range fields {
		form[name] = values
	}
	path, _, _ := strings.Cut(page, "?")
	return f.send(http.MethodPost, path+action, form.Encode(), headers...)
}

// attempts returns the attempts of a session.
func (f *fixture) attempts(id string) []checkout.Attempt {
	f.Helper()
	return must(f.store.Attempts(f.Context(), id))
}

// syncBuffer is a buffer that several goroutines may write.
type syncBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
