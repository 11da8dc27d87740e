package worker_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
)

func TestRefundWebhook(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	f := newFixture(t, url)
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	if c := receive(t, calls); !strings.Contains(string(c.body), `"refund":null`) {
		t.Errorf("the refund of an event without one is not null: %s", c.body)
	}
	refund := checkout.Refund{
		ID: "re_1", SessionID: event.SessionID, State: checkout.RefundSucceeded, Reason: checkout.RefundRequested,
		Amount: 400, Currency: "HKD", OutRefundNo: "r2", CreatedAt: event.CreatedAt, SettledAt: event.CreatedAt.Add(time.Second),
	}.Public()
	event.ID, event.Type, event.Refund = "evt_of_a_refund", checkout.EventRefundSucceeded, &refund
	must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}))
	c := receive(t, calls)
	verifySignature(t, c)
	var got checkout.PublicEvent
	must(t, json.Unmarshal(c.body, &got))
	want := checkout.PublicEvent{
		ID: event.ID, Object: "event", Livemode: true, Type: event.Type, CreatedAt: event.CreatedAt, Timestamp: event.CreatedAt, Data: &event.Session, Refund: &refund,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}
