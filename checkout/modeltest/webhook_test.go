package modeltest

import (
	"slices"

	"pgregory.net/rapid"
)

// webhookReceiver is the shop's side of webhooks, and the jobs that were completed.
type webhookReceiver struct {
	// received counts how often each event was received. marked are the jobs that are
	// completed.
	received, marked map[string]int
}

func newWebhookReceiver() *webhookReceiver {
	return &webhookReceiver{received: map[string]int{}, marked: map[string]int{}}
}

// jobs returns the event ids of the jobs in the queue.
func (w *world) jobs() []string {
	return w.column("SELECT args->>'event_id' FROM river_job WHERE kind = 'webhook' ORDER BY id")
}

// unsent returns the event ids of jobs that are not marked.
func (w *world) unsent() []string {
	return slices.DeleteFunc(w.jobs(), func(id string) bool { return w.receiver.marked[id] > 0 })
}

// deliver delivers a webhook. The process may crash before it marks the job.
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
