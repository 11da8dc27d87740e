package sandbox

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/wantukit/wantukit/wantu"
)

//go:embed templates static
var assets embed.FS

// Sandbox is the simulated gateway. It keeps everything in memory. It is safe for
// concurrent use.
type Sandbox struct {
	config            Config
	onlyConfiguredApp bool // whether pay-form accepts only the configured app
	mux               *http.ServeMux
	pages             *template.Template
	random            *source
	orders            *orderStore
	grants            *grants
	codes             *merchantCodes

	client *http.Client // for notifications
	muted  atomic.Bool  // notifications are off
	faults *faults
	held   heldNotifications

	startMu        sync.Mutex // so that no work starts after Close
	running        sync.WaitGroup
	lifetime       context.Context //nolint:containedctx // done after Close
	cancelLifetime context.CancelFunc
}

// New returns a sandbox. It returns a [*wantu.FieldError] when a field of config is
// wrong; its Field is "sandbox " and the name. Call [Sandbox.Close] when done.
func New(config Config) (*Sandbox, error) {
	if config.Clock != nil && config.Now != nil {
		return nil, &wantu.FieldError{Field: "sandbox Now", Problem: "must be left out when Clock is set"}
	}
	onlyConfiguredApp := config.WeChatAppID != ""
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	pages, err := template.New("").Funcs(templateFuncs()).ParseFS(assets, "templates/*.html")
	if err != nil {
		return nil, err
	}
	client := *config.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := &Sandbox{
		config:            config,
		onlyConfiguredApp: onlyConfiguredApp,
		mux:               http.NewServeMux(),
		pages:             pages,
		random:            &source{reader: config.Rand},
		orders:            newOrderStore(config.MaxOrders, config.Now),
		grants:            newGrants(config.Now),
		codes:             newMerchantCodes(),
		client:            &client,
		faults:            &faults{},
	}
	s.lifetime, s.cancelLifetime = context.WithCancel(context.Background())
	s.route()
	return s, nil
}

// Close stops the notifications and waits for those that are being sent. It closes the
// connections of the answers that FaultLate delays.
func (s *Sandbox) Close() {
	s.orders.locked(func() { // with both locks held, so that no work starts after this
		s.startMu.Lock()
		defer s.startMu.Unlock()
		s.cancelLifetime()
	})
	s.running.Wait()
}

// ServeHTTP serves every path in the table of the package comment.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wantu.MaxBody+1)
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Date", s.config.Now().UTC().Format(http.TimeFormat)) // the time of the sandbox, not of the system
	defer s.runDue()                                                 // also after a fault that hangs up with a panic
	s.mux.ServeHTTP(w, r)
}

func (s *Sandbox) route() {
	s.mux.HandleFunc("POST /paygate/{endpoint}", s.paygate)
	for surface := range surfaces() {
		path := "/" + string(surface) + "/{token}"
		s.mux.HandleFunc("GET "+path, s.showPage(surface))
		s.mux.HandleFunc("GET "+path+"/status", s.showStatus(surface))
		s.mux.HandleFunc("POST "+path+"/{action}", s.click(surface))
	}
	s.mux.HandleFunc("GET /pay/return/{token}", s.relay)
	s.mux.HandleFunc("GET /s/{token}", s.showMerchantCode)
	s.mux.HandleFunc("POST /s/{token}/pay", s.payMerchantCode)
	s.mux.HandleFunc("GET /connect/oauth2/authorize", s.authorize)
	s.mux.HandleFunc("GET /sns/oauth2/access_token", s.accessToken)
	for pattern, serve := range s.controls() {
		s.mux.Handle(pattern, http.NewCrossOriginProtection().Handler(s.requireOwnHost(serve)))
	}
	s.mux.Handle("GET /{$}", s.requireOwnHost(s.showIndex))
	s.mux.HandleFunc("GET /favicon.ico", showIcon)
	s.mux.Handle("GET /sandbox/static/", http.StripPrefix("/sandbox/", http.FileServerFS(assets)))
}

// publicURL returns the address of the sandbox for the shopper's browser.
func (s *Sandbox) publicURL(r *http.Request) string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
