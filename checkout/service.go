package checkout

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Merchant is a shop as the domain needs to know it. Its keys live where they
// are used.
type Merchant struct {
	ID string
	// Name is what shoppers know the shop by.
	Name string
	// Wallets are those that the shop takes, in the order in which they are
	// offered. Defaults to all.
	Wallets []flow.Wallet
	// WeChatAccount says that the shop has a WeChat account that its shoppers'
	// openids belong to. Without one flow.JSAPI is not offered.
	WeChatAccount bool
	// Lifetime is how long a session lasts that names no expiry. Defaults to
	// 30 minutes.
	Lifetime time.Duration
	// PaidLate is what becomes of money that arrives after a session has
	// ended. Defaults to LateHold.
	PaidLate LatePolicy
	// KeepPaidTwice keeps the second payment of a session, for the shop to
	// decide about, where it would go back by itself.
	KeepPaidTwice bool
	// SharedAccount says that other systems place orders on the merchant's
	// account at the gateway, so that one that the checkout did not place is no
	// difference.
	SharedAccount bool
}

// Config is what a Service is made of.
type Config struct {
	Store   Store
	Gateway Gateway
	Clock   Clock
	// Rates tells what amounts are in CNY. Without it no page does.
	Rates Rates
	// Random is the source of ids and tokens: crypto/rand.Reader.
	Random io.Reader
	// Merchants are the shops, by ID.
	Merchants map[string]Merchant
	// PublicURL is where shoppers and the gateway reach this program, without
	// a slash at its end.
	PublicURL string
	// CallTimeout bounds one call to the gateway. Defaults to 10 s.
	CallTimeout time.Duration
	// Alert is called with what an operator should see. Defaults to nobody.
	Alert func(Alert)
}

// Alert is something an operator should see: a line for a log.
type Alert struct {
	// Problem is a constant phrase, such as "query failed".
	Problem   string
	Merchant  string
	SessionID string
	AttemptID string
	RefundID  string
	// Alarm asks for a person.
	Alarm bool
	Err   error
}

// Service moves sessions and attempts. Its methods are safe for concurrent
// use, also by several Services over one Store.
type Service struct {
	store    Store
	gateway  Gateway
	clock    Clock
	random   *lockedReader
	shops    map[string]Merchant
	base     string
	timeout  time.Duration
	alert    func(Alert)
	watchers *watchers
	kicks    *kicks
	rates    *rates
	// asksRates is nil where no rates are shown.
	asksRates Rates
}

// New returns a Service, or an error that names the field that is missing.
func New(c Config) (*Service, error) {
	switch {
	case c.Store == nil:
		return nil, errors.New("checkout: Config.Store is missing")
	case c.Gateway == nil:
		return nil, errors.New("checkout: Config.Gateway is missing")
	case c.Clock == nil:
		return nil, errors.New("checkout: Config.Clock is missing")
	case c.Random == nil:
		return nil, errors.New("checkout: Config.Random is missing")
	case len(c.Merchants) == 0:
		return nil, errors.New("checkout: Config.Merchants is empty")
	case c.PublicURL == "":
		return nil, errors.New("checkout: Config.PublicURL is empty")
	}
	for _, m := range c.Merchants {
		if err := m.check(); err != nil {
			return nil, err
		}
	}
	if c.CallTimeout <= 0 {
		c.CallTimeout = 10 * time.Second
	}
	if c.Alert == nil {
		c.Alert = func(Alert) {}
	}
	return &Service{
		store: c.Store, gateway: c.Gateway, clock: millisClock{c.Clock},
		random: &lockedReader{from: c.Random},
		shops:  c.Merchants, base: c.PublicURL, timeout: c.CallTimeout, alert: c.Alert,
		watchers: newWatchers(), kicks: newKicks(), rates: newRates(), asksRates: c.Rates,
	}, nil
}

// holdFor is how long one conversation with the gateway may keep others off an
// attempt: three calls (query, close, and query again where close says that it
// is paid) and the writing down of what they said.
func (s *Service) holdFor() time.Duration { return 3*s.timeout + 5*time.Second }

// Now is the time that the checkout goes by. What is compared with its times
// comes from here.
func (s *Service) Now() time.Time { return s.clock.Now() }

// Merchant returns a configured shop; a session's always is one.
func (s *Service) Merchant(id string) Merchant { return s.shops[id] }

// PageURL is where the shopper opens a session.
func (s *Service) PageURL(sessionID string) string { return s.base + "/c/" + sessionID }

// Public returns a session as its shop sees it.
func (s *Service) Public(session Session) PublicSession {
	return session.Public(s.PageURL(session.ID))
}

// millisClock tells the time as a Store keeps it, so that what a method returns
// is what the next read finds.
type millisClock struct{ Clock }

// Now implements Clock.
func (c millisClock) Now() time.Time { return c.Clock.Now().Truncate(time.Millisecond) }

// lockedReader makes a source of random bits safe for concurrent use.
type lockedReader struct {
	mu   sync.Mutex
	from io.Reader
}

func (r *lockedReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from.Read(p)
}
