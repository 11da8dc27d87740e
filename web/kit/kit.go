package kit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit/internal/outage"
)

// Config is what a Kit is made of. Database, PublicURL, Secret and Merchants are
// needed.
type Config struct {
	// Database is where the data is.
	Database Database
	// PublicURL is where browsers and the gateway reach the Kit: an origin, such
	// as https://pay.example.com.
	PublicURL string
	// Secret signs forms and encrypts cookies: at least 32 random bytes, the same
	// on all nodes and after each start.
	Secret []byte
	// Merchants are the shops.
	Merchants []Merchant

	// Gateway replaces Wantu's clients, which are made of Merchant.Account by
	// default. If it implements checkout.Rates, pages show its rates.
	Gateway checkout.Gateway
	// HTTPClient calls WeChat's OAuth. Defaults to one with a timeout of 10 s.
	HTTPClient *http.Client

	// TrustedProxies are the proxies whose X-Forwarded-For is believed. Defaults
	// to none: a client is the address that connects.
	TrustedProxies []netip.Prefix
	// Streams bound the live streams (SSE) that are open at once.
	Streams web.StreamLimits
	// DrainFor is how long /readyz answers 503, while requests are still served,
	// before Run shuts the HTTP server down. Defaults to 0.
	DrainFor time.Duration
	// Demo adds the bar that shows a page as another device sees it. It is for
	// development. Wrap the Kit in web.ViewAs too. Defaults to nil: no bar.
	Demo *web.Demo
	// Logger defaults to slog.Default().
	Logger *slog.Logger
}

// Merchant is one shop.
type Merchant struct {
	// Checkout is what the domain knows of the shop. Its ID names the merchant
	// everywhere. Its WeChatAccount is true if and only if Web.WeChat has an ID.
	Checkout checkout.Merchant
	// Web is what the pages and the merchant API know of the shop.
	Web web.Merchant
	// Logo is the picture that pages show under the name Web.Logo, whose
	// extension (.svg, .png, .webp or .jpg) tells its type. Needed if Web.Logo is
	// not "". Two merchants cannot have the same Web.Logo.
	Logo []byte
	// Marks are the pictures that replace the kit's marks of the wallets, as Logo under
	// the names in Web.Marks.
	Marks map[flow.Wallet][]byte
	// Account is the shop's account at the Wantu gateway. It is not used where
	// Config.Gateway is set.
	Account wantu.Config
	// PreviousAccounts are the accounts with which older orders were placed: these
	// orders are still queried, closed, refunded and reconciled there. Defaults to
	// none.
	PreviousAccounts []wantu.Config
	// Webhook is where the shop's events are sent. Without a URL nothing is sent there.
	// Its AllowPrivate, Proxy and MaxRequests apply to the endpoints that the shop makes
	// through the API too.
	Webhook worker.Endpoint
	// Webhooks are further endpoints, each with an ID. Defaults to none.
	Webhooks []worker.Endpoint
}

// Kit is the whole checkout: it is an http.Handler, and Run does its work in the
// background.
type Kit struct {
	db       *store.DB
	domain   *Domain
	worker   *worker.Worker
	webhooks *checkout.Webhooks
	web      *web.Server
	monitor  *outage.Monitor
	drainFor time.Duration
	logger   *slog.Logger
}

// New opens the database, brings its schema up to date, and assembles a Kit. It
// fails if a part of the configuration is wrong, and with store.ErrInUse if
// another program serves from the same SQLite database. Call Run next: it closes
// the database at its end.
func New(ctx context.Context, c Config) (_ *Kit, err error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	db, err := c.Database.openToServe(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	k := &Kit{db: db, drainFor: c.DrainFor, logger: c.Logger}
	k.monitor = outage.New(outage.Config{Log: c.Logger.Handler(), Unreachable: store.Unreachable, Ping: db.Ping})
	c.Logger = k.monitor.Logger()
	if k.domain, err = NewDomain(ctx, db, c); err != nil {
		return nil, err
	}
	k.worker, err = worker.New(worker.Config{
		DB: db, Queue: k.domain.queue, Sweeper: k.domain.Service, Reconciler: k.domain.Reconciler, Events: k.domain.Store,
		Clock: k.domain.clock, Endpoints: k.domain.endpoints, Unseal: web.NewSecretBox(c.Secret).Open, Logger: c.Logger,
	})
	if err != nil {
		return nil, err
	}
	if k.webhooks, err = newWebhooks(k.domain, c.Merchants, web.NewSecretBox(c.Secret)); err != nil {
		return nil, err
	}
	if k.web, err = newWeb(k.domain, k.webhooks, db, c); err != nil {
		return nil, err
	}
	return k, k.web.Keys().Refresh(ctx)
}

// newWeb returns the pages, the API and what the gateway calls.
func newWeb(domain *Domain, webhooks *checkout.Webhooks, db *store.DB, c Config) (*web.Server, error) {
	merchants := map[string]web.Merchant{}
	for _, m := range c.Merchants {
		if m.Webhook.URL != "" {
			keys, err := m.Webhook.Keys()
			if err != nil {
				return nil, fmt.Errorf("kit: a webhook secret of merchant %q %w", m.Checkout.ID, err)
			}
			m.Web.ReturnKeys = keys
		}
		merchants[m.Checkout.ID] = m.Web
	}
	images, err := pictures(c.Merchants)
	if err != nil {
		return nil, err
	}
	assets, err := static.New(static.Config{Demo: c.Demo != nil, Images: images})
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		Service: domain.Service, Webhooks: webhooks, Assets: assets, Merchants: merchants, KeyStore: domain.Store, PublicURL: c.PublicURL,
		Secret:     c.Secret,
		HTTPClient: c.HTTPClient, TrustedProxies: c.TrustedProxies,
		Streams: c.Streams, Demo: c.Demo, Ready: db.Ping, Unavailable: store.Unreachable, Logger: c.Logger,
	})
}

// pictures returns the logos and marks of the shops by name. It fails if two pictures have
// the same name.
func pictures(merchants []Merchant) (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, m := range merchants {
		own := map[string][]byte{m.Web.Logo: m.Logo}
		for w, name := range m.Web.Marks {
			if _, taken := own[name]; taken {
				return nil, fmt.Errorf("kit: Web.Marks[%q] of merchant %q is the name of another picture", w, m.Checkout.ID)
			}
			own[name] = m.Marks[w]
		}
		delete(own, "") // no logo
		for name, picture := range own {
			if _, taken := all[name]; taken {
				return nil, fmt.Errorf("kit: the picture %q of merchant %q is another merchant's too", name, m.Checkout.ID)
			}
			all[name] = picture
		}
	}
	return all, nil
}

// ServeHTTP implements http.Handler: the pages, the merchant API, the gateway's
// notifications, /healthz and /readyz.
func (k *Kit) ServeHTTP(w http.ResponseWriter, r *http.Request) { k.web.ServeHTTP(w, r) }

// Service returns the domain, for a shop that makes sessions and refunds without
// the merchant API.
func (k *Kit) Service() *checkout.Service { return k.domain.Service }

// Webhooks returns the webhook endpoints of the shops, for a shop that makes them without
// the merchant API.
func (k *Kit) Webhooks() *checkout.Webhooks { return k.webhooks }

// Store returns the store of the sessions, attempts, refunds and events.
func (k *Kit) Store() *store.Store { return k.domain.Store }

// DB returns the open database. Run closes it.
func (k *Kit) DB() *store.DB { return k.db }
