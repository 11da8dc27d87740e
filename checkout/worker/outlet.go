package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// keepDeleted is how long a process works off what waits for an endpoint that was deleted.
// It is longer than the longest wait between two tries.
const keepDeleted = 7 * 24 * time.Hour

// endpointKey names an endpoint.
type endpointKey struct{ merchant, id string }

// outlet is an endpoint as this process sends to it. It does not change: a change of the
// endpoint makes another outlet with the same lane.
type outlet struct {
	key    endpointKey
	url    string
	events []checkout.EventType
	target target
	// problem is why nothing can be sent, or nil.
	problem error
	// isDeleted says that what waits for the endpoint ends without a try.
	isDeleted bool
	lane      *lane
}

// outlets are the endpoints of the configuration, and those that shops made through the
// API. The latter are read again when they have changed.
type outlets struct {
	configured map[string][]Endpoint
	transport  http.RoundTripper
	resolver   *net.Resolver
	unseal     func(string) (string, error)
	newLane    func(key endpointKey, maxRequests int) *lane
	logger     *slog.Logger

	mu         sync.RWMutex
	byKey      map[endpointKey]*outlet
	ofMerchant map[string][]*outlet
	// version is that of the endpoints which were read last, -1 before the first time.
	version int64
	// closed says that no new event may begin.
	closed bool
}

// newOutlets returns the endpoints of the configuration. It fails if a URL or a secret is
// malformed.
func newOutlets(c Config, newLane func(endpointKey, int) *lane) (*outlets, error) {
	o := &outlets{
		configured: c.Endpoints, transport: c.Transport, resolver: c.Resolver, unseal: c.Unseal, newLane: newLane, logger: c.Logger,
		byKey: map[endpointKey]*outlet{}, ofMerchant: map[string][]*outlet{}, version: -1,
	}
	for merchant, list := range c.Endpoints {
		for _, e := range list {
			if e.URL == "" {
				continue
			}
			one, err := o.newOutlet(endpointKey{merchant, e.id()}, e, nil)
			if err != nil {
				return nil, fmt.Errorf("worker: %w", err)
			}
			if o.byKey[one.key] != nil {
				return nil, fmt.Errorf("worker: two endpoints of %q have the ID %q", merchant, one.key.id)
			}
			o.put(one)
		}
	}
	return o, nil
}

// newOutlet returns the outlet of an endpoint. before is its outlet until now, or nil.
func (o *outlets) newOutlet(key endpointKey, e Endpoint, before *outlet) (*outlet, error) {
	one := &outlet{key: key, url: e.URL, events: e.Events}
	transport := o.transport
	if before != nil {
		one.lane = before.lane
		if before.url == e.URL { // its connections are used on
			transport = cmp.Or(transport, before.target.transport)
		}
	} else {
		one.lane = o.newLane(key, e.maxRequests())
		one.lane.closed = o.closed
	}
	var err error
	one.target, err = newTarget(e, transport, o.resolver)
	if err != nil {
		return one, fmt.Errorf("the webhook endpoint %q of %q: %w", key.id, key.merchant, err)
	}
	return one, nil
}

// put adds an outlet or replaces it.
func (o *outlets) put(one *outlet) {
	o.byKey[one.key] = one
	list := slices.DeleteFunc(slices.Clone(o.ofMerchant[one.key.merchant]), func(other *outlet) bool { return other.key == one.key })
	o.ofMerchant[one.key.merchant] = append(list, one)
}

// find returns an outlet, or nil.
func (o *outlets) find(merchant, id string) *outlet {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.byKey[endpointKey{merchant, id}]
}

// wanting returns the outlets that receive an event.
func (o *outlets) wanting(e checkout.Event) (list []*outlet) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, one := range o.ofMerchant[e.Merchant] {
		if !one.isDeleted && checkout.WantsEvent(one.events, e.Type) {
			list = append(list, one)
		}
	}
	return list
}

// all returns all outlets.
func (o *outlets) all() []*outlet {
	o.mu.RLock()
	defer o.mu.RUnlock()
	list := make([]*outlet, 0, len(o.byKey))
	for _, one := range o.byKey {
		list = append(list, one)
	}
	return list
}

// close lets no new event begin, and returns the lanes.
func (o *outlets) close() (lanes []*lane) {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	for _, one := range o.all() {
		one.lane.close()
		lanes = append(lanes, one.lane)
	}
	return lanes
}

// endpointReader reads the endpoints that were made through the API.
type endpointReader interface {
	WebhookEndpointsVersion(ctx context.Context) (int64, error)
	AllWebhookEndpoints(ctx context.Context) ([]checkout.WebhookEndpoint, error)
}

// refresh reads the endpoints that were made through the API, if they have changed. It
// returns the keys that are new, and those that are gone.
func (o *outlets) refresh(ctx context.Context, from endpointReader) (added, gone []endpointKey, err error) {
	version, err := from.WebhookEndpointsVersion(ctx)
	if err != nil || version == o.version { // only one goroutine refreshes at a time
		return nil, nil, err
	}
	list, err := from.AllWebhookEndpoints(ctx) // it is as new as the version or newer
	if err != nil {
		return nil, nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.version = version
	known := map[endpointKey]bool{}
	for _, e := range list {
		key := endpointKey{e.Merchant, e.ID}
		known[key] = true
		before := o.byKey[key]
		if before == nil {
			added = append(added, key)
		}
		o.put(o.newOutletOf(e, before))
	}
	for key, one := range o.byKey {
		if checkout.IsMadeByAPI(key.id) && !known[key] {
			gone = append(gone, key)
			delete(o.byKey, key)
			o.ofMerchant[key.merchant] = slices.DeleteFunc(slices.Clone(o.ofMerchant[key.merchant]), func(other *outlet) bool { return other == one })
		}
	}
	return added, gone, nil
}

// newOutletOf returns the outlet of an endpoint that was made through the API.
func (o *outlets) newOutletOf(e checkout.WebhookEndpoint, before *outlet) *outlet {
	key := endpointKey{e.Merchant, e.ID}
	address, problem := Endpoint{}, error(nil)
	if e.DeletedAt.IsZero() {
		address, problem = o.openEndpoint(e)
	}
	one, err := o.newOutlet(key, address, before)
	one.isDeleted, one.problem = !e.DeletedAt.IsZero(), cmp.Or(problem, err)
	if one.isDeleted {
		one.problem = nil
	}
	if one.problem != nil {
		o.logger.Error("a webhook endpoint cannot be used", "merchant", e.Merchant, "endpoint", e.ID, "error", one.problem)
	}
	return one
}

// errSealed means that this process has another secret than the one that encrypted.
var errSealed = errors.New("the endpoint's secret cannot be decrypted: is the program's secret the one with which the endpoint was made?")

// openEndpoint returns an endpoint that was made through the API, with its secrets, and
// with the network settings of the merchant's configuration.
func (o *outlets) openEndpoint(e checkout.WebhookEndpoint) (Endpoint, error) {
	open := Settings(o.configured[e.Merchant])
	open.URL, open.Events, open.PreviousUntil = e.URL, e.Events, e.PreviousUntil
	for sealed, secret := range map[string]*string{e.SealedSecret: &open.Secret, e.SealedPrevious: &open.PreviousSecret} {
		if sealed == "" {
			continue
		}
		if o.unseal == nil {
			return open, errSealed
		}
		text, err := o.unseal(sealed)
		if err != nil { // it may have a part of the text
			return open, errSealed
		}
		*secret = text
	}
	return open, nil
}

// Public returns what the API shows of an endpoint of the configuration.
func (e Endpoint) Public(merchant string) checkout.WebhookEndpoint {
	return checkout.WebhookEndpoint{ID: e.id(), Merchant: merchant, URL: e.URL, Events: e.Events}
}

// Settings returns what a merchant's endpoint `webhook` says about the network, and what is
// to be hidden in answers. It applies to the endpoints that are made through the API.
func Settings(configured []Endpoint) Endpoint {
	for _, e := range configured {
		if e.id() == checkout.DefaultEndpoint {
			return Endpoint{AllowPrivate: e.AllowPrivate, Proxy: e.Proxy, Confidential: e.Confidential, MaxRequests: e.MaxRequests}
		}
	}
	return Endpoint{}
}

// parsedURL parses the URL of an endpoint. Its error does not contain the URL, which may
// hold a secret.
func parsedURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("its URL is malformed")
	}
	return u, nil
}
