package checkout

import (
	"context"
	"errors"
	"strings"
	"time"
)

// EntryKind says what an [Entry] is about.
type EntryKind string

// The kinds of entries.
const (
	// EntrySession: the session was created. It is the first entry.
	EntrySession EntryKind = "session"
	// EntryAttempt: an attempt begins. Result is its wallet and flow, Detail
	// the reason for that flow.
	EntryAttempt EntryKind = "attempt"
	// EntryOrder, EntryQuery and EntryClose: the gateway was called for an
	// attempt. Result is what it answered.
	EntryOrder EntryKind = "order"
	EntryQuery EntryKind = "query"
	EntryClose EntryKind = "close"
	// EntryNotification: a notification arrived. Result is the [Verdict].
	EntryNotification EntryKind = "notification"
	// EntryReturn: a browser came back from the wallet.
	EntryReturn EntryKind = "return"
	// EntryBridge: WeChat's payment sheet answered the browser. Result is ok, cancel or
	// fail. Detail has the answer of a failure, and what to check.
	EntryBridge EntryKind = "bridge"
	// EntryCancel: somebody asked to end the session. Result is CanceledByShop where the
	// shop did, and Detail is then the [Status] that it asked for. Result is "" where
	// somebody did who knows the page.
	EntryCancel EntryKind = "cancel"
	// EntryRefund: a refund was stored and its amount reserved. Result is its
	// [RefundReason].
	EntryRefund EntryKind = "refund"
	// EntryRefundCall: the gateway was called for a refund.
	EntryRefundCall EntryKind = "refund_call"
	// EntryRefundSettled: a refund was settled without the gateway's answer, by its
	// statement or by an operator. Result is the [RefundState], Detail says how.
	EntryRefundSettled EntryKind = "refund_settled"
	// EntryEvent: an event was stored for the shop. Result is its [EventType].
	EntryEvent EntryKind = "event"
)

// CanceledByShop is the Result of an [EntryCancel] for [Service.End].
const CanceledByShop = "shop"

// Entry is one line of a session's timeline: what happened, when, and with which result.
// Entries are added and never changed. No entry has a key, a token or an openid.
type Entry struct {
	SessionID string
	// AttemptID is the attempt that the entry is about, or "".
	AttemptID string
	// Ref is the ID of the event, refund or notification that the entry is about, or "".
	Ref  string
	At   time.Time
	Kind EntryKind
	// Cause is why the gateway was called, or "".
	Cause Cause
	// Result is the result, in a word or two.
	Result string
	// Detail is the reason, or the gateway's own words, in one line of at most 300
	// characters.
	Detail string
	// Body is what is kept of a notification's body.
	Body string
}

// Entry returns the first entry of the session's timeline.
func (s Session) Entry() Entry {
	return Entry{SessionID: s.ID, At: s.CreatedAt, Kind: EntrySession, Result: "created"}
}

// Entry returns the [EntryAttempt] for the creation of the attempt.
func (a Attempt) Entry() Entry {
	return Entry{
		SessionID: a.SessionID, AttemptID: a.ID, At: a.CreatedAt, Kind: EntryAttempt,
		Result: string(a.Wallet) + " by " + string(a.Flow), Detail: a.Reason,
	}
}

// Entry returns the [EntryRefund] for the creation of the refund.
func (r Refund) Entry() Entry {
	return Entry{SessionID: r.SessionID, AttemptID: r.AttemptID, Ref: r.ID, At: r.CreatedAt, Kind: EntryRefund, Result: string(r.Reason)}
}

// Entry returns the [EntryEvent] for the event.
func (e Event) Entry() Entry {
	return Entry{SessionID: e.SessionID, AttemptID: e.AttemptID, Ref: e.ID, At: e.CreatedAt, Kind: EntryEvent, Result: string(e.Type)}
}

// Entry returns the [EntryNotification] for the notification. It is the only record of
// the notification itself. The attempt has the count, the number and the report.
func (n Notification) Entry() Entry {
	return Entry{
		SessionID: n.SessionID, AttemptID: n.AttemptID, Ref: n.ID, At: n.ReceivedAt, Kind: EntryNotification,
		Result: string(n.Verdict), Detail: oneLine(n.Detail), Body: n.Body,
	}
}

// entry begins an entry about a call of the gateway.
func (leased leasedAttempt) entry(kind EntryKind, now time.Time) Entry {
	return Entry{SessionID: leased.SessionID, AttemptID: leased.ID, At: now, Kind: kind, Cause: leased.cause}
}

// entry begins an entry about the refund.
func (r Refund) entry(kind EntryKind, now time.Time) Entry {
	return Entry{SessionID: r.SessionID, AttemptID: r.AttemptID, Ref: r.ID, At: now, Kind: kind}
}

// withResult returns the entry with its result and detail. An error replaces both.
func (e Entry) withResult(result, detail string, err error) Entry {
	e.Result, e.Detail = result, oneLine(detail)
	if err != nil {
		e.Result, e.Detail = errorResult(err), oneLine(err.Error())
	}
	return e
}

// errorResult returns what an error of the gateway means, in a word or two.
func errorResult(err error) string {
	switch {
	case errors.Is(err, ErrNoOrder):
		return "no such order"
	case errors.Is(err, ErrAlreadyPaid):
		return "already paid"
	case errors.Is(err, ErrNumberUsed):
		return "number used"
	case errors.Is(err, ErrRefused):
		return "refused"
	default:
		return "no answer"
	}
}

// maxDetail bounds an entry's Detail, in characters.
const maxDetail = 300

// oneLine returns the text as one line of at most maxDetail characters.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if r := []rune(text); len(r) > maxDetail {
		text = string(r[:maxDetail-1]) + "…"
	}
	return text
}

// pendingEntries are the entries of a lease that are not written yet. They are
// written in the transaction of the change that they explain, or else separately.
type pendingEntries struct {
	entries []Entry
	// onlyWithChange drops entries that no change explains.
	onlyWithChange bool
	// separate says that a change with the entries failed: they are written
	// without it.
	separate bool
}

func (p *pendingEntries) add(e Entry) { p.entries = append(p.entries, e) }

// forChange returns the entries that a change has to write.
func (p *pendingEntries) forChange() []Entry {
	if p.separate {
		return nil
	}
	return p.entries
}

// separateFromChange reports whether a change that failed may be tried again
// without the entries. A timeline that cannot be written must not keep money from
// being recorded.
func (p *pendingEntries) separateFromChange() bool {
	if p.separate || len(p.entries) == 0 {
		return false
	}
	p.separate = true
	return true
}

// changeStored drops the entries that forChange returned: they are stored.
func (p *pendingEntries) changeStored() {
	if !p.separate {
		p.entries = nil
	}
}

// timeline writes entries. A failure raises an alert and has no other effect.
type timeline struct {
	store TimelineStore
	alert func(Alert)
}

// flush writes the entries that no change has written.
func (t timeline) flush(ctx context.Context, p *pendingEntries) {
	if !p.onlyWithChange {
		t.record(ctx, p.entries...)
	}
	*p = pendingEntries{}
}

// record writes entries of one session.
func (t timeline) record(ctx context.Context, entries ...Entry) {
	if len(entries) == 0 {
		return
	}
	t.alertFailure(entries[0], t.store.Record(ctx, entries...))
}

// recordFew writes an entry that an outsider can cause, and reports whether it
// did: the store has a bound for its kind.
func (t timeline) recordFew(ctx context.Context, e Entry) bool {
	stored, err := t.store.RecordFew(ctx, e)
	t.alertFailure(e, err)
	return stored
}

func (t timeline) alertFailure(e Entry, err error) {
	if err != nil {
		t.alert(Alert{Problem: "the timeline was not written", SessionID: e.SessionID, AttemptID: e.AttemptID, Err: err})
	}
}
