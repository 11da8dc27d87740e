package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// sendMargin is how long before its due time the sending of a pending webhook must
	// begin, or be postponed. It is longer than a round of the hand-over.
	sendMargin = 2 * time.Second
	// maxWait is how long after its event a webhook may still be sent from memory.
	maxWait = time.Minute
)

// direct sends the webhooks of new events right after their commit, from memory. An event
// that it does not send stays pending, and is handed over when it is due.
type direct struct {
	courier  *courier
	inFlight *inFlight
	// ctx ends the requests, which no caller waits for.
	ctx    context.Context //nolint:containedctx // it is the life of the struct
	cancel context.CancelFunc
}

func newDirect(c *courier) *direct {
	d := &direct{courier: c, inFlight: &inFlight{due: map[checkout.WebhookKey]time.Time{}}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// newLane returns the lane of an endpoint.
func (d *direct) newLane(key endpointKey, maxRequests int) *lane {
	return &lane{key: key, send: d.send, isLate: d.isLate, drop: d.drop, max: maxRequests, free: maxRequests}
}

// add sends events as soon as their endpoints have a free slot. An endpoint that this
// process does not know yet gets them by the hand-over.
func (d *direct) add(events []checkout.Event) {
	for _, e := range events {
		for _, to := range d.courier.outlets.wanting(e) {
			d.inFlight.begin(keyOf(to.lane, e), e.WebhookDueAt())
			to.lane.add(e)
		}
	}
}

// keyOf names the delivery of an event to the endpoint of a lane.
func keyOf(l *lane, e checkout.Event) checkout.WebhookKey {
	return checkout.WebhookKey{EventID: e.ID, Endpoint: l.key.id}
}

// isLate implements lane.isLate: the event has waited for too long, or another node may be
// about to take it.
func (d *direct) isLate(l *lane, e checkout.Event) bool {
	now := d.courier.clock.Now()
	return now.Sub(e.CreatedAt) > maxWait || d.inFlight.dueAt(keyOf(l, e)).Sub(now) < sendMargin
}

// drop implements lane.drop: the event is left to the hand-over.
func (d *direct) drop(l *lane, e checkout.Event) { d.inFlight.end(keyOf(l, e)) }

// send tries once to deliver a new event, unless it is late or the endpoint is disabled
// or deleted.
func (d *direct) send(l *lane, e checkout.Event) {
	recorded := false
	defer func() {
		if value := recover(); value != nil {
			logPanic(d.courier.logger, webhookArgs{}.Kind(), value)
		}
		if !recorded {
			d.drop(l, e)
		}
	}()
	to := d.courier.outlets.find(l.key.merchant, l.key.id)
	if to == nil || to.isDeleted || d.isLate(l, e) || l.isDisabled(d.courier.clock.Now(), func() (bool, error) {
		return d.courier.events.WebhooksDisabled(d.ctx, l.key.merchant, l.key.id)
	}) {
		return
	}
	try, problem := d.courier.try(d.ctx, e, to, 1)
	if problem != nil && d.ctx.Err() != nil { // the process shuts down: not the shop's failure
		return
	}
	try.EndsPending = true
	if problem != nil {
		next, err := d.courier.handleFailure(d.ctx, e, l.key.id, 1, problem)
		if err != nil {
			d.courier.logPostponed(e.ID, err)
			try.EndsPending = false
		}
		if isGone(problem) {
			l.disable(d.courier.clock.Now())
		}
		try.NextAt = next
	}
	recorded = d.courier.record(d.ctx, try) && try.EndsPending
}

// stop lets no other event begin, and waits until the requests in flight end. If ctx is
// done first, it cancels them and returns ctx's error.
func (d *direct) stop(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		for _, l := range d.courier.outlets.close() {
			l.sending.Wait()
		}
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		d.cancel()
		<-done
		return ctx.Err()
	}
}

// inFlight are the pending events that wait in this process or that it sends, until their
// tries are recorded. Their due times are postponed, so that nobody takes them.
type inFlight struct {
	mu  sync.Mutex
	due map[checkout.WebhookKey]time.Time
}

func (f *inFlight) begin(k checkout.WebhookKey, due time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due[k] = due
}

// dueAt returns when an event is due, zero if it is not in flight.
func (f *inFlight) dueAt(k checkout.WebhookKey) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.due[k]
}

func (f *inFlight) end(keys ...checkout.WebhookKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		delete(f.due, k)
	}
}

// dueBefore returns the events that are due before a time.
func (f *inFlight) dueBefore(limit time.Time) (keys []checkout.WebhookKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, due := range f.due {
		if due.Before(limit) {
			keys = append(keys, k)
		}
	}
	return keys
}

// postponed notes a new due time.
func (f *inFlight) postponed(keys []checkout.WebhookKey, due time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range keys {
		if _, still := f.due[k]; still {
			f.due[k] = due
		}
	}
}

// courier tries to deliver events, and decides what follows a try.
type courier struct {
	events  Events
	outlets *outlets
	random  func() float64
	clock   checkout.Clock
	logger  *slog.Logger
	// record stores a try soon. It returns false if ctx is done first.
	record func(context.Context, checkout.WebhookTry) bool
}

// try tries once to deliver an event.
func (c *courier) try(ctx context.Context, e checkout.Event, to *outlet, number int) (checkout.WebhookTry, error) {
	at, began := c.clock.Now(), time.Now()
	got, err := answer{}, to.problem
	if err == nil {
		got, err = to.target.send(ctx, e, c.clock.Now)
	}
	try := checkout.WebhookTry{
		EventID: e.ID, Endpoint: to.key.id, Merchant: e.Merchant, Number: number, At: at, Took: time.Since(began), Status: got.status, Answer: got.body,
	}
	if err != nil {
		try.Error = err.Error()
	}
	return try, err
}
