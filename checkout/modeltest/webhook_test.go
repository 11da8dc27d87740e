package modeltest

import (
	"slices"

	"pgregory.net/rapid"
)

// shopkeeper is the shop's end of the webhooks, and the mark that each leaves
// on its job once it was sent.
type shopkeeper struct {
	// received counts how often each event came; marked are the jobs that
	// will not be sent again.
	received, marked map[string]int
}

func newShopkeeper() *shopkeeper {
	return &shopkeeper{received: map[string]int{}, marked: map[string]int{}}
}

// jobs returns the events that the real queue has jobs for, one for each job.
func (w *world) jobs() []string {
	return w.column("SELECT args->>'event_id' FROM river_job WHERE kind = 'webhook' ORDER BY id")
}

// unsent returns the jobs that are not marked.
func (w *world) unsent() []string {
	return slices.DeleteFunc(w.jobs(), func(id string) bool { return w.shop.marked[id] > 0 })
}

// deliver sends one webhook; the process may crash before it marks it.
func (w *world) deliver(rt *rapid.T) {
	unsent := w.unsent()
	if len(unsent) == 0 {
		rt.Skip("no webhook")
	}
	id := rapid.SampledFrom(unsent).Draw(rt, "event")
	e, err := w.store.Event(rt.Context(), id)
	w.must(err)
	w.shop.received[e.ID]++
	if !rapid.Bool().Draw(rt, "crash before it is marked") {
		w.shop.marked[id]++
	}
}

// deliverAll sends every webhook that is left.
func (w *world) deliverAll(rt *rapid.T) {
	for _, id := range w.unsent() {
		e, err := w.store.Event(rt.Context(), id)
		w.must(err)
		w.shop.received[e.ID]++
		w.shop.marked[id]++
	}
}
