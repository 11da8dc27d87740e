package checkout

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"
)

const (
	// MaxSecretOverlap is for how long the secret before a roll can sign too.
	MaxSecretOverlap = 7 * 24 * time.Hour
	// MaxDeliveries is how many deliveries a page of the list has, and how many events one
	// retry takes.
	MaxDeliveries = 100
	// maxEndpointURL is the length in bytes of the longest URL of an endpoint.
	maxEndpointURL = 2048
)

// WebhookStore keeps the endpoints that were made through the API, and knows the deliveries.
// It is a *store.Store.
type WebhookStore interface {
	// Event returns an event, or ErrNotFound.
	Event(ctx context.Context, id string) (Event, error)
	// CreateWebhookEndpoint stores a new endpoint, or returns ErrTooManyEndpoints if the
	// merchant has limit of them.
	CreateWebhookEndpoint(ctx context.Context, e WebhookEndpoint, limit int) error
	// ChangeWebhookEndpoint calls change with an endpoint and stores it, in one transaction.
	// It returns ErrNotFound if the merchant has no such endpoint, and change's error.
	ChangeWebhookEndpoint(ctx context.Context, merchant, id string, change func(*WebhookEndpoint) error) (WebhookEndpoint, error)
	// WebhookEndpoint returns an endpoint that is not deleted, or ErrNotFound.
	WebhookEndpoint(ctx context.Context, merchant, id string) (WebhookEndpoint, error)
	// WebhookEndpoints returns a merchant's endpoints that are not deleted.
	WebhookEndpoints(ctx context.Context, merchant string) ([]WebhookEndpoint, error)
	// DisabledWebhooks returns the endpoints of a merchant that are disabled.
	DisabledWebhooks(ctx context.Context, merchant string) ([]DisabledWebhook, error)
	// DisableWebhooks disables an endpoint. It does nothing if it is disabled already.
	DisableWebhooks(ctx context.Context, merchant, endpoint string, at time.Time, reason string) error
	// EnableWebhooks enables an endpoint, or returns ErrNotFound if it is not disabled.
	EnableWebhooks(ctx context.Context, merchant, endpoint string) error
	// WebhookDeliveries returns up to limit deliveries to an endpoint, the newest event
	// first: those of the events before the event `before`, unless that is "".
	WebhookDeliveries(ctx context.Context, merchant, endpoint, before string, limit int) ([]WebhookDelivery, error)
	// WebhookDelivery returns one delivery, or ErrNotFound.
	WebhookDelivery(ctx context.Context, merchant string, k WebhookKey) (WebhookDelivery, error)
}

// WebhookSender has events sent.
type WebhookSender interface {
	// Replay has events delivered again, all or none. It returns a *DisabledError if one of
	// the endpoints is disabled, and ErrNotFound for an unknown event.
	Replay(ctx context.Context, keys []WebhookKey) error
	// Retry has up to limit events delivered at once that are parked for an endpoint or wait
	// for their next try there. It returns how many there were.
	Retry(ctx context.Context, merchant, endpoint string, limit int) (int, error)
	// SendTest stores an EventTest and has it delivered to one endpoint.
	SendTest(ctx context.Context, e Event, endpoint string) error
}

// WebhooksConfig is the configuration of Webhooks. All fields are required, but
// Merchants and InTestMode.
type WebhooksConfig struct {
	Store  WebhookStore
	Sender WebhookSender
	Clock  Clock
	Random io.Reader
	// Merchants are the shops' IDs with their endpoints of the configuration. Of these,
	// only the ID, the URL and the Events are used.
	Merchants map[string][]WebhookEndpoint
	// InTestMode are the shops in test mode. Defaults to none.
	InTestMode map[string]bool
	// CheckURL returns why webhooks of a merchant cannot be sent to a URL, or nil. Its error
	// is shown to the shop.
	CheckURL func(merchant, address string) error
	// NewSecret returns a new secret of random bits.
	NewSecret func(random io.Reader) (string, error)
	// Seal encrypts a secret.
	Seal func(secret string) (string, error)
}

// Webhooks are the webhook endpoints of the shops. Its methods return ErrNotFound for an
// endpoint that the merchant does not have. They are safe for concurrent use.
type Webhooks struct{ WebhooksConfig }

// NewWebhooks returns Webhooks, or an error if a field is missing.
func NewWebhooks(c WebhooksConfig) (*Webhooks, error) {
	if c.Store == nil || c.Sender == nil || c.Clock == nil || c.Random == nil || c.CheckURL == nil || c.NewSecret == nil || c.Seal == nil {
		return nil, errors.New("checkout: WebhooksConfig.Store, Sender, Clock, Random, CheckURL, NewSecret and Seal are required")
	}
	c.Clock, c.Random = millisClock{c.Clock}, &lockedReader{from: c.Random}
	return &Webhooks{c}, nil
}

// NewWebhookEndpoint is what a shop says of a new endpoint.
type NewWebhookEndpoint struct {
	URL string
	// Events are the types that the endpoint receives. nil or "*" stand for all.
	Events   []EventType
	Metadata map[string]string
}

// WebhookEndpointChange is what a shop changes of an endpoint. What is nil stays.
type WebhookEndpointChange struct {
	URL      *string
	Events   []EventType
	Metadata map[string]string
	// Disabled stops or resumes what is sent. What happens meanwhile is parked.
	Disabled *bool
}

// Create makes an endpoint and returns it with its secret, which is not shown again. It
// returns a *FieldError for each wrong field, joined, and ErrTooManyEndpoints.
func (w *Webhooks) Create(ctx context.Context, merchant string, n NewWebhookEndpoint) (e WebhookEndpoint, secret string, err error) {
	events, err := checkEvents(n.Events)
	if err := errors.Join(w.checkURL(merchant, n.URL), err, checkMetadata(n.Metadata)); err != nil {
		return e, "", err
	}
	id, err := NewID(w.Random, EndpointPrefix)
	if err != nil {
		return e, "", err
	}
	secret, sealed, err := w.newSecret()
	if err != nil {
		return e, "", err
	}
	e = WebhookEndpoint{
		ID: id, Merchant: merchant, URL: n.URL, Events: events, Metadata: n.Metadata, SealedSecret: sealed, CreatedAt: w.Clock.Now(),
	}
	return e, secret, w.Store.CreateWebhookEndpoint(ctx, e, MaxWebhookEndpoints-len(w.Merchants[merchant]))
}

// newSecret returns a new secret, and the same encrypted.
func (w *Webhooks) newSecret() (secret, sealed string, err error) {
	if secret, err = w.NewSecret(w.Random); err != nil {
		return "", "", err
	}
	sealed, err = w.Seal(secret)
	return secret, sealed, err
}

// checkURL returns a *FieldError unless webhooks can be sent to a URL.
func (w *Webhooks) checkURL(merchant, address string) error {
	fault := &FieldError{Field: "url"}
	switch {
	case address == "":
		fault.Code, fault.Problem = FieldMissing, "is needed"
	case len(address) > maxEndpointURL:
		fault.Problem = "is longer than " + strconv.Itoa(maxEndpointURL) + " bytes"
	default:
		problem := w.CheckURL(merchant, address)
		if problem == nil {
			return nil
		}
		fault.Problem = "cannot be used: " + problem.Error()
	}
	return fault
}

// checkEvents returns the types, each once, or nil for all. It returns a *FieldError for a
// type that does not exist.
func checkEvents(types []EventType) (checked []EventType, err error) {
	if types == nil || len(types) == 1 && types[0] == "*" {
		return nil, nil
	}
	if len(types) == 0 {
		return nil, &FieldError{Field: "events", Problem: "must not be empty: leave it out, or write [\"*\"] for all"}
	}
	for _, t := range types {
		if !slices.Contains(EventTypes(), t) {
			allowed := []string{"*"}
			for _, known := range EventTypes() {
				allowed = append(allowed, string(known))
			}
			return nil, &FieldError{Field: "events", Problem: "must be a list of types of events, or of * alone", Allowed: allowed}
		}
		if !slices.Contains(checked, t) {
			checked = append(checked, t)
		}
	}
	return checked, nil
}

// List returns the endpoints of a merchant: those of its configuration, then the others,
// the oldest first.
func (w *Webhooks) List(ctx context.Context, merchant string) ([]WebhookEndpoint, error) {
	made, err := w.Store.WebhookEndpoints(ctx, merchant)
	if err != nil {
		return nil, err
	}
	return w.withStates(ctx, merchant, slices.Concat(w.Merchants[merchant], made)...)
}

// withStates returns endpoints of a merchant with since when and why they are disabled.
func (w *Webhooks) withStates(ctx context.Context, merchant string, endpoints ...WebhookEndpoint) (list []WebhookEndpoint, err error) {
	disabled, err := w.Store.DisabledWebhooks(ctx, merchant)
	if err != nil {
		return nil, err
	}
	for _, e := range endpoints {
		for _, d := range disabled {
			if d.Endpoint == e.ID {
				e.DisabledAt, e.DisabledReason = d.DisabledAt, d.Reason
			}
		}
		list = append(list, e)
	}
	return list, nil
}

// Get returns an endpoint.
func (w *Webhooks) Get(ctx context.Context, merchant, id string) (WebhookEndpoint, error) {
	e, err := w.find(ctx, merchant, id)
	if err != nil {
		return e, err
	}
	list, err := w.withStates(ctx, merchant, e)
	if err != nil {
		return WebhookEndpoint{}, err
	}
	return list[0], nil
}

// find returns an endpoint without its state.
func (w *Webhooks) find(ctx context.Context, merchant, id string) (WebhookEndpoint, error) {
	for _, e := range w.Merchants[merchant] {
		if e.ID == id {
			return e, nil
		}
	}
	if !validID(id, EndpointPrefix) {
		return WebhookEndpoint{}, ErrNotFound
	}
	return w.Store.WebhookEndpoint(ctx, merchant, id)
}

// findOwn returns ErrNotFound unless the merchant has the endpoint, and ErrConfigured if it
// is one of the configuration.
func (w *Webhooks) findOwn(ctx context.Context, merchant, id string) error {
	e, err := w.find(ctx, merchant, id)
	if err == nil && e.IsConfigured() {
		return ErrConfigured
	}
	return err
}

// Change changes an endpoint and returns it. It returns a *FieldError for each wrong field,
// joined. Of an endpoint of the configuration only Disabled can be changed: it returns
// ErrConfigured for another field.
func (w *Webhooks) Change(ctx context.Context, merchant, id string, c WebhookEndpointChange) (WebhookEndpoint, error) {
	if _, err := w.find(ctx, merchant, id); err != nil {
		return WebhookEndpoint{}, err
	}
	events, err := checkEvents(c.Events)
	if c.URL != nil {
		err = errors.Join(w.checkURL(merchant, *c.URL), err)
	}
	if err := errors.Join(err, checkMetadata(c.Metadata)); err != nil {
		return WebhookEndpoint{}, err
	}
	if c.URL != nil || c.Events != nil || c.Metadata != nil {
		if err := w.changeOwn(ctx, merchant, id, func(e *WebhookEndpoint) error {
			if c.URL != nil {
				e.URL = *c.URL
			}
			if c.Events != nil {
				e.Events = events
			}
			if c.Metadata != nil {
				e.Metadata = c.Metadata
			}
			return nil
		}); err != nil {
			return WebhookEndpoint{}, err
		}
	}
	if c.Disabled != nil {
		if err := w.setDisabled(ctx, merchant, id, *c.Disabled); err != nil {
			return WebhookEndpoint{}, err
		}
	}
	return w.Get(ctx, merchant, id)
}

// changeOwn changes an endpoint that was made through the API.
func (w *Webhooks) changeOwn(ctx context.Context, merchant, id string, change func(*WebhookEndpoint) error) error {
	if err := w.findOwn(ctx, merchant, id); err != nil {
		return err
	}
	_, err := w.Store.ChangeWebhookEndpoint(ctx, merchant, id, change)
	return err
}

func (w *Webhooks) setDisabled(ctx context.Context, merchant, id string, disabled bool) error {
	if disabled {
		return w.Store.DisableWebhooks(ctx, merchant, id, w.Clock.Now(), "the shop has disabled it")
	}
	if err := w.Store.EnableWebhooks(ctx, merchant, id); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// Delete deletes an endpoint. What waits for it is not sent any more. It returns
// ErrConfigured for an endpoint of the configuration.
func (w *Webhooks) Delete(ctx context.Context, merchant, id string) error {
	return w.changeOwn(ctx, merchant, id, func(e *WebhookEndpoint) error {
		e.DeletedAt, e.SealedSecret, e.SealedPrevious = w.Clock.Now(), "", ""
		return nil
	})
}

// Roll gives an endpoint a new secret and returns it, with the endpoint. The secret until
// now signs too for the time of overlap, from 0 to MaxSecretOverlap. It returns
// ErrConfigured for an endpoint of the configuration.
func (w *Webhooks) Roll(ctx context.Context, merchant, id string, overlap time.Duration) (e WebhookEndpoint, secret string, err error) {
	if overlap < 0 || overlap > MaxSecretOverlap {
		return e, "", &FieldError{Field: "overlap_seconds", Problem: "must be from 0 to " + strconv.Itoa(int(MaxSecretOverlap/time.Second))}
	}
	secret, sealed, err := w.newSecret()
	if err != nil {
		return e, "", err
	}
	err = w.changeOwn(ctx, merchant, id, func(e *WebhookEndpoint) error {
		e.SealedSecret, e.SealedPrevious, e.PreviousUntil = sealed, e.SealedSecret, w.Clock.Now().Add(overlap)
		if overlap == 0 {
			e.SealedPrevious, e.PreviousUntil = "", time.Time{}
		}
		return nil
	})
	if err != nil {
		return e, "", err
	}
	e, err = w.Get(ctx, merchant, id)
	return e, secret, err
}

// Test sends an EventTest to an endpoint and returns its delivery. It returns a
// *DisabledError if the endpoint is disabled.
func (w *Webhooks) Test(ctx context.Context, merchant, id string) (WebhookDelivery, error) {
	if _, err := w.find(ctx, merchant, id); err != nil {
		return WebhookDelivery{}, err
	}
	eventID, err := NewID(w.Random, EventPrefix)
	if err != nil {
		return WebhookDelivery{}, err
	}
	e := Event{ID: eventID, Type: EventTest, Merchant: merchant, TestMode: w.InTestMode[merchant], CreatedAt: w.Clock.Now()}
	return WebhookDelivery{
		WebhookKey: WebhookKey{e.ID, id}, EventType: e.Type, EventAt: e.CreatedAt, State: DeliveryWaiting,
	}, w.Sender.SendTest(ctx, e, id)
}

// Deliveries returns up to limit deliveries to an endpoint, the newest event first, of the
// events before the event `before`, unless that is "". limit is from 1 to MaxDeliveries.
func (w *Webhooks) Deliveries(ctx context.Context, merchant, id, before string, limit int) (list []WebhookDelivery, hasMore bool, err error) {
	if _, err := w.find(ctx, merchant, id); err != nil {
		return nil, false, err
	}
	if list, err = w.Store.WebhookDeliveries(ctx, merchant, id, before, limit+1); len(list) > limit {
		return list[:limit], true, err
	}
	return list, false, err
}

// Delivery returns the delivery of an event to an endpoint.
func (w *Webhooks) Delivery(ctx context.Context, merchant string, k WebhookKey) (WebhookDelivery, error) {
	if _, err := w.find(ctx, merchant, k.Endpoint); err != nil {
		return WebhookDelivery{}, err
	}
	return w.Store.WebhookDelivery(ctx, merchant, k)
}

// Retry sends what waits for an endpoint or is parked at once: the event, or up to
// MaxDeliveries events if that is "". It returns how many there were. It returns a
// *DisabledError if the endpoint is disabled.
func (w *Webhooks) Retry(ctx context.Context, merchant, id, eventID string) (n int, err error) {
	if eventID != "" {
		_, err := w.Redeliver(ctx, merchant, eventID, id)
		return 1, err
	}
	if _, err := w.find(ctx, merchant, id); err != nil {
		return 0, err
	}
	return w.Sender.Retry(ctx, merchant, id, MaxDeliveries)
}

// Redeliver sends an event again to an endpoint, or to all endpoints that want its type and
// are not disabled if that is "". It returns to which. It returns a *DisabledError if they
// are disabled, and ErrNoEndpoint if no endpoint wants the event.
func (w *Webhooks) Redeliver(ctx context.Context, merchant, eventID, endpoint string) (ids []string, err error) {
	e, err := w.Store.Event(ctx, eventID)
	if err == nil && e.Merchant != merchant {
		err = ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if endpoint == "" {
		ids, err = w.wanting(ctx, e)
	} else {
		ids = []string{endpoint}
		_, err = w.find(ctx, merchant, endpoint)
	}
	if err != nil {
		return nil, err
	}
	keys := make([]WebhookKey, len(ids))
	for i, id := range ids {
		keys[i] = WebhookKey{eventID, id}
	}
	return ids, w.Sender.Replay(ctx, keys)
}

// wanting returns the endpoints that want an event and are not disabled.
func (w *Webhooks) wanting(ctx context.Context, e Event) (ids []string, err error) {
	list, err := w.List(ctx, e.Merchant)
	if err != nil {
		return nil, err
	}
	err = ErrNoEndpoint
	for _, one := range list {
		switch {
		case !WantsEvent(one.Events, e.Type):
		case one.DisabledAt.IsZero():
			ids = append(ids, one.ID)
		default:
			err = &DisabledError{e.Merchant, one.ID}
		}
	}
	if len(ids) > 0 {
		return ids, nil
	}
	return nil, err
}
