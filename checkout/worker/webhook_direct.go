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
	lanes    map[string]*lane
	inFlight *inFlight
	// ctx ends the requests, which no caller waits for.
	ctx    context.Context //nolint:containedctx // it is the life of the struct
	cancel context.CancelFunc
}

func newDirect(c *courier, endpoints map[string]Endpoint) *direct {
	d := &direct{courier: c, lanes: map[string]*lane{}, inFlight: &inFlight{due: map[string]time.Time{}}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	for merchant, e := range endpoints {
		if e.URL != "" {
			d.lanes[merchant] = &lane{merchant: merchant, send: d.send, isLate: d.isLate, drop: d.drop, free: e.maxRequests()}
		}
	}
	return d
}

// add sends events as soon as their shops have a free slot.
func (d *direct) add(events []checkout.Event) {
	for _, e := range events {
		if l := d.lanes[e.Merchant]; l != nil {
			d.inFlight.begin(e)
			l.add(e)
		}
	}
}

// isLate implements lane.isLate: the event has waited for too long, or another node may be
// about to take it.
func (d *direct) isLate(e checkout.Event) bool {
	now := d.courier.clock.Now()
	return now.Sub(e.CreatedAt) > maxWait || d.inFlight.dueAt(e.ID).Sub(now) < sendMargin
}

// drop implements lane.drop: the event is left to the hand-over.
func (d *direct) drop(e checkout.Event) { d.inFlight.end(e.ID) }

// send tries once to deliver a new event, unless it is late or the shop's webhooks are
// disabled.
func (d *direct) send(l *lane, e checkout.Event) {
	recorded := false
	defer func() {
		if value := recover(); value != nil {
			logPanic(d.courier.logger, webhookArgs{}.Kind(), value)
		}
		if !recorded {
			d.drop(e)
		}
	}()
	if d.isLate(e) || l.isDisabled(d.courier.clock.Now(), func() (bool, error) { return d.courier.events.WebhooksDisabled(d.ctx, e.Merchant) }) {
		return
	}
	try, problem := d.courier.try(d.ctx, e, 1)
	if problem != nil && d.ctx.Err() != nil { // the process shuts down: not the shop's failure
		return
	}
	try.EndsPending = true
	if problem != nil {
		next, err := d.courier.handleFailure(d.ctx, e, 1, problem)
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
		for _, l := range d.lanes {
			l.close()
		}
		for _, l := range d.lanes {
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
	due map[string]time.Time
}

func (f *inFlight) begin(e checkout.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due[e.ID] = e.WebhookDueAt()
}

// dueAt returns when an event is due, zero if it is not in flight.
func (f *inFlight) dueAt(id string) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.due[id]
}

func (f *inFlight) end(ids ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		delete(f.due, id)
	}
}

// dueBefore returns the events that are due before a time.
func (f *inFlight) dueBefore(limit time.Time) (ids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, due := range f.due {
		if due.Before(limit) {
			ids = append(ids, id)
		}
	}
	return ids
}

// postponed notes a new due time.
func (f *inFlight) postponed(ids []string, due time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		if _, still := f.due[id]; still {
			f.due[id] = due
		}
	}
}

// courier tries to deliver events, and decides what follows a try.
type courier struct {
	events Events
	sender *sender
	random func() float64
	clock  checkout.Clock
	logger *slog.Logger
	// record stores a try soon. It returns false if ctx is done first.
	record func(context.Context, checkout.WebhookTry) bool
}

// try tries once to deliver an event.
func (c *courier) try(ctx context.Context, e checkout.Event, number int) (checkout.WebhookTry, error) {
	at, began := c.clock.Now(), time.Now()
	answer, err := c.sender.send(ctx, e)
	try := checkout.WebhookTry{
		EventID: e.ID, Merchant: e.Merchant, Number: number, At: at, Took: time.Since(began), Status: answer.status, Answer: answer.body,
	}
	if err != nil {
		try.Error = err.Error()
	}
	return try, err
}
