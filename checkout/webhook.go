package checkout

import (
	"slices"
	"strings"
	"time"
)

// webhookLease is how long the process that stored an event has the sole right to send
// its webhook.
const webhookLease = 10 * time.Second

// WebhookDueAt returns when the webhook of the event must have been sent: until then
// only the process that stored the event sends it, and then any process may.
func (e Event) WebhookDueAt() time.Time { return e.CreatedAt.Add(webhookLease) }

const (
	// DefaultEndpoint is the ID of the endpoint that a shop's configuration has under
	// `webhook`.
	DefaultEndpoint = "default"
	// EndpointPrefix is the beginning of the ID of each endpoint that was made through the
	// merchant API, and of no other.
	EndpointPrefix = "we_"
	// MaxWebhookEndpoints is how many endpoints a shop may have, with those of its
	// configuration.
	MaxWebhookEndpoints = 16
)

// WebhookEndpoint is where a shop receives events. Several shops may use the same ID for
// an endpoint of their configuration. The ID of an endpoint that was made through the API
// is unique.
type WebhookEndpoint struct {
	ID, Merchant, URL string
	// Events are the types that the endpoint receives, nil for all.
	Events []EventType
	// SealedSecret is the encrypted secret. SealedPrevious is the one before, which signs
	// too until PreviousUntil, or "". Both are "" for an endpoint of the configuration.
	SealedSecret, SealedPrevious string
	PreviousUntil                time.Time
	// Metadata are the shop's own pairs. See CheckMetadata.
	Metadata map[string]string
	// CreatedAt is zero for an endpoint of the configuration.
	CreatedAt time.Time
	// DeletedAt is when the shop deleted the endpoint, or zero. Nothing is sent then.
	DeletedAt time.Time
	// DisabledAt is since when nothing is sent to the endpoint, zero if it is enabled.
	// DisabledReason says why.
	DisabledAt     time.Time
	DisabledReason string
}

// IsConfigured reports whether the endpoint is one of the configuration.
func (e WebhookEndpoint) IsConfigured() bool { return !IsMadeByAPI(e.ID) }

// IsMadeByAPI reports whether an endpoint with this ID was made through the API.
func IsMadeByAPI(endpointID string) bool { return strings.HasPrefix(endpointID, EndpointPrefix) }

// WantsEvent reports whether an endpoint with these event types receives a type. nil
// stands for all types but EventTest, which goes to the endpoint that is tested.
func WantsEvent(events []EventType, t EventType) bool {
	return events == nil && t != EventTest || slices.Contains(events, t)
}

// WebhookKey names what is delivered: an event to an endpoint of the event's merchant.
type WebhookKey struct{ EventID, Endpoint string }

// PendingWebhook is an event whose webhook is not sent yet to an endpoint.
type PendingWebhook struct{ EventID, Endpoint, Merchant string }

// WebhookTry is one try to deliver an event to an endpoint.
type WebhookTry struct {
	EventID, Endpoint, Merchant string
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

// Key returns what the try was to deliver.
func (t WebhookTry) Key() WebhookKey { return WebhookKey{t.EventID, t.Endpoint} }

// DisabledWebhook is an endpoint that is disabled.
type DisabledWebhook struct {
	Merchant, Endpoint string
	DisabledAt         time.Time
	Reason             string
}

// DeliveryState says how far the delivery of an event to an endpoint is.
type DeliveryState string

// The states of a delivery.
const (
	// DeliveryWaiting: the first try or the next one is still to come.
	DeliveryWaiting DeliveryState = "waiting"
	// DeliveryDelivered: the endpoint answered 2xx.
	DeliveryDelivered DeliveryState = "delivered"
	// DeliveryParked: it is not tried again until somebody asks for it.
	DeliveryParked DeliveryState = "parked"
)

// WebhookDelivery is the delivery of an event to an endpoint.
type WebhookDelivery struct {
	WebhookKey
	EventType EventType
	// EventAt is when the event happened.
	EventAt time.Time
	State   DeliveryState
	// Tries are those of the last 30 days, the first one first.
	Tries []WebhookTry
	// ParkedReason is why the delivery is parked, else "".
	ParkedReason string
}

// NextAt returns when the next try is due, zero if none follows or that is not known.
func (d WebhookDelivery) NextAt() time.Time {
	if d.State != DeliveryWaiting || len(d.Tries) == 0 {
		return time.Time{}
	}
	return d.Tries[len(d.Tries)-1].NextAt
}
