// Package demoshop is the demo's concert-ticket shop, and the example to read
// before you write your own shop. It uses only the checkout's public API and its
// webhook.
//
// A shop does three things:
//
//   - it makes a session for an order and sends the shopper there (buy.go),
//   - it changes the order by webhooks whose signature is verified (webhook.go),
//   - it shows the order with the status that the webhooks set, and ignores what the
//     browser says (demoshop.go).
package demoshop

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

//go:embed pages
var pages embed.FS

// Config is what a Shop is made of.
type Config struct {
	// API is where the merchant API answers, without a slash at its end.
	API string
	// APIKey is the shop's bearer key.
	APIKey string
	// WebhookSecret verifies the checkout's webhooks: whsec_ and base64.
	WebhookSecret string
	// PublicURL is the origin where shoppers' browsers reach this server, without a
	// slash at its end. The shop is below /shop/ there.
	PublicURL string
	// SandboxURL is where shoppers' browsers see the sandbox's orders, "" for no link.
	SandboxURL string
}

// Order is an order of the shop. A real shop keeps it in a database.
type Order struct {
	Number string
	Item   string
	Amount int64 // in cents of HKD
	// Session is the checkout session's id, "" until the session is made.
	Session string
	// Page is where the shopper pays: the session's url.
	Page string
	// Status is "awaiting payment", "paid", "expired", "canceled" or "to be looked at".
	// Only webhooks change it.
	Status string
	PaidAt time.Time
	// Webhooks are the events that were handled, oldest first. An event that comes
	// again changes nothing.
	Webhooks []Webhook
}

// Awaits reports whether the order may still be paid.
func (o Order) Awaits() bool { return o.Status == statusAwaiting }

// Script is the URL of the checkout's script for shops' pages.
func (o Order) Script() string {
	u, err := url.Parse(o.Page)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/v1/wantukit.js"
}

// The statuses of an order.
const (
	statusAwaiting = "awaiting payment"
	statusPaid     = "paid"
	statusExpired  = "expired"
	statusCanceled = "canceled"
	// statusReview asks a person to look at the order: the payment was late, or
	// its amount is wrong.
	statusReview = "to be looked at"
)

// Shop is the demo shop. It is an http.Handler.
type Shop struct {
	api, apiKey, publicURL, sandboxURL string

	client   *http.Client
	verifier *webhooks.Webhook
	pages    *template.Template
	mux      *http.ServeMux

	mu     sync.Mutex
	orders map[string]*Order
}

// New returns a Shop. It fails if c.WebhookSecret is not whsec_ and base64. It does not
// check the other fields.
func New(c Config) (*Shop, error) {
	verifier, err := webhooks.NewWebhook(c.WebhookSecret)
	if err != nil {
		return nil, errors.New("shop: Config.WebhookSecret is not whsec_ and base64")
	}
	parsed, err := template.New("").Funcs(template.FuncMap{"money": money, "digits": digits, "hongKong": hongKong}).ParseFS(pages, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the pages: %w", err)
	}
	s := &Shop{
		api: c.API, apiKey: c.APIKey, publicURL: c.PublicURL, sandboxURL: c.SandboxURL,
		client: newClient(), verifier: verifier, pages: parsed, mux: http.NewServeMux(), orders: map[string]*Order{},
	}
	s.mux.HandleFunc("GET /{$}", s.home)
	for _, name := range []string{"shop.css", "order.js", "frame.js", "icon.svg", "poster.svg"} {
		s.mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pages, "pages/"+name) })
	}
	s.mux.HandleFunc("POST /orders", s.buy)
	s.mux.HandleFunc("GET /orders/{number}", s.order)
	s.mux.HandleFunc("GET /orders/{number}/frame", s.frame)
	s.mux.HandleFunc("POST /webhook", s.webhook)
	s.mux.HandleFunc("GET /", s.notFound)
	return s, nil
}

// newClient returns a client that follows no redirect: the API does not redirect,
// and a redirect could carry the API key to another server.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ServeHTTP implements http.Handler. It serves the paths below /shop, without that
// prefix: mount it with http.StripPrefix.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Order returns a copy of an order.
func (s *Shop) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.orders[number]; ok {
		return *o, true
	}
	return Order{}, false
}

// Logo returns the name and the content of the shop's logo, an SVG.
func Logo() (name string, content []byte) {
	content, _ = pages.ReadFile("pages/icon.svg") // it is embedded
	return "harbour-nights.svg", content
}

func (s *Shop) home(w http.ResponseWriter, _ *http.Request) {
	s.render(w, http.StatusOK, "home.html", map[string]any{"Price": ticketPrice, "Sandbox": s.sandboxURL})
}

// order shows an order with its webhooks. The page shows a webhook that comes later by
// itself.
func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	o, ok := s.Order(r.PathValue("number"))
	if !ok {
		s.notFound(w, r)
		return
	}
	s.render(w, http.StatusOK, "order.html", o)
}

// frame shows the checkout in a frame of the shop's page.
func (s *Shop) frame(w http.ResponseWriter, r *http.Request) {
	o, ok := s.Order(r.PathValue("number"))
	if !ok {
		s.notFound(w, r)
		return
	}
	s.render(w, http.StatusOK, "frame.html", o)
}

func (s *Shop) notFound(w http.ResponseWriter, _ *http.Request) {
	s.problem(w, http.StatusNotFound, "This page does not exist",
		"The link is wrong, or the demo has been restarted since. It then forgets its orders.")
}

// problem shows a page that says what is wrong, and leads back to the shop.
func (s *Shop) problem(w http.ResponseWriter, status int, title, words string) {
	s.render(w, status, "problem.html", map[string]string{"Title": title, "Words": words})
}

func (s *Shop) render(w http.ResponseWriter, status int, page string, data any) {
	var buffer bytes.Buffer
	if err := s.pages.ExecuteTemplate(&buffer, page, data); err != nil {
		http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = buffer.WriteTo(w)
}

func money(cents int64) string { return "HK$" + digits(cents) }

func digits(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// hongKong returns a time in the shop's zone.
func hongKong(t time.Time) time.Time { return t.In(time.FixedZone("HKT", 8*60*60)) }
