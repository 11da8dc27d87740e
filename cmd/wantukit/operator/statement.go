package operator

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// statementVerb lists payments and refunds.
type statementVerb struct {
	From    day    `required:"" placeholder:"DATE" env:"-" help:"First day, such as 2026-11-01, or first second, such as '2026-11-01 09:00:00'; in UTC+8."`
	To      day    `placeholder:"DATE" env:"-" help:"Last day or last second. Defaults to the end of the first day."`
	Channel string `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Left out, both are listed."`
	JSON    bool   `name:"json" xor:"form" env:"-" help:"Write a JSON array; amounts are text in major units."`
	CSV     bool   `name:"csv" xor:"form" env:"-" help:"Write CSV with a line of names."`
	account
}

// day is a date or a second in the gateway's zone.
type day string

// span returns the first and the last second that d stands for.
func (d day) span(flag string) (first, last time.Time, err error) {
	if first, err = wantu.ParseTime(string(d)); err == nil {
		return first, first, nil
	}
	if first, err = wantu.ParseTime(string(d) + " 00:00:00"); err != nil {
		return first, last, usage("%s must be yyyy-MM-dd or yyyy-MM-dd HH:mm:ss", flag)
	}
	return first, first.Add(24*time.Hour - time.Second), nil
}

// row is a trade and the channel that it was made on.
type row struct {
	wantu.Trade
	channel string
}

// Run implements kong's command.
func (v *statementVerb) Run(ctx context.Context, s Streams) error {
	start, end, err := v.span()
	if err != nil {
		return err
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	rows, err := v.rows(ctx, client, start, end)
	if err != nil {
		return v.asked(err)
	}
	switch {
	case v.JSON:
		return writeJSON(s, rows)
	case v.CSV:
		return writeCSV(s, rows)
	default:
		return writeTable(s, rows)
	}
}

func (v *statementVerb) span() (start, end time.Time, err error) {
	if start, end, err = v.From.span("--from"); err != nil || v.To == "" {
		return start, end, err
	}
	if _, end, err = v.To.span("--to"); err == nil && end.Before(start) {
		err = usage("--to is before --from")
	}
	return start, end, err
}

// rows asks each channel. A gateway that answers for all channels at once would
// tell each trade twice: the second time it is left out.
func (v *statementVerb) rows(ctx context.Context, client *wantu.Client, start, end time.Time) ([]row, error) {
	channels := []wantu.PayChannel{wantu.Alipay, wantu.WeChat}
	if v.Channel != "" {
		channels = []wantu.PayChannel{channelNamed(v.Channel)}
	}
	var rows []row
	seen := map[[2]string]bool{}
	for _, channel := range channels {
		request := wantu.OrderListRequest{PayChannel: channel, StartDate: start, EndDate: end}
		for trade, err := range client.Statement(ctx, request) {
			if err != nil {
				return nil, err
			}
			if id := [2]string{trade.TradeID, trade.RefundID}; !seen[id] {
				seen[id] = true
				rows = append(rows, row{trade, channelName(channel)})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.DateAdded.Compare(b.DateAdded) })
	return rows, nil
}

func (r row) kind() string {
	if r.Type == wantu.TypeRefund {
		return "refund"
	}
	return "payment"
}

// names are the manual's; channel is ours.
func names() []string {
	return []string{"date_added", "type", "channel", "out_trade_no", "out_refund_no", "total_fee", "fee_type", "trade_id", "refund_id"}
}

func (r row) values() []string {
	return []string{
		wantu.FormatTime(r.DateAdded), r.kind(), r.channel, r.OutTradeNo, r.OutRefundNo, r.TotalFee.String(), r.FeeType, r.TradeID, r.RefundID,
	}
}

func writeJSON(s Streams, rows []row) error {
	list := make([]record, 0, len(rows))
	for _, r := range rows {
		fields := make(record, len(names()))
		for i, value := range r.values() {
			fields[i] = field{name: names()[i], value: value}
		}
		list = append(list, fields)
	}
	return json.NewEncoder(s.Out).Encode(list)
}

// writeCSV keeps a spreadsheet from taking a text for a formula.
func writeCSV(s Streams, rows []row) error {
	w := csv.NewWriter(s.Out)
	_ = w.Write(names()) // Flush tells
	for _, r := range rows {
		values := r.values()
		for i, value := range values {
			if strings.HasPrefix(value, "=") || strings.HasPrefix(value, "+") || strings.HasPrefix(value, "@") {
				values[i] = "'" + value
			}
		}
		_ = w.Write(values)
	}
	w.Flush()
	return w.Error()
}

func writeTable(s Streams, rows []row) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "TIME\tTYPE\tCHANNEL\tORDER\tREFUND\tAMOUNT")
	for _, r := range rows {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s %s\n", wantu.FormatTime(r.DateAdded), r.kind(), r.channel,
			printable(r.OutTradeNo), printable(r.OutRefundNo), printable(r.FeeType), r.signed())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return writeTotals(s, rows)
}

// signed shows a refund as what leaves.
func (r row) signed() string {
	text := strings.TrimPrefix(r.TotalFee.String(), "-")
	if r.Type == wantu.TypeRefund {
		return "-" + text
	}
	return text
}

// totals are the sums of one currency, in minor units.
type totals struct{ payments, refunds int64 }

// writeTotals adds up each currency. One that is not known, or an amount finer
// than its currency, is not added but said.
func writeTotals(s Streams, rows []row) error {
	sums, left := map[string]totals{}, 0
	for _, r := range rows {
		fee, err := r.Fee()
		if err != nil {
			left++
			continue
		}
		of := sums[r.FeeType]
		if r.Type == wantu.TypeRefund {
			of.refunds += max(fee, -fee)
		} else {
			of.payments += fee
		}
		sums[r.FeeType] = of
	}
	_ = line(s.Out, "\n%d trades", len(rows))
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		of := sums[currency]
		_ = line(s.Out, "paid %s, refunded %s, net %s", amountOf(of.payments, currency),
			amountOf(of.refunds, currency), amountOf(of.payments-of.refunds, currency))
	}
	if left > 0 {
		return line(s.Out, "%d trades are not in these sums: their currency or its digits are unknown", left)
	}
	return nil
}
