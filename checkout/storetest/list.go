package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

var listContract = map[string]check{
	"sessions of a merchant, the newest first": listOfSessions,
	"sessions by what they have":               listOfSessionsByFilter,
	"refunds by what they have":                listOfRefunds,
	"events by what they have":                 listOfEvents,
}

// storeSessions stores sessions that are a second apart, each as change makes it, and
// returns their IDs, the newest first.
func (f fixture) storeSessions(t *testing.T, changes ...func(*checkout.Session)) (all []string) {
	t.Helper()
	for i, change := range changes {
		s := newSession()
		s.CreatedAt = start().Add(time.Duration(i) * time.Second)
		change(&s)
		must(t, f.CreateSession(t.Context(), s))
		all = slices.Insert(all, 0, s.ID)
	}
	return all
}

func listOfSessions(t *testing.T, f fixture) {
	same := func(s *checkout.Session) { s.CreatedAt = start() }
	all := f.storeSessions(t, same, same, func(*checkout.Session) {}, func(*checkout.Session) {},
		func(s *checkout.Session) { s.Merchant = "another" })[1:]
	slices.SortFunc(all[2:], func(a, b string) int { return strings.Compare(b, a) }) // two of one moment, by their IDs
	at := func(i int) checkout.Position {
		return checkout.Position{CreatedAt: f.readSession(t, all[i]).CreatedAt, ID: all[i]}
	}
	for name, c := range map[string]struct {
		in   checkout.ListPart
		want []string
	}{
		"all":                         {checkout.ListPart{Limit: 10}, all},
		"the newest":                  {checkout.ListPart{Limit: 1}, all[:1]},
		"after the newest":            {checkout.ListPart{Limit: 2, After: at(0)}, all[1:3]},
		"after one of the same time":  {checkout.ListPart{Limit: 10, After: at(2)}, all[3:]},
		"after the oldest":            {checkout.ListPart{Limit: 10, After: at(3)}, nil},
		"before the oldest":           {checkout.ListPart{Limit: 2, Before: at(3)}, all[1:3]},
		"before one of the same time": {checkout.ListPart{Limit: 10, Before: at(3)}, all[:3]},
		"before the newest":           {checkout.ListPart{Limit: 10, Before: at(0)}, nil},
		"from a time":                 {checkout.ListPart{Limit: 10, From: at(1).CreatedAt}, all[:2]},
		"until before a time":         {checkout.ListPart{Limit: 10, To: at(1).CreatedAt}, all[2:]},
		"after one, from a time":      {checkout.ListPart{Limit: 10, After: at(0), From: at(1).CreatedAt}, all[1:2]},
	} {
		c.in.Merchant = merchant
		got, err := f.ListSessions(t.Context(), c.in, checkout.SessionFilter{})
		must(t, err)
		wantEqual(t, name, ids(got, sessionID), c.want)
	}
	got, err := f.ListSessions(t.Context(), checkout.ListPart{Merchant: merchant, Limit: 1}, checkout.SessionFilter{})
	must(t, err)
	wantEqual(t, "the whole session", got[0], f.readSession(t, all[0]))
}

func listOfSessionsByFilter(t *testing.T, f fixture) {
	all := f.storeSessions(t,
		func(s *checkout.Session) { s.Status = checkout.StatusExpired },
		func(s *checkout.Session) {
			s.Amount, s.Metadata = 7, map[string]string{"a": "1", "b": "2", "ü": "票"}
		},
		func(s *checkout.Session) {
			s.Status, s.PaymentStatus, s.ClientReferenceID, s.Metadata = checkout.StatusComplete, checkout.PaymentPaid, "票 1", map[string]string{"a": "1", "b": ""}
		},
		func(s *checkout.Session) {
			s.ClientReferenceID, s.Metadata = "票 1", map[string]string{"a": "2", "b": "1"}
		},
	)
	for name, c := range map[string]struct {
		by   checkout.SessionFilter
		want []string
	}{
		"a status":                   {checkout.SessionFilter{Status: checkout.StatusOpen}, []string{all[0], all[2]}},
		"a payment status":           {checkout.SessionFilter{PaymentStatus: checkout.PaymentPaid}, all[1:2]},
		"an amount":                  {checkout.SessionFilter{Amount: 7}, all[2:3]},
		"a reference":                {checkout.SessionFilter{ClientReferenceID: "票 1"}, all[:2]},
		"a reference and a status":   {checkout.SessionFilter{ClientReferenceID: "票 1", Status: checkout.StatusOpen}, all[:1]},
		"metadata":                   {checkout.SessionFilter{Metadata: map[string]string{"a": "1"}}, all[1:3]},
		"metadata without a value":   {checkout.SessionFilter{Metadata: map[string]string{"b": ""}}, all[1:2]},
		"three pairs of metadata":    {checkout.SessionFilter{Metadata: map[string]string{"a": "1", "b": "2", "ü": "票"}}, all[2:3]},
		"pairs of two sessions":      {checkout.SessionFilter{Metadata: map[string]string{"a": "2", "b": "2"}}, nil},
		"metadata and a status":      {checkout.SessionFilter{Metadata: map[string]string{"a": "1"}, Status: checkout.StatusOpen}, all[2:3]},
		"metadata that nobody has":   {checkout.SessionFilter{Metadata: map[string]string{"c\x00": "\xff"}}, nil},
		"a status that nobody has":   {checkout.SessionFilter{Status: checkout.StatusCanceled}, nil},
		"everything about a session": {checkout.SessionFilter{Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid, Amount: 7, Metadata: map[string]string{"b": "2"}}, all[2:3]},
	} {
		got, err := f.ListSessions(t.Context(), checkout.ListPart{Merchant: merchant, Limit: 10}, c.by)
		must(t, err)
		wantEqual(t, name, ids(got, sessionID), c.want)
	}
	got, err := f.ListSessions(t.Context(), checkout.ListPart{
		Merchant: merchant, Limit: 1, After: checkout.Position{CreatedAt: start().Add(2 * time.Second), ID: all[1]},
	}, checkout.SessionFilter{Metadata: map[string]string{"a": "1"}})
	must(t, err)
	wantEqual(t, "after one, by metadata", ids(got, sessionID), all[2:3])
	got, err = f.ListSessions(t.Context(), checkout.ListPart{Merchant: "another", Limit: 10}, checkout.SessionFilter{Metadata: map[string]string{"a": "1"}})
	must(t, err)
	wantEqual(t, "metadata of another merchant", len(got), 0)
}

func listOfRefunds(t *testing.T, f fixture) {
	a, other := f.paidAttempt(t), f.paidAttempt(t)
	var all []string
	for i, of := range []checkout.Attempt{a, other, a} {
		r := newRefund(of, 10)
		r.CreatedAt = start().Add(time.Duration(i) * time.Second)
		must(t, f.CreateRefund(t.Context(), r, time.Time{}))
		all = slices.Insert(all, 0, r.ID)
	}
	f.endRefund(t, f.readRefund(t, all[0]), checkout.RefundFailed)
	in := checkout.ListPart{Merchant: merchant, Limit: 10}
	for name, c := range map[string]struct {
		by   checkout.RefundFilter
		want []string
	}{
		"all":                    {checkout.RefundFilter{}, all},
		"pending":                {checkout.RefundFilter{State: checkout.RefundPending}, all[1:]},
		"of a session":           {checkout.RefundFilter{SessionID: a.SessionID}, []string{all[0], all[2]}},
		"of a session, failed":   {checkout.RefundFilter{SessionID: a.SessionID, State: checkout.RefundFailed}, all[:1]},
		"of an unknown session":  {checkout.RefundFilter{SessionID: "cs_\x00\xff"}, nil},
		"in a state nobody's in": {checkout.RefundFilter{State: checkout.RefundSucceeded}, nil},
	} {
		got, err := f.ListRefunds(t.Context(), in, c.by)
		must(t, err)
		wantEqual(t, name, ids(got, refundID), c.want)
	}
	in.After = checkout.Position{CreatedAt: start().Add(2 * time.Second), ID: all[0]}
	got, err := f.ListRefunds(t.Context(), in, checkout.RefundFilter{})
	must(t, err)
	wantEqual(t, "after the newest", got, []checkout.Refund{f.readRefund(t, all[1]), f.readRefund(t, all[2])})
}

func listOfEvents(t *testing.T, f fixture) {
	s, other := f.session(t), f.session(t)
	var all []string
	for i, c := range []struct {
		of   checkout.Session
		kind checkout.EventType
	}{{s, checkout.EventAttemptFailed}, {other, checkout.EventExpired}, {s, checkout.EventExpired}} {
		stored := f.readSession(t, c.of.ID)
		e := newEvent(stored, c.kind)
		e.CreatedAt = start().Add(time.Duration(i) * time.Second)
		must(t, f.Apply(t.Context(), checkout.Change{Session: &stored, Events: []checkout.Event{e}}))
		all = slices.Insert(all, 0, e.ID)
	}
	eventID := func(e checkout.Event) string { return e.ID }
	for name, c := range map[string]struct {
		in   checkout.ListPart
		by   checkout.EventFilter
		want []string
	}{
		"all":                  {checkout.ListPart{Merchant: merchant}, checkout.EventFilter{}, all},
		"of a type":            {checkout.ListPart{Merchant: merchant}, checkout.EventFilter{Type: checkout.EventExpired}, all[:2]},
		"of a session":         {checkout.ListPart{Merchant: merchant}, checkout.EventFilter{SessionID: s.ID}, []string{all[0], all[2]}},
		"of another merchant":  {checkout.ListPart{Merchant: "another"}, checkout.EventFilter{}, nil},
		"until before a time":  {checkout.ListPart{Merchant: merchant, To: start().Add(time.Second)}, checkout.EventFilter{}, all[2:]},
		"newer than the first": {checkout.ListPart{Merchant: merchant, Before: checkout.Position{CreatedAt: start(), ID: all[2]}}, checkout.EventFilter{}, all[:2]},
	} {
		c.in.Limit = 10
		got, err := f.ListEvents(t.Context(), c.in, c.by)
		must(t, err)
		wantEqual(t, name, ids(got, eventID), c.want)
	}
}
