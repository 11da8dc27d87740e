package dbcli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
)

// tabulate writes what was found, and then what was held against each other.
func tabulate(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	if err := tabulateFound(s, reports); err != nil {
		return err
	}
	for _, r := range reports {
		if _, err := fmt.Fprintln(s.Out, summary(r)); err != nil {
			return err
		}
	}
	return nil
}

func tabulateFound(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	none := true
	for _, r := range reports {
		for _, d := range r.Found {
			if none {
				_, _ = fmt.Fprintln(w, "MERCHANT\tDIFFERENCE\tORDER\tREFUND\tHERE\tTHERE\t") // Flush tells
				none = false
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Merchant, d.Kind, gatewaycli.Printable(d.OutTradeNo), refundNumber(d),
				side(d.Here), side(d.There), healed(d))
		}
		if more := r.Differences - len(r.Found); more > 0 {
			_, _ = fmt.Fprintf(w, "%s\tand %d more\t\t\t\t\t\n", r.Merchant, more)
		}
	}
	if !none {
		_, _ = fmt.Fprintln(w)
	}
	return w.Flush()
}

// refundNumber is ours, or else the gateway's.
func refundNumber(d checkout.Difference) string {
	if d.OutRefundNo != "" {
		return gatewaycli.Printable(d.OutRefundNo)
	}
	return gatewaycli.Printable(d.GatewayRefundID)
}

// side writes one side of a difference, "-" for none.
func side(b *checkout.Booked) string {
	switch {
	case b == nil:
		return "-"
	case b.Amount < 0:
		return gatewaycli.Printable(b.Currency) + " ?"
	default:
		return strings.TrimSpace(gatewaycli.Printable(gatewaycli.AmountOf(b.Amount, b.Currency)) + " " + b.Status)
	}
}

func healed(d checkout.Difference) string {
	if d.Healed {
		return "settled now"
	}
	return ""
}

// summary says what a run came to, zero differences included.
func summary(r checkout.Reconciliation) string {
	text := fmt.Sprintf("%s %s: %s and %s of its own, %d of others: %s", r.Merchant, window(r),
		counted(r.Payments, "payment"), counted(r.Refunds, "refund"), r.Elsewhere, counted(r.Differences, "difference"))
	if r.Differences > 0 {
		text += fmt.Sprintf(" (%d new, %d settled now)", r.Told, r.Healed)
	}
	switch {
	case r.Error != "":
		return text + "; it was given up: " + gatewaycli.Printable(r.Error)
	case !r.Complete():
		return text + "; it has not ended"
	}
	return text
}

// window is a day, or the seconds that a window begins and ends with.
func window(r checkout.Reconciliation) string {
	from, to := checkout.GatewayDay(r.From)
	if r.From.Equal(from) && r.To.Equal(to) {
		return from.Format(time.DateOnly)
	}
	return wantu.FormatTime(r.From) + " to " + wantu.FormatTime(r.To)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func listReports(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "REPORT\tSTARTED\tRESULT") // Flush tells
	for _, r := range reports {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, moment(r.StartedAt), summary(r))
	}
	return w.Flush()
}
