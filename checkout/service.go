package checkout

import (
	"context"
	"io"
	"sync"
	"time"
)

// Service is the checkout. It passes each call to the part that does it. Its methods
// are safe for concurrent use, also by several Services with one Store.
type Service struct {
	store     Store
	gateway   Gateway
	clock     Clock
	merchants map[string]Merchant
	routes    Routes
	watchers  *watchers

	background  *background
	creator     *creator
	viewer      *viewer
	placer      *placer
	confirmer   *confirmer
	ender       *ender
	refunder    *refunder
	settler     *refundSettler
	differences *differences
	notifier    *notifier
	notes       browserNotes
	rates       *rates
	sweeper     *sweeper
}

// New returns a Service, or an error that names the field of the Config that is
// missing or wrong.
func New(c Config) (*Service, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.CallTimeout <= 0 {
		c.CallTimeout = 10 * time.Second
	}
	if c.Alert == nil {
		c.Alert = func(Alert) {}
	}
	c.Clock, c.Random = millisClock{c.Clock}, &lockedReader{from: c.Random}
	return assemble(c), nil
}

// assemble makes the parts of a Service, each from the parts that it needs.
func assemble(c Config) *Service {
	s := &Service{
		store: c.Store, gateway: c.Gateway, clock: c.Clock, merchants: c.Merchants, routes: c.Routes,
		watchers: newWatchers(c.Random), background: newBackground(),
	}
	schedule := schedule{watchers: s.watchers, random: c.Random}
	timeline := timeline{store: c.Store, alert: c.Alert}
	leases := leases{store: c.Store, clock: c.Clock, schedule: schedule, timeline: timeline, watchers: s.watchers, callTimeout: c.CallTimeout}
	callRates := newCallRates(c.Merchants)
	calls := calls{gateway: c.Gateway, clock: c.Clock, timeout: c.CallTimeout, rates: callRates, alert: c.Alert}
	ledger := &ledger{
		store: c.Store, clock: c.Clock, random: c.Random, leases: leases, timeline: timeline,
		watchers: s.watchers, alert: c.Alert, pageURL: c.Routes.Page,
	}

	payments := payments{
		store: c.Store, clock: c.Clock, random: c.Random, merchants: c.Merchants, gateway: c.Gateway,
		ledger: ledger, leases: leases, background: s.background, alert: c.Alert,
	}
	closer := closer{store: c.Store, clock: c.Clock, ledger: ledger, leases: leases, calls: calls, payments: payments, alert: c.Alert}
	s.confirmer = &confirmer{
		store: c.Store, clock: c.Clock, ledger: ledger, leases: leases, schedule: schedule,
		calls: calls, payments: payments, closer: closer, alert: c.Alert,
	}
	s.background.tryQuery = s.confirmer.tryQuery // the confirmer needs the background too
	s.ender = &ender{
		store: c.Store, clock: c.Clock, ledger: ledger, leases: leases, timeline: timeline,
		closer: closer, confirmer: s.confirmer, rates: callRates, alert: c.Alert,
	}
	s.placer = &placer{
		store: c.Store, gateway: c.Gateway, clock: c.Clock, random: c.Random, merchants: c.Merchants, routes: c.Routes,
		ledger: ledger, leases: leases, calls: calls, closer: closer, ender: s.ender, background: s.background, alert: c.Alert,
	}

	s.refunder = &refunder{
		store: c.Store, gateway: c.Gateway, clock: c.Clock, random: c.Random,
		ledger: ledger, leases: leases, schedule: schedule, calls: calls,
	}
	s.settler = &refundSettler{store: c.Store, gateway: c.Gateway, clock: c.Clock, random: c.Random, ledger: ledger, leases: leases, calls: calls}
	s.differences = &differences{store: c.Store, merchants: c.Merchants, ledger: ledger, background: s.background, refunder: s.refunder, settler: s.settler}

	s.rates = &rates{source: c.Rates, clock: c.Clock, background: s.background, callTimeout: c.CallTimeout, alert: c.Alert, known: map[rateKey]rate{}}
	s.creator = &creator{store: c.Store, clock: c.Clock, random: c.Random, merchants: c.Merchants, returns: c.Returns, rates: s.rates, placer: s.placer}
	s.viewer = &viewer{store: c.Store, clock: c.Clock, watchers: s.watchers}
	s.notifier = &notifier{
		store: c.Store, gateway: c.Gateway, clock: c.Clock, random: c.Random,
		ledger: ledger, leases: leases, confirmer: s.confirmer, background: s.background, alert: c.Alert,
	}
	s.notes = browserNotes{store: c.Store, clock: c.Clock, timeline: timeline, routes: c.Routes, alert: c.Alert}
	s.sweeper = &sweeper{
		store: c.Store, clock: c.Clock, confirmer: s.confirmer, ender: s.ender, refunder: s.refunder, rates: s.rates, watchers: s.watchers,
		callRates: callRates, background: s.background, watched: watchedQueue{waiting: map[string][]Attempt{}, queued: map[string]bool{}},
		lanes: map[laneKey]*lane{},
	}
	return s
}

// CheckNew returns the error that Create would return for the fields of a request: a
// *FieldError for each field that is wrong, joined. It may return the store's error where
// NewSession.RecoveredFrom is set.
func (s *Service) CheckNew(ctx context.Context, n NewSession) error { return s.creator.check(ctx, n) }

// Answered returns the claim of a key that created a session of the merchant less than
// KeyLifetime ago, with the answer to the request. It returns ErrNotFound if there is none.
func (s *Service) Answered(ctx context.Context, merchant, key string) (Claim, error) {
	return s.creator.claimOf(ctx, merchant, ClaimKey, key)
}

// Create stores a new open session. It returns a *FieldError for each field that is
// wrong, joined, and a *ClaimedError if another session has the key or the reference.
// With NewSession.Shopper it may place an order too: if that fails, the session
// is created all the same.
func (s *Service) Create(ctx context.Context, n NewSession) (Session, error) {
	return s.creator.create(ctx, n)
}

// Session returns a session, or ErrNotFound for an ID that is unknown or malformed.
func (s *Service) Session(ctx context.Context, id string) (Session, error) {
	return readSession(ctx, s.store, id)
}

// View reads what a page shows of a session. It changes nothing and does not call the
// gateway. It returns ErrNotFound for an ID that is unknown or malformed.
func (s *Service) View(ctx context.Context, sessionID string) (View, error) {
	return s.viewer.view(ctx, sessionID)
}

// WatchedView is View for those who watch the session. The store is read once after
// each change, and once for each new watcher, however many watchers there are.
func (s *Service) WatchedView(ctx context.Context, sessionID string) (View, error) {
	return s.viewer.watchedView(ctx, sessionID)
}

// ViewReturn returns the whole View of the session that a return token belongs to. The
// caller must show only its status, because the token gives no right to see the session.
// It returns ErrNotFound for a token that is unknown or malformed.
func (s *Service) ViewReturn(ctx context.Context, token string) (View, error) {
	return s.viewer.viewReturn(ctx, token)
}

// SessionOfReturn returns the ID of the session that a return token belongs to, or
// ErrNotFound for a token that is unknown or malformed.
func (s *Service) SessionOfReturn(ctx context.Context, token string) (sessionID string, err error) {
	return s.viewer.sessionOfReturn(ctx, token)
}

// Start returns an attempt that the shopper can pay now. It returns the session's open
// attempt for the wallet if it is the newest open attempt of the session, which the pages
// show, its flow and payer are the same, and it is younger than 110 minutes. So a double
// click, a reload and a second tab get the same attempt. Otherwise it ends the wallet's
// open attempt, places a new order and returns the new attempt. It also ends an attempt
// whose payment the wallet refused, because its order can still be paid.
//
// A session may have 5 orders in quick succession, then one every 30 s, and
// [MaxAttempts] in all. At this limit Start returns *StartLimitError instead of a new
// order, and an attempt that the shopper can pay stays open.
//
// Errors: ErrNotFound, ErrNotPayable, ErrNotHere, *StartLimitError, ErrNeedsOpenID,
// *FieldError, ErrRefused, the store's, and ErrOutcomeUnknown. After ErrOutcomeUnknown
// Start may be called again: it settles the order by its number.
func (s *Service) Start(ctx context.Context, r StartRequest) (Attempt, error) {
	return s.placer.start(ctx, r)
}

// Confirm queries the gateway about an attempt and stores what follows from the
// answer. It also closes an unpaid order if the session has ended, or if the answer to
// the order was lost. It does nothing if the attempt is paid, quarantined or leased. For
// [CauseBrowser] it also does nothing if the last query is less than 2 s ago. It returns
// the attempt as it then is, also with an error of the gateway.
//
// Errors: ErrNotFound, the store's, and the gateway's, such as ErrOutcomeUnknown if the
// gateway did not answer. While the session is open, it is no error that the gateway does
// not know the order. After an error of the gateway the sweep queries again.
func (s *Service) Confirm(ctx context.Context, attemptID string, cause Cause) (Attempt, error) {
	return s.confirmer.confirm(ctx, attemptID, cause)
}

// Cancel cancels an open session: its orders are queried, then closed at the gateway,
// and only then the session is canceled. A session with a paid order is complete
// instead. A session that has ended stays as it is, without an error.
//
// If an order cannot be closed, for example because the gateway does not answer, the
// session stays open: Cancel returns it with the error. It returns ErrNotFound for an
// ID that is unknown or malformed.
func (s *Service) Cancel(ctx context.Context, sessionID string) (Session, error) {
	return s.ender.cancel(ctx, sessionID)
}

// End is Cancel for the shop: as is StatusCanceled or StatusExpired.
func (s *Service) End(ctx context.Context, sessionID string, as Status) (Session, error) {
	return s.ender.end(ctx, sessionID, as)
}

// Notify takes a notification that was posted to a notify_url (manual 2.6). It is
// stored or counted when Notify returns, or dropped as one of a flood: see
// [KeptNotifications]. Only VerdictAccepted may be acknowledged, with
// [Service.Acknowledgement]. A notification decides nothing. An accepted one causes a
// query in the background, unless it reports "unpaid" or the attempt needs no query.
//
// ErrNotFound means that no order has this token. After any other error the notification
// may not be stored: do not acknowledge it, whatever the Verdict is.
func (s *Service) Notify(ctx context.Context, token string, m NotificationMessage) (Verdict, error) {
	return s.notifier.notify(ctx, token, m, true)
}

// NotifySigned is Notify for a sender that has sent too many unsigned notifications. It
// drops a notification with VerdictRejected: nothing is stored, counted or alerted.
func (s *Service) NotifySigned(ctx context.Context, token string, m NotificationMessage) (Verdict, error) {
	return s.notifier.notify(ctx, token, m, false)
}

// Acknowledgement returns the answer to a notification, in the gateway's words.
func (s *Service) Acknowledgement(accepted bool) Acknowledgement {
	return s.gateway.Acknowledgement(accepted)
}

// Returned notes in the timeline that a browser came to the return_url with this
// token: at most once a minute, and [MaxReturns] times. It does nothing for an unknown
// token.
func (s *Service) Returned(ctx context.Context, token string) { s.notes.returned(ctx, token) }

// BridgeAnswered notes in the timeline what WeixinJSBridge answered to the browser
// that pays an attempt by [flow.JSAPI], such as "get_brand_wcpay_request:fail". A
// failure raises an alert with what the operator should check. Whoever sees the page
// can send an answer, so only the first [MaxBridgeAnswers] are noted. It does nothing
// for attempts by another flow.
func (s *Service) BridgeAnswered(ctx context.Context, a Attempt, answer string) {
	s.notes.bridgeAnswered(ctx, a, answer)
}

// BridgeFailed reports whether WeChat's payment sheet has failed for an attempt of the
// session by this payer.
func (s *Service) BridgeFailed(ctx context.Context, sessionID, payer string) (bool, error) {
	return s.viewer.bridgeFailed(ctx, sessionID, payer)
}

// Refund refunds money of a session's payment. The refund is stored before the gateway
// is called. A refund that is pending when Refund returns is sent again until the
// gateway answers. A refund that the gateway refused has failed, which is no error.
//
// Errors: ErrNotFound, ErrNotRefundable, the store's, *UsedError where the reference or the
// key names another refund, and *FieldError. A *FieldError means that
//   - a field is malformed,
//   - the amount is more than what is left, or nothing is left,
//   - there is no second payment, for NewRefund.Second,
//   - the wallet that paid cannot refund.
func (s *Service) Refund(ctx context.Context, sessionID string, n NewRefund) (Refund, error) {
	return s.refunder.request(ctx, sessionID, n)
}

// SettleRefund settles a refund as an operator says, or as the gateway's statement
// says, and tells the shop. A failed refund may turn out to have succeeded. Errors are
// ErrNotFound, *FieldError, ErrRefundSettled, ErrRefundBusy, ErrNotListed,
// ErrListedOtherwise, the gateway's and the store's.
func (s *Service) SettleRefund(ctx context.Context, id string, by Settlement) (Refund, error) {
	return s.settler.settle(ctx, id, by)
}

// TellDifference tells a merchant's shop of a difference between the gateway's
// statement and the checkout's records, and reports whether this is the first time. It
// tells once. An error is the store's.
func (s *Service) TellDifference(ctx context.Context, merchant string, f Finding) (bool, error) {
	return s.differences.tell(ctx, merchant, f)
}

// SettleDifference settles a difference where that is possible, and reports whether
// the records now agree with the statement. For a payment that the statement lists it
// queries the gateway, whose signed answer decides. A refund that the statement lists
// was made, whatever the gateway answers now. An error is the store's.
func (s *Service) SettleDifference(ctx context.Context, f Finding) (bool, error) {
	return s.differences.settle(ctx, f)
}

// Sweep does the work that is due: it queries attempts, ends sessions that have
// expired, and sends refunds again, for all merchants at once, the longest due first. It
// goes on until nothing is due that it has not tried. Its calls of the gateway for a
// merchant wait for their turn: see [Merchant.QueriesPerSecond]. Once ctx is done it
// begins nothing more; what is left is due at the next sweep. An error is the store's. An
// error of the gateway raises an alert, and the work is scheduled again.
//
// Sweeps may overlap. A sweep leaves out what another one is beginning, so a merchant
// whose gateway does not answer delays no other merchant.
func (s *Service) Sweep(ctx context.Context) error { return s.sweeper.sweep(ctx) }

// SweepWatched queries the attempts that pages of this Service watch, and asks for the
// exchange rates that they show. The queries run in the background and wait for their
// turn, as those of [Service.Sweep]. Once ctx is done it begins no more. Where several
// Services share a Store, each must do this: no other knows its pages.
func (s *Service) SweepWatched(ctx context.Context) { s.sweeper.sweepWatched(ctx) }

// Watch returns a channel that receives when the session may have changed, and a
// function that ends the watch, which must be called. While somebody watches, the
// gateway is queried more often.
func (s *Service) Watch(sessionID string) (<-chan struct{}, func()) { return s.watchers.add(sessionID) }

// Seen says that a page without a stream shows the session: it polls or reloads. It
// counts as a watcher for a while.
func (s *Service) Seen(sessionID string) { s.watchers.polled(sessionID, s.clock.Now()) }

// Changed wakes the watchers of a session that another Service over the same Store
// may have changed. sessionID is "" where any session may have changed.
func (s *Service) Changed(sessionID string) {
	if sessionID == "" {
		s.watchers.allChanged()
		return
	}
	s.watchers.changed(sessionID)
}

// ApproximateCNY returns a session's amount in CNY, in minor units of it, where a
// wallet of mainland China is offered and the rate is known. It reports false for a
// session in CNY. The amount is approximate: the wallet decides what the shopper pays.
func (s *Service) ApproximateCNY(session Session) (minor int64, known bool) {
	return s.rates.approximateCNY(session)
}

// Now returns the time of the checkout's clock. Compare the checkout's times with it.
func (s *Service) Now() time.Time { return s.clock.Now() }

// Merchant returns a configured shop, or the zero Merchant for an unknown ID.
func (s *Service) Merchant(id string) Merchant { return s.merchants[id] }

// PageURL is where the shopper opens a session.
func (s *Service) PageURL(sessionID string) string { return s.routes.Page(sessionID) }

// Public returns a session as its shop sees it.
func (s *Service) Public(session Session) PublicSession { return session.Public(s.PageURL(session.ID)) }

// Drain refuses new background work and waits for the running work to end, or for ctx,
// whose error it then returns.
func (s *Service) Drain(ctx context.Context) error { return s.background.drain(ctx) }

// millisClock tells the time in milliseconds, as a Store keeps it: what a method
// returns is what the next read finds.
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
