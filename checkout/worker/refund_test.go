package worker_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/worker"
)

func TestRefundWebhook(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	f := newFixture(t, url)
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	if c := receive(t, calls); strings.Contains(string(c.body), `"refund"`) {
		t.Errorf("an event without a refund has one: %s", c.body)
	}
	refund := checkout.Refund{
		ID: "re_1", SessionID: event.SessionID, State: checkout.RefundSucceeded, Reason: checkout.RefundRequested,
		Amount: 400, Currency: "HKD", OutRefundNo: "r2", CreatedAt: event.CreatedAt, SettledAt: event.CreatedAt.Add(time.Second),
	}.Public()
	event.ID, event.Type, event.Refund = "evt_of_a_refund", checkout.EventRefundSucceeded, &refund
	must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}))
	c := receive(t, calls)
	verifySignature(t, c)
	var got worker.Payload
	must(t, json.Unmarshal(c.body, &got))
	want := worker.Payload{ID: event.ID, Type: event.Type, Timestamp: event.CreatedAt, Data: &event.Session, Refund: &refund}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}
