// Package web serves the kit over HTTP: the hosted page, the merchant API, the
// gateway's notifications, the return URLs and the live status. It is the only
// package that imports Echo. Make a [Server] with [New]; it is an http.Handler.
// [Routes] builds the URLs.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// Merchant is the configuration of a shop for this package, besides its
// [checkout.Merchant].
type Merchant struct {
	// APIKeys are the bearer keys of the merchant API, besides those of Config.KeyStore.
	APIKeys []apikey.Configured
	// APIRequestsPerSecond is how many requests to the merchant API each key of the shop may
	// make to this process in a second. Twice as many may come at once. Defaults to
	// DefaultAPIRequestsPerSecond.
	APIRequestsPerSecond int
	// ReturnHosts are the hosts that success_url and cancel_url may have. A host has
	// a port unless it is the default port of the scheme. A [ReturnPolicy] is made of
	// them.
	ReturnHosts []string
	// PlainReturns allows http:// in success_url and cancel_url. It is for a
	// shop whose gateway is a sandbox on this machine.
	PlainReturns bool
	// FormTargets are the http origins that a form of the checkout page may lead to, by
	// a redirect too. They are for the cashier of a sandbox on this machine. While the
	// session can be paid, every https URL is allowed as well.
	FormTargets []string
	// AllowedOrigins are the origins that may frame the page.
	AllowedOrigins []string
	// ReturnKeys sign the status with which a paid shopper goes to success_url, one signature
	// for each key. A Kit uses the keys of the shop's webhook. Defaults to none: then the URL has
	// no status.
	ReturnKeys [][]byte
	// Color is the shop's colour as #rrggbb, and Logo the name of its picture in the
	// Assets; "" for none.
	Color, Logo string
	// Marks are the names in the Assets of the pictures that replace our marks of the
	// wallets. Defaults to none.
	Marks map[flow.Wallet]string
	// Location is the time zone of the shop. Defaults to UTC.
	Location *time.Location
	// WeChat is the shop's WeChat account. It is set if and only if
	// checkout.Merchant.WeChatAccount is.
	WeChat WeChatApp
}

// isLive reports whether the shop takes real money: its gateway is not a sandbox on this
// machine.
func (m Merchant) isLive() bool { return !m.PlainReturns }

func (m Merchant) apiRequestsPerSecond() int {
	if m.APIRequestsPerSecond > 0 {
		return m.APIRequestsPerSecond
	}
	return DefaultAPIRequestsPerSecond
}

// WeChatApp is a WeChat account that shoppers' openids belong to.
type WeChatApp struct {
	ID, Secret string
	// Endpoints are the URLs of WeChat's OAuth. Defaults to the real ones.
	Endpoints WeChatEndpoints
}

// MinSecret is the least length of Config.Secret, in bytes.
const MinSecret = 32

// Config is the configuration of a Server. Service, Assets, Merchants, PublicURL,
// Secret and Ready are required.
type Config struct {
	Service *checkout.Service
	// Webhooks are the webhook endpoints of the shops. Without them the API has none of
	// their routes.
	Webhooks *checkout.Webhooks
	Assets   *static.Assets
	// Merchants are the shops by ID. The Service must have the same shops. New checks
	// only that both agree about their WeChat accounts.
	Merchants map[string]Merchant
	// KeyStore has the API keys that operators make. The Server uses them after
	// [apikey.Ring.Refresh] of [Server.Keys]. Defaults to none.
	KeyStore apikey.Store
	// PublicURL is the origin at which browsers and the gateway reach this server.
	// See [ParseOrigin].
	PublicURL string
	// Secret signs forms and encrypts cookies. It must have at least MinSecret bytes.
	Secret []byte
	// Streams limits the live streams that are open at the same time.
	Streams StreamLimits
	// TrustedProxies are the proxies whose X-Forwarded-For is trusted. Defaults to
	// none: the client is then the peer of the connection.
	TrustedProxies []netip.Prefix
	// HTTPClient calls WeChat's OAuth. The Server uses a copy that follows no
	// redirect. Defaults to a client with a timeout of 10 s that keeps 64 idle
	// connections.
	HTTPClient *http.Client
	// Ready returns an error while the server cannot serve, for /readyz.
	Ready func(context.Context) error
	// Unavailable reports whether an error means that the database is unavailable.
	// Such an error is answered with 503. Defaults to never.
	Unavailable func(error) bool
	// Demo, when set, adds the bar that shows the page as another device sees it. Wrap
	// the Server in [ViewAs] too. Assets must have static.Config.Demo.
	Demo *Demo
	// Logger defaults to slog.Default().
	Logger *slog.Logger
}

// Server serves the kit over HTTP. It is safe for concurrent use. Make one with
// New.
type Server struct {
	service   *checkout.Service
	webhooks  *checkout.Webhooks
	assets    *static.Assets
	merchants map[string]Merchant
	keys      *apikey.Ring
	// publicURL is an origin as a browser writes it.
	publicURL string
	// secure reports whether browsers reach the server over https.
	secure        bool
	secret        []byte
	trustsProxies bool
	wechatClient  *http.Client
	checkReady    func(context.Context) error
	isUnavailable func(error) bool
	demo          *Demo
	logger        *slog.Logger

	echo     *echo.Echo
	browsers browserStore
	limiters limiters
	// keyLimits bounds the requests of each API key.
	keyLimits *keyLimits
	streams   *streams
	// orderCodes are the codes that a wallet scans, and pageCodes those of pages' URLs.
	orderCodes, pageCodes qrCodes
	// proxyWarning logs once that no proxy is trusted.
	proxyWarning sync.Once
	draining     atomic.Bool
	// unready reports whether the last readiness check failed.
	unready atomic.Bool
	// closing is closed to end the live streams.
	closing chan struct{}
	closed  sync.Once
}

// orDefault returns c with its defaults, and with an HTTP client that follows no
// redirect.
func (c Config) orDefault() Config {
	if c.HTTPClient == nil {
		c.HTTPClient = newWeChatClient()
	}
	c.HTTPClient = withoutRedirects(*c.HTTPClient)
	if c.Unavailable == nil {
		c.Unavailable = func(error) bool { return false }
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// New returns a Server. It fails with the name of the field if a field of c is wrong.
func New(c Config) (_ *Server, err error) {
	switch {
	case c.Service == nil || c.Assets == nil:
		return nil, errors.New("web: Config.Service and Config.Assets are needed")
	case len(c.Secret) < MinSecret:
		return nil, fmt.Errorf("web: Config.Secret is shorter than %d bytes", MinSecret)
	case c.Ready == nil:
		return nil, errors.New("web: Config.Ready is missing")
	}
	c = c.orDefault()
	if c.PublicURL, err = ParseOrigin(c.PublicURL); err != nil {
		return nil, fmt.Errorf("web: Config.PublicURL %w", err)
	}
	if c.Merchants, err = readAddresses(c.Merchants); err != nil {
		return nil, err
	}
	if err := checkAccounts(c.Service, c.Merchants); err != nil {
		return nil, err
	}
	return newServer(c)
}

// newServer returns the Server of a checked Config.
func newServer(c Config) (*Server, error) {
	keys, err := newRing(c)
	if err != nil {
		return nil, err
	}
	clientIP, err := newIPExtractor(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	secure := strings.HasPrefix(c.PublicURL, "https:")
	s := &Server{
		service: c.Service, webhooks: c.Webhooks, assets: c.Assets, merchants: c.Merchants, keys: keys,
		publicURL: c.PublicURL, secure: secure, secret: c.Secret,
		trustsProxies: len(c.TrustedProxies) > 0, wechatClient: c.HTTPClient,
		checkReady: c.Ready, isUnavailable: c.Unavailable, demo: c.Demo, logger: c.Logger,
		browsers: newBrowserStore(c.Secret, secure), limiters: newLimiters(c.Service.Now), keyLimits: newKeyLimits(c.Service.Now),
		streams: newStreams(c.Streams), closing: make(chan struct{}),
		orderCodes: qrCodes{drawNew: templates.DrawOrderCode}, pageCodes: qrCodes{drawNew: templates.DrawQRCode},
	}
	s.echo = s.newEcho()
	s.echo.IPExtractor = clientIP
	return s, nil
}

// readAddresses returns the shops with their origins as browsers write them. It fails
// for an invalid origin.
func readAddresses(merchants map[string]Merchant) (map[string]Merchant, error) {
	read := make(map[string]Merchant, len(merchants))
	for id, m := range merchants {
		var err error
		if m.AllowedOrigins, err = readAll(m.AllowedOrigins, ParseOrigin); err != nil {
			return nil, fmt.Errorf("web: AllowedOrigins of merchant %q: an entry %w", id, err)
		}
		read[id] = m
	}
	return read, nil
}

func readAll(texts []string, read func(string) (string, error)) ([]string, error) {
	all := make([]string, 0, len(texts))
	for _, text := range texts {
		one, err := read(text)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// checkAccounts returns an error if this package and the Service disagree whether a shop
// has a WeChat account. The Service offers WeChat's payment sheet for a shop with an
// account, and the page needs the account to open the sheet.
func checkAccounts(service *checkout.Service, merchants map[string]Merchant) error {
	for id, m := range merchants {
		if (m.WeChat.ID != "") != service.Merchant(id).WeChatAccount {
			return fmt.Errorf("web: Config.Merchants and checkout.Merchant.WeChatAccount disagree whether merchant %q has a WeChat account", id)
		}
	}
	return nil
}

// newRing returns the API keys of the shops. It fails for a wrong key, such as a short one,
// and for a key that two shops have.
func newRing(c Config) (*apikey.Ring, error) {
	var configured []apikey.Key
	for _, id := range slices.Sorted(maps.Keys(c.Merchants)) {
		keys, err := apikey.KeysOf(id, c.Merchants[id].APIKeys)
		if err != nil {
			return nil, fmt.Errorf("web: merchant %q: %w", id, err)
		}
		configured = append(configured, keys...)
	}
	return apikey.NewRing(apikey.RingConfig{
		Configured: configured, Store: c.KeyStore, Clock: c.Service,
		Alert: func(err error) { c.Logger.Error("the API keys in the database are not up to date", "error", err) },
	})
}

// Keys returns the keys of the merchant API. Refresh and Run them where Config.KeyStore is
// set.
func (s *Server) Keys() *apikey.Ring { return s.keys }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		// The client's next request then opens a connection to another server,
		// and does not use one that is about to be closed.
		w.Header().Set("Connection", "close")
	}
	if r.Method == http.MethodHead {
		w, r = asGet(w, r)
	}
	s.echo.ServeHTTP(pace(w), r)
}

// Drain makes /readyz answer 503 from now on. Everything else is still served.
func (s *Server) Drain() { s.draining.Store(true) }

// Close drains the server and ends its live streams. Call it before the http.Server shuts
// down: that would wait for the streams of HTTP/2, and does not end those of HTTP/1, which
// have taken their connections over.
func (s *Server) Close() {
	s.Drain()
	s.closed.Do(func() { close(s.closing) })
}

// newEcho returns the routes of the server with their middleware.
func (s *Server) newEcho() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.handleError
	e.JSONSerializer = jsonSerializer{}
	e.Use(nameAPIRequests, s.recoverPanic, s.secureHeaders)

	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", s.ready)
	e.GET(static.Prefix+":hash/:name", s.asset)
	e.GET(apiPath+"/wantukit.js", s.shopScript(static.ShopScript, cacheShortly))
	for _, name := range s.assets.ShopScripts() {
		e.GET(apiPath+"/"+name, s.shopScript(name, cacheForever))
	}
	e.POST(paths.Notify(":token"), s.notification)

	e.GET(problemsPath, s.problemList)

	// Each route has its middleware: Echo would answer 404 for any path and method
	// below a group.
	for _, o := range s.operations() {
		e.Add(o.method, apiPath+o.path, o.handler, chooseVersion, s.limitAPI, s.authenticate, s.limitKey, requireScope(o.scope))
	}

	page := paths.Page(":id")
	e.GET(page, s.page, s.limitPages)
	e.GET(page+statusPath, s.status, s.limitPages)
	e.GET(page+eventsPath, s.events, s.limitPages)
	e.POST(page+attemptsPath, s.start, s.limitPages, s.checkForm)
	e.POST(page+confirmPath, s.confirm, s.limitPages, s.checkForm)
	e.GET(page+leavePath, s.leave, s.limitPages)
	e.POST(page+cancelPath, s.cancel, s.limitPages, s.checkForm)

	back := paths.Return(":token")
	e.GET(back, s.returned, s.limitPages)
	e.GET(back+statusPath, s.returnedStatus, s.limitPages)
	e.GET(back+eventsPath, s.returnedEvents, s.limitPages)
	e.POST(back+confirmPath, s.returnedConfirm, s.limitPages, s.checkForm)

	e.GET(wechatCallbackPath, s.wechatCallback)
	if s.demo != nil {
		e.POST(viewAsPath, s.viewAs)
		e.GET(sandboxPath+":id", s.payInSandbox, s.limitPages)
	}
	refuseOtherMethods(e)
	return e
}

// ready is /readyz. It logs an error only when the state changes.
func (s *Server) ready(c echo.Context) error {
	if s.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "shutting down\n")
	}
	if err := s.checkReady(c.Request().Context()); err != nil {
		if s.unready.CompareAndSwap(false, true) { // a load balancer asks each second
			s.logger.Error("not ready", "error", err)
		}
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	s.unready.Store(false)
	return c.String(http.StatusOK, "ready\n")
}
