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
	// EntrySession: the shop asked to be paid. It begins the timeline.
	EntrySession EntryKind = "session"
	// EntryAttempt: an attempt begins. Result is its wallet and flow, Detail
	// the reason of the choice.
	EntryAttempt EntryKind = "attempt"
	// EntryOrder, EntryQuery and EntryClose: the gateway was called for an
	// attempt. Result is what it answered.
	EntryOrder EntryKind = "order"
	EntryQuery EntryKind = "query"
	EntryClose EntryKind = "close"
	// EntryNotification: one arrived. Result is the [Verdict].
	EntryNotification EntryKind = "notification"
	// EntryReturn: a browser came back from the wallet.
	EntryReturn EntryKind = "return"
	// EntryBridge: WeChat's payment sheet answered the browser. Result is ok,
	// cancel or fail; Detail is what it said, and what to check.
	EntryBridge EntryKind = "bridge"
	// EntryCancel: the shopper wishes to call the session off.
	EntryCancel EntryKind = "cancel"
	// EntryRefund: a refund was stored and its money reserved. Result is its
	// [RefundReason].
	EntryRefund EntryKind = "refund"
	// EntryRefundCall: the gateway was called for a refund.
	EntryRefundCall EntryKind = "refund_call"
	// EntryRefundSettled: a refund was settled without the gateway's answer, by
	// its statement or by hand. Result is the [RefundState], Detail says how.
	EntryRefundSettled EntryKind = "refund_settled"
	// EntryEvent: a fact for the shop. Result is its [EventType].
	EntryEvent EntryKind = "event"
)

// Entry is one line of a session's timeline: what happened, when, and what
// came of it. Entries are added and never changed; none holds a key, a token or
// an openid.
type Entry struct {
	SessionID string
	// AttemptID is the attempt that it is about, or "".
	AttemptID string
	// Ref is the ID of the event, the refund or the notification that it is
	// about, or "".
	Ref  string
	At   time.Time
	Kind EntryKind
	// Cause is why the gateway was asked, or "".
	Cause Cause
	// Result is what came of it, in a word or two.
	Result string
	// Detail is the reason, or the gateway's own words, in one line of 300
	// characters at most.
	Detail string
	// Body is what may be kept of a notification's.
	Body string
}

// Entry begins the session's timeline.
func (s Session) Entry() Entry {
	return Entry{SessionID: s.ID, At: s.CreatedAt, Kind: EntrySession, Result: "created"}
}

// Entry says that the attempt begins, and why by this flow.
func (a Attempt) Entry() Entry {
	return Entry{
		SessionID: a.SessionID, AttemptID: a.ID, At: a.CreatedAt, Kind: EntryAttempt,
		Result: string(a.Wallet) + " by " + string(a.Flow), Detail: a.Reason,
	}
}

// Entry says that the refund was stored, and why.
func (r Refund) Entry() Entry {
	return Entry{SessionID: r.SessionID, AttemptID: r.AttemptID, Ref: r.ID, At: r.CreatedAt, Kind: EntryRefund, Result: string(r.Reason)}
}

// Entry says that the event happened.
func (e Event) Entry() Entry {
	return Entry{SessionID: e.SessionID, AttemptID: e.AttemptID, Ref: e.ID, At: e.CreatedAt, Kind: EntryEvent, Result: string(e.Type)}
}

// Entry says that the notification arrived. It is all that is kept of one.
func (n Notification) Entry() Entry {
	return Entry{
		SessionID: n.SessionID, AttemptID: n.AttemptID, Ref: n.ID, At: n.ReceivedAt, Kind: EntryNotification,
		Result: string(n.Verdict), Detail: oneLine(n.Detail), Body: n.Body,
	}
}

// call is the entry of a call of the gateway that was made under a hold.
func (h held) call(kind EntryKind, now time.Time) Entry {
	return Entry{SessionID: h.SessionID, AttemptID: h.ID, At: now, Kind: kind, Cause: h.cause}
}

// answered adds to the entry of a call what came of it.
func (e Entry) answered(result, detail string, err error) Entry {
	e.Result, e.Detail = result, oneLine(detail)
	if err != nil {
		e.Result, e.Detail = failure(err), oneLine(err.Error())
	}
	return e
}

// failure is what an error of the gateway's means, in a word or two.
func failure(err error) string {
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

func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if r := []rune(text); len(r) > maxDetail {
		text = string(r[:maxDetail-1]) + "…"
	}
	return text
}

// journal keeps the entries of a hold until they are written down: in the
// transaction of a change that they explain, or else apart.
type journal struct {
	entries []Entry
	// quiet says that what no change explains is not written down.
	quiet bool
	// apart says that a change failed with the entries.
	apart bool
}

func (j *journal) add(e Entry) { j.entries = append(j.entries, e) }

// forChange returns the entries that a change is to write.
func (j *journal) forChange() []Entry {
	if j.apart {
		return nil
	}
	return j.entries
}

// split reports whether a change that failed is to be tried without the
// entries: a timeline that cannot be written must not keep money from being
// recorded.
func (j *journal) split() bool {
	if j.apart || len(j.entries) == 0 {
		return false
	}
	j.apart = true
	return true
}

// written says that a change was stored with what forChange returned.
func (j *journal) written() {
	if !j.apart {
		j.entries = nil
	}
}

// flush writes down what no change has.
func (s *Service) flush(ctx context.Context, j *journal) {
	if !j.quiet {
		s.record(ctx, j.entries...)
	}
	*j = journal{}
}

// record writes entries of one session. That it failed is reported and no more.
func (s *Service) record(ctx context.Context, entries ...Entry) {
	if len(entries) == 0 {
		return
	}
	s.reportUnwritten(entries[0], s.store.Record(ctx, entries...))
}

// recordFew writes an entry that anybody outside can cause, unless there are
// enough of its kind. It reports whether it did.
func (s *Service) recordFew(ctx context.Context, e Entry) bool {
	stored, err := s.store.RecordFew(ctx, e)
	s.reportUnwritten(e, err)
	return stored
}

func (s *Service) reportUnwritten(e Entry, err error) {
	if err != nil {
		s.alert(Alert{Problem: "the timeline was not written", SessionID: e.SessionID, AttemptID: e.AttemptID, Err: err})
	}
}

// Returned writes into the timeline that a browser came to the return_url with
// this token: once a minute at most, and [MaxReturns] times. It does nothing for
// a token of no order.
func (s *Service) Returned(ctx context.Context, token string) {
	a, err := s.store.AttemptByReturnToken(ctx, token)
	if err != nil {
		return // the page itself answers for it
	}
	now := s.clock.Now()
	if a.Returns < MaxReturns && !now.Before(a.ReturnedAt.Add(ReturnInterval)) {
		s.recordFew(ctx, Entry{SessionID: a.SessionID, AttemptID: a.ID, At: now, Kind: EntryReturn})
	}
}
