package kit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/reconcile"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
)

// Domain is the checkout without its pages and its worker, for a program that
// runs beside a Kit on the same database.
type Domain struct {
	Store      *store.Store
	Service    *checkout.Service
	Reconciler *reconcile.Reconciler

	clock checkout.Clock
	// endpoints are where the webhooks of each merchant are sent.
	endpoints map[string][]worker.Endpoint
	queue     *worker.Queue
}

// NewDomain assembles the domain over an open database. It brings the queue's tables
// up to date, but not if the database was opened with store.KeepSchema. It uses only
// the Merchants, PublicURL, Gateway and Logger of c. It fails if Merchants is wrong, if
// PublicURL is empty, or if the database fails.
func NewDomain(ctx context.Context, db *store.DB, c Config) (*Domain, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.PublicURL == "" {
		return nil, errors.New("kit: Config.PublicURL is empty")
	}
	d := &Domain{endpoints: map[string][]worker.Endpoint{}}
	alarms := newAlarms(c.Logger, time.Now)
	merchants, pages := map[string]checkout.Merchant{}, map[string]web.Merchant{}
	for _, m := range c.Merchants {
		id := m.Checkout.ID
		if _, taken := merchants[id]; id == "" || taken {
			return nil, fmt.Errorf("kit: Config.Merchants: the ID %q is empty or used twice", id)
		}
		merchants[id], pages[id], d.endpoints[id] = m.Checkout, m.Web, m.endpoints()
	}
	returns, err := web.NewReturnPolicy(pages)
	if err != nil {
		return nil, err
	}
	gateway, err := newGateway(c, alarms)
	if err != nil {
		return nil, err
	}
	if d.clock, err = chooseClock(ctx, db, time.Now, c.Logger); err != nil {
		return nil, err
	}
	if d.queue, err = worker.NewQueue(ctx, db, d.clock, d.endpoints); err != nil {
		return nil, err
	}
	d.Store = store.New(db, d.queue)
	rates, _ := gateway.(checkout.Rates)
	alert := logAlerts(c.Logger, alarms)
	d.Service, err = checkout.New(checkout.Config{
		Store: d.Store, Gateway: gateway, Rates: rates, Clock: d.clock, Random: rand.Reader,
		Merchants: merchants, Routes: web.NewRoutes(c.PublicURL), Returns: returns, Alert: alert,
	})
	if err != nil {
		return nil, err
	}
	d.Reconciler, err = reconcile.New(reconcile.Config{
		Records: d.Store, Gateway: gateway, Checkout: d.Service, Random: rand.Reader, Merchants: merchants, Alert: alert,
	})
	return d, err
}

// endpoints returns where the merchant's webhooks are sent, with the secrets that the
// merchant knows.
func (m Merchant) endpoints() []worker.Endpoint {
	known := append(make([]string, 0, 1+len(m.Web.APIKeys)+2*(1+len(m.PreviousAccounts))), m.Web.WeChat.Secret)
	for _, key := range m.Web.APIKeys {
		known = append(known, string(key.Secret)) // "" where only the hash is known
	}
	for _, account := range append([]wantu.Config{m.Account}, m.PreviousAccounts...) {
		known = append(known, account.Key, account.PreviousKey)
	}
	list := append([]worker.Endpoint{m.Webhook}, m.Webhooks...)
	for i := range list {
		list[i].Confidential = slices.Concat(list[i].Confidential, known)
	}
	return list
}

// newGateway returns c.Gateway, or else Wantu's clients for the merchants'
// accounts.
func newGateway(c Config, alarms *alarms) (checkout.Gateway, error) {
	if c.Gateway != nil {
		return c.Gateway, nil
	}
	accounts := map[string]wantupay.Account{}
	for _, m := range c.Merchants {
		id := m.Checkout.ID
		account, err := m.account(LogCalls(c.Logger.With("merchant", id)), watchAccount(id, alarms, time.Now))
		if err != nil {
			return nil, fmt.Errorf("merchant %q: %w", id, err)
		}
		accounts[id] = account
	}
	return wantupay.New(accounts)
}

// account returns the merchant's account with the older ones. watchers are told
// of each call.
func (m Merchant) account(watchers ...wantu.Transport) (wantupay.Account, error) {
	account, err := newAccount(m.Account, m.Web.WeChat.ID, watchers)
	if err != nil {
		return account, err
	}
	for i, c := range m.PreviousAccounts {
		previous, err := newAccount(c, m.Web.WeChat.ID, watchers)
		if err != nil {
			return account, fmt.Errorf("previous account %d: %w", i+1, err)
		}
		account.Previous = append(account.Previous, previous)
	}
	return account, nil
}

// newAccount returns an account with a client. Its name, with which orders are
// stored, must not change.
func newAccount(c wantu.Config, wechatAppID string, watchers []wantu.Transport) (wantupay.Account, error) {
	for _, watcher := range watchers {
		c.Transport = joinTransports(c.Transport, watcher)
	}
	client, err := wantu.New(c)
	return wantupay.Account{
		Name: c.MerchantAccount + "/" + c.StoreAccount, Client: client, MerchantAccount: c.MerchantAccount, WeChatAppID: wechatAppID,
	}, err
}

// joinTransports returns a transport that tells both of each call. first may be
// nil.
func joinTransports(first, second wantu.Transport) wantu.Transport {
	if first == nil {
		return second
	}
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		ctx, firstDone := first(ctx, sent)
		ctx, secondDone := second(ctx, sent)
		return ctx, func(r wantu.Received) {
			firstDone(r)
			secondDone(r)
		}
	}
}

// logAlerts returns a function that writes the domain's alerts to the log.
func logAlerts(logger *slog.Logger, alarms *alarms) func(checkout.Alert) {
	return func(a checkout.Alert) {
		level := slog.LevelWarn
		if a.Alarm {
			level = slog.LevelError
		}
		var removed *wantupay.NotConfiguredError
		if errors.As(a.Err, &removed) { // one alarm instead of a line for each order and try
			level = slog.LevelDebug
			alarms.raise("no account of "+removed.Merchant, "merchant "+removed.Merchant+
				" is not configured, but has open orders: configure it until they have ended", "merchant", removed.Merchant)
		}
		log := logger
		if a.Merchant != "" {
			log = logger.With("merchant", a.Merchant)
		}
		log.Log(context.Background(), level, a.Problem, "session", a.SessionID, "attempt", a.AttemptID, "refund", a.RefundID, "error", a.Err)
	}
}
