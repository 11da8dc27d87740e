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

// Sandbox is the simulated gateway. All it knows is in memory. It is safe for
// concurrent use.
type Sandbox struct {
	config Config
	oneApp bool // pay-form was told to know one app
	mux    *http.ServeMux
	pages  *template.Template
	random *source
	orders *ledger
	grants *grants
	codes  *merchantCodes

	client *http.Client // for notifications
	muted  atomic.Bool  // notifications are off
	faults *faults
	held   holds // notifications that wait for another order's

	gate     sync.Mutex // between Close and work that begins
	running  sync.WaitGroup
	lifetime context.Context //nolint:containedctx // ends the goroutines of Close
	end      context.CancelFunc
}

// New returns a sandbox, or a [*wantu.FieldError] that names the Config field
// that is wrong. Call [Sandbox.Close] when done.
func New(config Config) (*Sandbox, error) {
	if config.Clock != nil && config.Now != nil {
		return nil, &wantu.FieldError{Field: "sandbox Now", Problem: "must be left out when Clock is set"}
	}
	oneApp := config.WeChatAppID != ""
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	pages, err := template.New("").Funcs(indexFuncs()).ParseFS(assets, "templates/*.html")
	if err != nil {
		return nil, err
	}
	client := *config.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := &Sandbox{
		config: config,
		oneApp: oneApp,
		mux:    http.NewServeMux(),
		pages:  pages,
		random: &source{reader: config.Rand},
		orders: newLedger(config.MaxOrders, config.Now),
		grants: newGrants(config.Now),
		codes:  newMerchantCodes(),
		client: &client,
		faults: &faults{},
	}
	s.lifetime, s.end = context.WithCancel(context.Background())
	s.route()
	return s, nil
}

// Close stops the notifications and waits for those that are under way. An
// answer that is held back by a fault is given up.
func (s *Sandbox) Close() {
	s.orders.locked(func() { // under the locks, so that none starts any more
		s.gate.Lock()
		defer s.gate.Unlock()
		s.end()
	})
	s.running.Wait()
}

// ServeHTTP serves every path of the package's table.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wantu.MaxBody+1)
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Date", s.config.Now().UTC().Format(http.TimeFormat)) // the gateway's own, which a Clock may move
	defer s.settle()                                                 // also when a fault hangs up, which is a panic
	s.mux.ServeHTTP(w, r)
}

func (s *Sandbox) route() {
	s.mux.HandleFunc("POST /paygate/{endpoint}", s.paygate)
	for surface := range surfaces() {
		path := "/" + string(surface) + "/{token}"
		s.mux.HandleFunc("GET "+path, s.showPage(surface))
		s.mux.HandleFunc("GET "+path+"/status", s.showStatus(surface))
		s.mux.HandleFunc("POST "+path+"/{action}", s.press(surface))
	}
	s.mux.HandleFunc("GET /pay/return/{token}", s.relay)
	s.mux.HandleFunc("GET /s/{token}", s.showMerchantCode)
	s.mux.HandleFunc("POST /s/{token}/pay", s.payMerchantCode)
	s.mux.HandleFunc("GET /connect/oauth2/authorize", s.authorize)
	s.mux.HandleFunc("GET /sns/oauth2/access_token", s.accessToken)
	for pattern, serve := range s.controls() {
		s.mux.Handle(pattern, http.NewCrossOriginProtection().Handler(s.atHome(serve)))
	}
	s.mux.Handle("GET /{$}", s.atHome(s.showIndex))
	s.mux.Handle("GET /sandbox/static/", http.StripPrefix("/sandbox/", http.FileServerFS(assets)))
}

// publicURL is where the browser of this order's shopper reaches the sandbox.
func (s *Sandbox) publicURL(r *http.Request) string {
	if s.config.PublicURL != "" {
		return s.config.PublicURL
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
