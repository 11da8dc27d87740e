package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// TestLists reads the lists of a shop part by part.
func TestLists(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"forwards and backwards": func(t *testing.T, f *fixture) {
			var all []string
			for range 5 {
				time.Sleep(time.Second)
				all = slices.Insert(all, 0, f.session().ID)
			}
			part := func(r checkout.ListRequest) (got []string, more bool) {
				r.Merchant, r.Limit = shop, 2
				list, err := f.ListSessions(t.Context(), r, checkout.SessionFilter{})
				wantError(t, err, nil)
				for _, s := range list.Data {
					got = append(got, s.ID)
				}
				return got, list.HasMore
			}
			for name, c := range map[string]struct {
				request checkout.ListRequest
				want    []string
				more    bool
			}{
				"the beginning":  {checkout.ListRequest{}, all[:2], true},
				"the middle":     {checkout.ListRequest{StartingAfter: all[1]}, all[2:4], true},
				"the end":        {checkout.ListRequest{StartingAfter: all[3]}, all[4:], false},
				"beyond the end": {checkout.ListRequest{StartingAfter: all[4]}, nil, false},
				"back":           {checkout.ListRequest{EndingBefore: all[4]}, all[2:4], true},
				"the first two":  {checkout.ListRequest{EndingBefore: all[2]}, all[:2], false},
			} {
				got, more := part(c.request)
				same(t, name, got, c.want)
				same(t, name+": more", more, c.more)
			}
		},
		"of refunds and events": func(t *testing.T, f *fixture) {
			a := f.paid()
			first := f.refund(a, half/2, checkout.RefundSucceeded)
			time.Sleep(time.Second)
			second := f.refund(a, half/2, checkout.RefundSucceeded)
			refunds, err := f.ListRefunds(t.Context(), checkout.ListRequest{Merchant: shop, StartingAfter: second.ID}, checkout.RefundFilter{})
			wantError(t, err, nil)
			same(t, "refunds", refunds.Data, []checkout.Refund{f.readRefund(first)})
			events, err := f.ListEvents(t.Context(), checkout.ListRequest{Merchant: shop, Limit: 1}, checkout.EventFilter{Type: checkout.EventRefundSucceeded})
			wantError(t, err, nil)
			older, err := f.ListEvents(t.Context(), checkout.ListRequest{Merchant: shop, StartingAfter: events.Data[0].ID}, checkout.EventFilter{})
			wantError(t, err, nil)
			same(t, "the newest", []any{events.Data[0].Refund.ID, events.HasMore}, []any{second.ID, true})
			same(t, "the older ones", []any{len(older.Data), older.HasMore}, []any{2, false})
		},
		"that are wrong": func(t *testing.T, f *fixture) {
			other := newTwoShopFixture(t, f.store)
			n := newTicket()
			n.Merchant = "hk"
			foreign, err := other.Create(t.Context(), n)
			wantError(t, err, nil)
			for name, c := range map[string]struct {
				request checkout.ListRequest
				fields  []string
			}{
				"too many":          {checkout.ListRequest{Limit: 101}, []string{"limit"}},
				"fewer than none":   {checkout.ListRequest{Limit: -1}, []string{"limit"}},
				"of another shop":   {checkout.ListRequest{StartingAfter: foreign.ID}, []string{"starting_after"}},
				"unknown, and both": {checkout.ListRequest{StartingAfter: "x", EndingBefore: "cs_aaaaaaaaaaaaaaaaaaaaaaaaaa"}, []string{"ending_before", "starting_after", "ending_before"}},
			} {
				c.request.Merchant = shop
				_, err := f.ListSessions(t.Context(), c.request, checkout.SessionFilter{})
				var fields []string
				for _, fault := range checkout.FieldErrors(err) {
					fields = append(fields, fault.Field)
				}
				same(t, name, fields, c.fields)
			}
		},
	})
}
