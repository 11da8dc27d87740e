package dbcli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/reconcile"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
)

// printTable prints the differences of all reports, and then a summary of each.
func printTable(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	if err := printDifferences(s, reports); err != nil {
		return err
	}
	for _, r := range reports {
		if _, err := fmt.Fprintln(s.Out, summary(r)); err != nil {
			return err
		}
	}
	return nil
}

func printDifferences(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	none := true
	for _, r := range reports {
		for _, d := range r.Found {
			if none {
				_, _ = fmt.Fprintln(w, "MERCHANT\tDIFFERENCE\tORDER\tREFUND\tHERE\tTHERE\t") // Flush returns the error
				none = false
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Merchant, d.Kind, gatewaycli.Printable(d.OutTradeNo), refundNumber(d),
				formatSide(d.Here), formatSide(d.There), formatHealed(d))
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

// refundNumber returns our number of the refund, or else the gateway's.
func refundNumber(d checkout.Difference) string {
	if d.OutRefundNo != "" {
		return gatewaycli.Printable(d.OutRefundNo)
	}
	return gatewaycli.Printable(d.GatewayRefundID)
}

// formatSide returns one side of a difference, or "-" if it is missing.
func formatSide(b *checkout.Booked) string {
	switch {
	case b == nil:
		return "-"
	case b.Amount < 0:
		return gatewaycli.Printable(b.Currency) + " ?"
	default:
		return strings.TrimSpace(gatewaycli.Printable(gatewaycli.AmountOf(b.Amount, b.Currency)) + " " + b.Status)
	}
}

func formatHealed(d checkout.Difference) string {
	if d.Healed {
		return "settled now"
	}
	return ""
}

// summary returns the result of a report in one line.
func summary(r checkout.Reconciliation) string {
	text := fmt.Sprintf("%s %s: %s and %s of its own, %d of others: %s", r.Merchant, formatWindow(r),
		formatCount(r.Payments, "payment"), formatCount(r.Refunds, "refund"), r.Elsewhere, formatCount(r.Differences, "difference"))
	if r.Differences > 0 {
		text += fmt.Sprintf(" (%d new, %d settled now)", r.Told, r.Healed)
	}
	switch {
	case r.Error != "":
		return text + "; it was aborted: " + gatewaycli.Printable(r.Error)
	case !r.Complete():
		return text + "; it is not finished"
	}
	return text
}

// formatWindow returns the day of a report, or else its first and last second.
func formatWindow(r checkout.Reconciliation) string {
	from, to := reconcile.GatewayDay(r.From)
	if r.From.Equal(from) && r.To.Equal(to) {
		return from.Format(time.DateOnly)
	}
	return wantu.FormatTime(r.From) + " to " + wantu.FormatTime(r.To)
}

// formatCount returns a number with its noun.
func formatCount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func listReports(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "REPORT\tSTARTED\tRESULT") // Flush returns the error
	for _, r := range reports {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, formatTime(r.StartedAt), summary(r))
	}
	return w.Flush()
}
