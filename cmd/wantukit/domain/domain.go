// Package domain assembles the checkout's domain over an open database, for the
// server and for the verbs that do what it does. Call [New].
package domain

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// Config is what a Domain is made of.
type Config struct {
	DB    *store.DB
	Shops []config.Shop
	// PublicURL is where shoppers reach the server, without a slash at its end.
	PublicURL string
	Logger    *slog.Logger
}

// Domain is the checkout without its pages and its worker.
type Domain struct {
	Store   *store.Store
	Service *checkout.Service
	// Endpoints are where the shops' webhooks go.
	Endpoints map[string]worker.Endpoint
	// Clock is what the checkout goes by.
	Clock checkout.Clock
}

// New brings the queue's tables up to date and wires the rooms together.
func New(ctx context.Context, c Config) (*Domain, error) {
	d := &Domain{Endpoints: map[string]worker.Endpoint{}}
	alarms := newAlarms(c.Logger, time.Now)
	accounts, merchants := map[string]wantupay.Account{}, map[string]checkout.Merchant{}
	for _, s := range c.Shops {
		account, err := s.Account(both(LogCalls(c.Logger.With("merchant", s.ID)), watchAccount(s.ID, alarms, time.Now)))
		if err != nil {
			return nil, fmt.Errorf("merchant %q: %w", s.ID, err)
		}
		accounts[s.ID] = account
		merchants[s.ID], d.Endpoints[s.ID] = s.Domain(), s.Endpoint()
	}
	var err error
	if d.Clock, err = clockOf(ctx, c.DB, time.Now, c.Logger); err != nil {
		return nil, err
	}
	queue, err := worker.NewQueue(ctx, c.DB, d.Clock, d.Endpoints)
	if err != nil {
		return nil, err
	}
	d.Store = store.New(c.DB, queue.Enqueue)
	gateway, err := wantupay.New(accounts)
	if err != nil {
		return nil, err
	}
	d.Service, err = checkout.New(checkout.Config{
		Store: d.Store, Gateway: gateway, Rates: gateway, Clock: d.Clock, Random: rand.Reader,
		Merchants: merchants, PublicURL: c.PublicURL, Alert: reportTo(c.Logger, alarms),
	})
	return d, err
}

// reportTo writes what the domain reports to a log.
func reportTo(logger *slog.Logger, alarms *alarms) func(checkout.Alert) {
	return func(r checkout.Alert) {
		level := slog.LevelWarn
		if r.Alarm {
			level = slog.LevelError
		}
		var removed *wantupay.NotConfiguredError
		if errors.As(r.Err, &removed) { // each of its orders would say so, at each try
			level = slog.LevelDebug
			alarms.raise("no account of "+removed.Merchant, "merchant "+removed.Merchant+
				" is not configured, and has orders that go on; configure it until they have ended", "merchant", removed.Merchant)
		}
		about := logger
		if r.Merchant != "" {
			about = logger.With("merchant", r.Merchant)
		}
		about.Log(context.Background(), level, r.Problem, "session", r.SessionID, "attempt", r.AttemptID, "refund", r.RefundID, "error", r.Err)
	}
}
