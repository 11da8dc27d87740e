package kit

import (
	"context"
	"crypto/rand"
	"database/sql"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/web"
)

// newWebhooks returns the webhook endpoints of the merchants. box encrypts their secrets.
func newWebhooks(d *Domain, shops []Merchant, box web.SecretBox) (*checkout.Webhooks, error) {
	merchants, inTestMode := map[string][]checkout.WebhookEndpoint{}, map[string]bool{}
	for _, m := range shops {
		inTestMode[m.Checkout.ID] = m.Checkout.TestMode
	}
	for merchant, list := range d.endpoints {
		for _, e := range list {
			if e.URL != "" {
				merchants[merchant] = append(merchants[merchant], e.Public(merchant))
			}
		}
	}
	return checkout.NewWebhooks(checkout.WebhooksConfig{
		Store: d.Store, Sender: webhookSender{d.Store, d.queue}, Clock: d.clock, Random: rand.Reader, Merchants: merchants, InTestMode: inTestMode,
		NewSecret: worker.NewWebhookSecret, Seal: box.Seal,
		CheckURL: func(merchant, address string) error {
			return worker.CheckAPIURL(address, worker.Settings(d.endpoints[merchant]))
		},
	})
}

// webhookSender has events sent by the store's rows and the queue's jobs.
type webhookSender struct {
	*store.Store
	queue *worker.Queue
}

// Replay implements checkout.WebhookSender.
func (s webhookSender) Replay(ctx context.Context, keys []checkout.WebhookKey) error {
	return s.ReplayWebhooks(ctx, keys, s.queue.Replay)
}

// Retry implements checkout.WebhookSender.
func (s webhookSender) Retry(ctx context.Context, merchant, endpoint string, limit int) (int, error) {
	return s.RetryWebhooks(ctx, merchant, endpoint, limit, s.queue.Replay, func(ctx context.Context, tx *sql.Tx, limit int) (int, error) {
		return s.queue.RetryWaiting(ctx, tx, merchant, endpoint, limit)
	})
}
