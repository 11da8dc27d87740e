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

// pad is a text that is being written: what goes wrong is found at its end.
type pad struct{ strings.Builder }

func (p *pad) line(format string, args ...any) {
	_, _ = fmt.Fprintf(p, format+"\n", args...) // memory takes it
}

// table writes names and values, without those that are empty.
func (p *pad) table(indent string, pairs ...string) {
	w := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			_, _ = fmt.Fprintf(w, "%s%s\t%s\n", indent, pair[0], gatewaycli.Printable(pair[1]))
		}
	}
	_ = w.Flush() // memory takes it
}

// write shows a history to people, at most 80 columns wide but for what has no
// place to break.
func (h history) write(s gatewaycli.Streams) error {
	var p pad
	h.writeSession(&p)
	for i, a := range h.attempts {
		writeAttempt(&p, i+1, a)
	}
	for _, r := range h.refunds {
		writeRefund(&p, r)
	}
	h.writeTimeline(&p)
	_, err := io.WriteString(s.Out, p.String())
	return err
}

func (h history) writeSession(p *pad) {
	c := h.session
	var odd []string
	for what, is := range map[string]bool{
		"paid after its end": c.PaidLate, "paid twice": c.PaidTwice, "held: the gateway reports another order": c.AmountMismatch,
	} {
		if is {
			odd = append(odd, what)
		}
	}
	slices.Sort(odd)
	refunded := ""
	if c.AmountRefunded > 0 {
		refunded = gatewaycli.AmountOf(c.AmountRefunded, c.Currency)
	}
	p.table("",
		"session", c.ID, "merchant", c.Merchant, "status", string(c.Status)+", "+string(c.PaymentStatus), "look at", strings.Join(odd, "; "),
		"amount", gatewaycli.AmountOf(c.Amount, c.Currency), "refunded", refunded, "subject", c.Subject, "reference", c.ClientReferenceID,
		"created", moment(c.CreatedAt), "expires", moment(c.ExpiresAt), "paid", moment(c.PaidAt))
}

func writeAttempt(p *pad, number int, a checkout.Attempt) {
	state := string(a.State)
	if a.Quarantined {
		state += ", in quarantine"
	}
	queries := strconv.Itoa(a.Queries)
	if !a.QueriedAt.IsZero() {
		queries += ", last " + moment(a.QueriedAt)
	}
	if !a.NextQueryAt.IsZero() {
		queries += ", next " + moment(a.NextQueryAt)
	}
	p.line("\nattempt %d  %s", number, a.ID)
	p.table("  ", "state", state, "failure", a.Failure, "way", string(a.Wallet)+" by "+string(a.Flow), "why", a.Reason,
		"out_trade_no", a.OutTradeNo, "trade_id", a.TradeID, "queries", queries, "notifications", countsOf(a.Notifications))
}

// countsOf says how many notifications came, by verdict, "" for none. The
// timeline has the first of each.
func countsOf(n checkout.NotificationCounts) string {
	var counts []string
	for _, v := range []checkout.Verdict{checkout.VerdictAccepted, checkout.VerdictMismatch, checkout.VerdictRejected} {
		if count := n.Of(v); count > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count, v))
		}
	}
	return strings.Join(counts, ", ")
}

func writeRefund(p *pad, r checkout.Refund) {
	tries := strconv.Itoa(r.Tries)
	if !r.NextTryAt.IsZero() {
		tries += ", next " + moment(r.NextTryAt)
	}
	p.line("\nrefund  %s", r.ID)
	p.table("  ", "state", string(r.State)+", "+string(r.Reason), "failure", r.Failure, "amount", gatewaycli.AmountOf(r.Amount, r.Currency),
		"reference", r.ClientReferenceID, "out_trade_no", r.OutTradeNo, "out_refund_no", r.OutRefundNo, "refund_id", r.GatewayID,
		"tries", tries, "delayed", moment(r.DelayedAt), "settled", moment(r.SettledAt))
}

// writeTimeline writes a line an entry, under the day in UTC. Of entries that
// say the same again and again it counts those after the first.
func (h history) writeTimeline(p *pad) {
	var day string
	for i := 0; i < len(h.timeline); {
		e := h.timeline[i]
		if now := e.At.UTC().Format(time.DateOnly); now != day {
			day = now
			p.line("\n%s UTC", day)
		}
		p.entry(e.At.UTC().Format(time.TimeOnly), h.label(e), h.text(e))
		next := i + 1
		for next < len(h.timeline) && alike(e, h.timeline[next]) {
			next++
		}
		if again := next - i - 1; again > 1 {
			p.entry("", "", fmt.Sprintf("… and %d more like it until %s", again, moment(h.timeline[next-1].At)))
			i = next
			continue
		}
		i++
	}
}

func alike(a, b checkout.Entry) bool {
	a.At = b.At
	return a == b
}

const (
	labelWidth = 15
	textWidth  = 80 - len("15:04:05") - 2 - labelWidth - 1
)

// entry writes one entry, its text folded at spaces.
func (p *pad) entry(at, label, text string) {
	var line string
	for word := range strings.FieldsSeq(gatewaycli.Printable(text)) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > textWidth {
			p.line("%-8s  %-*s %s", at, labelWidth, label, line)
			at, label, line = "", "", ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	p.line("%-8s  %-*s %s", at, labelWidth, label, line)
}

// label is what an entry is about: its kind, and the attempt's number.
func (h history) label(e checkout.Entry) string {
	label := strings.ReplaceAll(string(e.Kind), "_", " ")
	if i := slices.IndexFunc(h.attempts, func(a checkout.Attempt) bool { return a.ID == e.AttemptID }); i >= 0 {
		label += fmt.Sprintf(" %d", i+1)
	}
	return label
}

// because says why the gateway was asked.
var because = map[checkout.Cause]string{
	checkout.CauseSchedule:     "on schedule",
	checkout.CauseNotification: "after a notification",
	checkout.CauseDenial:       "after a notification of no payment",
	checkout.CauseBrowser:      "a browser asked",
	checkout.CauseOtherPaid:    "another attempt was paid",
	checkout.CauseStart:        "the shopper starts anew",
	checkout.CauseExpiry:       "the session expires",
	checkout.CauseCancel:       "the shopper cancels",
}

// text is what an entry says.
func (h history) text(e checkout.Entry) string {
	text := e.Result
	switch e.Kind {
	case checkout.EntryReturn:
		text = "a browser came back from the wallet"
	case checkout.EntryBridge:
		text = "WeChat's payment sheet says " + text
	case checkout.EntryCancel:
		text = "the shopper wishes to cancel"
	case checkout.EntryRefund, checkout.EntryRefundCall, checkout.EntryRefundSettled:
		if i := slices.IndexFunc(h.refunds, func(r checkout.Refund) bool { return r.ID == e.Ref }); i >= 0 {
			text += ", " + gatewaycli.AmountOf(h.refunds[i].Amount, h.refunds[i].Currency)
		}
	default:
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if why := because[e.Cause]; why != "" && e.Kind != checkout.EntryOrder {
		text += " (" + why + ")"
	}
	if e.Ref != "" && e.Kind != checkout.EntryNotification {
		text += " " + e.Ref
	}
	return text
}
