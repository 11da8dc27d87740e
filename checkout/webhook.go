package checkout

import "time"

// webhookLease is how long the process that stored an event has the sole right to send
// its webhook.
const webhookLease = 10 * time.Second

// WebhookDueAt returns when the webhook of the event must have been sent: until then
// only the process that stored the event sends it, and then any process may.
func (e Event) WebhookDueAt() time.Time { return e.CreatedAt.Add(webhookLease) }

// PendingWebhook is an event whose webhook is not sent yet.
type PendingWebhook struct{ EventID, Merchant string }

// WebhookTry is one try to deliver the webhook of an event.
type WebhookTry struct {
	EventID, Merchant string
	// Number is 1 for the first try. It starts again after a replay.
	Number int
	At     time.Time
	// Status is the HTTP status of the shop's answer, 0 for none.
	Status int
	// Took is how long the exchange took, in whole milliseconds.
	Took time.Duration
	// Answer is the first part of the answer's body: up to 512 bytes.
	Answer string
	// Error is why the try failed, "" if the shop has the event.
	Error string
	// NextAt is when the next try is due, zero if none follows.
	NextAt time.Time
	// EndsPending says that the event was pending until this try. It is not stored.
	EndsPending bool
}
