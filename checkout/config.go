package checkout

import (
	"errors"
	"io"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Merchant is what the checkout knows of a shop. It contains no keys.
type Merchant struct {
	ID string
	// Name is the name that shoppers see.
	Name string
	// Wallets are the wallets that the shop accepts, in the order in which pages
	// offer them. Defaults to all.
	Wallets []flow.Wallet
	// WeChatAccount says that the shop has a WeChat account, to which its shoppers'
	// openids belong. Without one flow.JSAPI is not offered.
	WeChatAccount bool
	// Lifetime is the lifetime of a session whose request has no expiry. Defaults to
	// 30 minutes.
	Lifetime time.Duration
	// PaidLate is the policy for payments that arrive after the session has ended.
	// Defaults to LateHold.
	PaidLate LatePolicy
	// KeepPaidTwice keeps the second payment of a session, and the shop decides. By
	// default it is refunded automatically if its wallet can refund. With LateRefund
	// the second payment is refunded in any case if the first one was late.
	KeepPaidTwice bool
	// UniqueReferences says that two sessions with the same ClientReferenceID are a mistake,
	// unless the first one has ended unpaid. It counts sessions that are created while it is
	// set.
	UniqueReferences bool
	// QueriesPerSecond bounds the calls of the gateway that Sweep and SweepWatched of one
	// process make for the merchant. The calls wait for their turn. Queries that a
	// notification or a shopper causes are counted too, and do not wait. From 1 to
	// [MaxQueriesPerSecond]. Defaults to [DefaultQueriesPerSecond].
	QueriesPerSecond int
	// TestMode says that the shop's gateway moves no real money. The sessions, refunds and
	// events of the shop then have `livemode` false.
	TestMode bool
	// SharedAccount says that other systems place orders with the merchant's account
	// at the gateway. An order that the checkout did not place is then no difference.
	SharedAccount bool
}

// Routes are the URLs under which the shopper and the gateway reach the program.
type Routes interface {
	// Page is where the shopper opens a session.
	Page(sessionID string) string
	// Notify is the notify_url of the attempt with this NotifyToken.
	Notify(token string) string
	// Return is the return_url of the attempt with this ReturnToken.
	Return(token string) string
	// PaymentDirectory is what an operator registers with WeChat as the directory of
	// the pages that pay.
	PaymentDirectory() string
}

// ReturnPolicy decides to which URLs the pages may send a shop's shoppers. It is a
// contract because the domain parses no URLs.
type ReturnPolicy interface {
	// CheckReturn returns a *FieldError of the named field unless address is a URL that
	// the shop with this ID allows. The address is not "".
	CheckReturn(merchant, field, address string) error
}

// Config is what a Service needs.
type Config struct {
	Store   Store
	Gateway Gateway
	Clock   Clock
	Routes  Routes
	// Returns checks the success_url and the cancel_url of each new session.
	Returns ReturnPolicy
	// Rates tells exchange rates to CNY. Without it no page shows an amount in CNY.
	Rates Rates
	// Random is the source of IDs and tokens: crypto/rand.Reader.
	Random io.Reader
	// Merchants are the shops, by ID.
	Merchants map[string]Merchant
	// CallTimeout bounds one call of the gateway. Defaults to 10 s.
	CallTimeout time.Duration
	// Alert is called with what an operator should see. By default nothing is.
	Alert func(Alert)
}

// check returns an error that names the field that is missing or wrong.
func (c Config) check() error {
	switch {
	case c.Store == nil:
		return errors.New("checkout: Config.Store is missing")
	case c.Gateway == nil:
		return errors.New("checkout: Config.Gateway is missing")
	case c.Clock == nil:
		return errors.New("checkout: Config.Clock is missing")
	case c.Random == nil:
		return errors.New("checkout: Config.Random is missing")
	case c.Routes == nil:
		return errors.New("checkout: Config.Routes is missing")
	case c.Returns == nil:
		return errors.New("checkout: Config.Returns is missing")
	case len(c.Merchants) == 0:
		return errors.New("checkout: Config.Merchants is empty")
	}
	for _, m := range c.Merchants {
		if err := m.check(); err != nil {
			return err
		}
	}
	return nil
}

// Alert is something that an operator should see: a line for a log.
type Alert struct {
	// Problem is a constant phrase, such as "query failed".
	Problem   string
	Merchant  string
	SessionID string
	AttemptID string
	RefundID  string
	// Alarm means that an operator must act.
	Alarm bool
	Err   error
}
