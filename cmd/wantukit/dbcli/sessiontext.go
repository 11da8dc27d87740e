package dbcli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// textBuilder builds the text of a session.
type textBuilder struct{ strings.Builder }

func (b *textBuilder) line(format string, args ...any) {
	_, _ = fmt.Fprintf(b, format+"\n", args...) // a strings.Builder never fails
}

// table writes pairs of a name and a value, one on a line. It leaves out empty
// values.
func (b *textBuilder) table(indent string, pairs ...string) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			_, _ = fmt.Fprintf(w, "%s%s\t%s\n", indent, pair[0], gatewaycli.Printable(pair[1]))
		}
	}
	_ = w.Flush() // a strings.Builder never fails
}

// write prints a history for people. Lines have at most 80 columns, unless a word is
// longer.
func (h history) write(s gatewaycli.Streams) error {
	var b textBuilder
	h.writeSession(&b)
	for i, a := range h.attempts {
		writeAttempt(&b, i+1, a)
	}
	for _, r := range h.refunds {
		writeRefund(&b, r)
	}
	h.writeTimeline(&b)
	_, err := io.WriteString(s.Out, b.String())
	return err
}

func (h history) writeSession(b *textBuilder) {
	c := h.session
	var notes []string
	for note, applies := range map[string]bool{
		"paid after its end": c.PaidLate, "paid twice": c.PaidTwice, "held: the gateway reports another order": c.AmountMismatch,
	} {
		if applies {
			notes = append(notes, note)
		}
	}
	slices.Sort(notes)
	refunded := ""
	if c.AmountRefunded > 0 {
		refunded = gatewaycli.AmountOf(c.AmountRefunded, c.Currency)
	}
	b.table("",
		"session", c.ID, "merchant", c.Merchant, "status", string(c.Status)+", "+string(c.PaymentStatus), "look at", strings.Join(notes, "; "),
		"amount", gatewaycli.AmountOf(c.Amount, c.Currency), "refunded", refunded, "subject", c.Subject, "reference", c.ClientReferenceID,
		"created", formatTime(c.CreatedAt), "expires", formatTime(c.ExpiresAt), "paid", formatTime(c.PaidAt))
}

func writeAttempt(b *textBuilder, number int, a checkout.Attempt) {
	state := string(a.State)
	if a.Quarantined {
		state += ", in quarantine"
	}
	queries := strconv.Itoa(a.Queries)
	if !a.QueriedAt.IsZero() {
		queries += ", last " + formatTime(a.QueriedAt)
	}
	if !a.NextQueryAt.IsZero() {
		queries += ", next " + formatTime(a.NextQueryAt)
	}
	b.line("\nattempt %d  %s", number, a.ID)
	b.table("  ", "state", state, "failure", a.Failure, "way", string(a.Wallet)+" by "+string(a.Flow), "why", a.Reason,
		"out_trade_no", a.OutTradeNo, "trade_id", a.TradeID, "queries", queries, "notifications", formatCounts(a.Notifications))
}

// formatCounts returns how many notifications there were of each verdict, or "" for
// none. The timeline has only the first ones.
func formatCounts(n checkout.NotificationCounts) string {
	var counts []string
	for _, v := range []checkout.Verdict{checkout.VerdictAccepted, checkout.VerdictMismatch, checkout.VerdictRejected} {
		if count := n.Of(v); count > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count, v))
		}
	}
	return strings.Join(counts, ", ")
}

func writeRefund(b *textBuilder, r checkout.Refund) {
	tries := strconv.Itoa(r.Tries)
	if !r.NextTryAt.IsZero() {
		tries += ", next " + formatTime(r.NextTryAt)
	}
	b.line("\nrefund  %s", r.ID)
	b.table("  ", "state", string(r.State)+", "+string(r.Reason), "failure", r.Failure, "amount", gatewaycli.AmountOf(r.Amount, r.Currency),
		"reference", r.ClientReferenceID, "out_trade_no", r.OutTradeNo, "out_refund_no", r.OutRefundNo, "refund_id", r.GatewayID,
		"tries", tries, "delayed", formatTime(r.DelayedAt), "settled", formatTime(r.SettledAt))
}

// writeTimeline writes one line for each entry, under the day in UTC. Of repeated
// entries it writes only the first and the number of the others.
func (h history) writeTimeline(b *textBuilder) {
	var day string
	for i := 0; i < len(h.timeline); {
		e := h.timeline[i]
		if entryDay := e.At.UTC().Format(time.DateOnly); entryDay != day {
			day = entryDay
			b.line("\n%s UTC", day)
		}
		b.entry(e.At.UTC().Format(time.TimeOnly), h.label(e), h.text(e))
		next := i + 1
		for next < len(h.timeline) && isRepeated(e, h.timeline[next]) {
			next++
		}
		if repeats := next - i - 1; repeats > 1 {
			b.entry("", "", fmt.Sprintf("… and %d more like it until %s", repeats, formatTime(h.timeline[next-1].At)))
			i = next
			continue
		}
		i++
	}
}

// isRepeated reports whether two entries differ only in their time.
func isRepeated(a, b checkout.Entry) bool {
	a.At = b.At
	return a == b
}

const (
	labelWidth = 15
	textWidth  = 80 - len("15:04:05") - 2 - labelWidth - 1
)

// entry writes one entry. It breaks the text at spaces.
func (b *textBuilder) entry(at, label, text string) {
	var line string
	for word := range strings.FieldsSeq(gatewaycli.Printable(text)) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > textWidth {
			b.line("%-8s  %-*s %s", at, labelWidth, label, line)
			at, label, line = "", "", ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	b.line("%-8s  %-*s %s", at, labelWidth, label, line)
}

// label returns the kind of an entry, and the number of its attempt.
func (h history) label(e checkout.Entry) string {
	label := strings.ReplaceAll(string(e.Kind), "_", " ")
	if i := slices.IndexFunc(h.attempts, func(a checkout.Attempt) bool { return a.ID == e.AttemptID }); i >= 0 {
		label += fmt.Sprintf(" %d", i+1)
	}
	return label
}

// causes are the reasons for a query of the gateway.
var causes = map[checkout.Cause]string{
	checkout.CauseSchedule:     "on schedule",
	checkout.CauseNotification: "after a notification",
	checkout.CauseDenial:       "after a notification of no payment",
	checkout.CauseBrowser:      "a browser asked",
	checkout.CauseOtherPaid:    "another attempt was paid",
	checkout.CauseStart:        "the shopper starts another payment",
	checkout.CauseExpiry:       "the session expires",
	checkout.CauseCancel:       "somebody ends the session",
}

// text returns the text of an entry.
func (h history) text(e checkout.Entry) string {
	text := e.Result
	switch e.Kind {
	case checkout.EntryReturn:
		text = "a browser came back from the wallet"
	case checkout.EntryBridge:
		text = "WeChat's payment sheet says " + text
	case checkout.EntryCancel:
		text = "the shopper asks to cancel"
		if e.Result == checkout.CanceledByShop {
			text = "the shop ends the session"
		}
	case checkout.EntryRefund, checkout.EntryRefundCall, checkout.EntryRefundSettled:
		if i := slices.IndexFunc(h.refunds, func(r checkout.Refund) bool { return r.ID == e.Ref }); i >= 0 {
			text += ", " + gatewaycli.AmountOf(h.refunds[i].Amount, h.refunds[i].Currency)
		}
	default:
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if cause := causes[e.Cause]; cause != "" && e.Kind != checkout.EntryOrder {
		text += " (" + cause + ")"
	}
	if e.Ref != "" && e.Kind != checkout.EntryNotification {
		text += " " + e.Ref
	}
	return text
}
