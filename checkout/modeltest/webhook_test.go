package modeltest

import (
	"maps"
	"slices"
	"sync"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
)

// webhookReceiver is the shop's side of webhooks, and the pending webhooks that ended.
type webhookReceiver struct {
	// received counts how often each event was received. marked are the events whose
	// webhook is marked as sent.
	received, marked map[string]int

	mu sync.Mutex
	// committed counts how often the store told that an event is committed.
	committed map[string]int
}

func newWebhookReceiver() *webhookReceiver {
	return &webhookReceiver{received: map[string]int{}, marked: map[string]int{}, committed: map[string]int{}}
}

// Endpoints implements store.Webhooks.
func (*webhookReceiver) Endpoints(checkout.Event) []string { return []string{checkout.DefaultEndpoint} }

// Committed implements store.Webhooks.
func (r *webhookReceiver) Committed(events ...checkout.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.committed[e.ID]++
	}
}

// toldAsCommitted returns how often the store told that each event is committed.
func (r *webhookReceiver) toldAsCommitted() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.committed)
}

// webhooks returns the event ids of the webhooks that were stored with their events.
func (w *world) webhooks() []string {
	return w.column("SELECT event_id FROM delivery_pending ORDER BY event_id")
}

// unsent returns the event ids of webhooks that are not marked.
func (w *world) unsent() []string {
	return slices.DeleteFunc(w.webhooks(), func(id string) bool { return w.receiver.marked[id] > 0 })
}

// deliver delivers a webhook. The process may crash before it marks the webhook.
func (w *world) deliver(rt *rapid.T) {
	unsent := w.unsent()
	if len(unsent) == 0 {
		rt.Skip("no webhook")
	}
	id := rapid.SampledFrom(unsent).Draw(rt, "event")
	e, err := w.store.Event(rt.Context(), id)
	w.must(err)
	w.receiver.received[e.ID]++
	if !rapid.Bool().Draw(rt, "crash before it is marked") {
		w.receiver.marked[id]++
	}
}

// deliverAll delivers all webhooks that are left.
func (w *world) deliverAll(rt *rapid.T) {
	for _, id := range w.unsent() {
		e, err := w.store.Event(rt.Context(), id)
		w.must(err)
		w.receiver.received[e.ID]++
		w.receiver.marked[id]++
	}
}
