package gatewaycli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// statementVerb lists the payments and refunds of the gateway's statement.
type statementVerb struct {
	From    day    `required:"" placeholder:"DATE" env:"-" help:"First day, such as 2026-11-01, or first second, such as '2026-11-01 09:00:00', in UTC+8."`
	To      day    `placeholder:"DATE" env:"-" help:"Last day or last second, in UTC+8. Defaults to the end of the day of --from."`
	Channel string `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Defaults to both."`
	JSON    bool   `name:"json" xor:"form" env:"-" help:"Print a JSON array, with amounts as text in major units."`
	CSV     bool   `name:"csv" xor:"form" env:"-" help:"Print CSV with a header line."`
	account
}

// day is a date or a second in the gateway's time zone (UTC+8).
type day string

// at returns the time of d. If d is only a date, timeOfDay is added. flag is the
// flag's name, for errors.
func (d day) at(flag, timeOfDay string) (time.Time, error) {
	text := string(d)
	if len(text) == len(time.DateOnly) {
		text += " " + timeOfDay
	}
	moment, err := wantu.ParseTime(text)
	if err != nil || len(text) != len(time.DateTime) {
		return time.Time{}, usage("%s must be yyyy-MM-dd or yyyy-MM-dd HH:mm:ss", flag)
	}
	return moment, nil
}

const (
	dayStarts = "00:00:00"
	dayEnds   = "23:59:59"
)

// row is a trade and its channel.
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
	rows, err := v.rows(ctx, s, client, start, end)
	if err != nil {
		return v.explain(err)
	}
	switch {
	case v.JSON:
		return writeList(s, rows)
	case v.CSV:
		return writeCSV(s, rows)
	default:
		return writeTable(s, rows)
	}
}

// span returns the first and the last second.
func (v *statementVerb) span() (start, end time.Time, err error) {
	if start, err = v.From.at("--from", dayStarts); err != nil {
		return start, end, err
	}
	to, flag := v.To, "--to"
	if to == "" {
		to, flag = v.From[:len(time.DateOnly)], "--from"
	}
	if end, err = to.at(flag, dayEnds); err == nil && end.Before(start) {
		err = usage("--to is before --from")
	}
	return start, end, err
}

// rows returns the trades of all channels, ordered by time. It skips a channel that
// the store does not have, and prints that. A gateway that lists all trades for each
// channel lists a trade twice: rows removes such duplicates, but not the duplicates
// within one channel.
func (v *statementVerb) rows(ctx context.Context, s Streams, client *wantu.Client, start, end time.Time) ([]row, error) {
	var rows []row
	refused := 0
	all := channels(v.Channel)
	duplicates := wantu.NewDuplicates()
	for _, channel := range all {
		trades, err := collectTrades(client.Statement(ctx, wantu.OrderListRequest{PayChannel: channel, StartDate: start, EndDate: end}))
		if errors.Is(err, wantu.ErrNoPrivilege) && refused+1 < len(all) {
			s.inform("%s is skipped: %v", channelName(channel), err)
			refused++
			continue
		}
		if err != nil {
			return nil, err
		}
		isDuplicate := duplicates.NextStatement()
		for _, trade := range trades {
			if !isDuplicate(trade) {
				rows = append(rows, row{trade, channelName(channel)})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.DateAdded.Compare(b.DateAdded) })
	return rows, nil
}

// collectTrades returns all trades of a statement.
func collectTrades(statement iter.Seq2[wantu.Trade, error]) ([]wantu.Trade, error) {
	var list []wantu.Trade
	for trade, err := range statement {
		if err != nil {
			return nil, err
		}
		list = append(list, trade)
	}
	return list, nil
}

func (r row) kind() string {
	if r.Type == wantu.TypeRefund {
		return "refund"
	}
	return "payment"
}

// columns are the manual's names, and channel.
func columns() []string {
	return []string{"date_added", "type", "channel", "out_trade_no", "out_refund_no", "total_fee", "fee_type", "trade_id", "refund_id"}
}

func (r row) values() []string {
	return []string{
		wantu.FormatTime(r.DateAdded), r.kind(), r.channel, r.OutTradeNo, r.OutRefundNo, r.TotalFee.String(), r.FeeType, r.TradeID, r.RefundID,
	}
}

func writeList(s Streams, rows []row) error {
	list := make([]record, 0, len(rows))
	for _, r := range rows {
		fields := make(record, len(columns()))
		for i, value := range r.values() {
			fields[i] = field{name: columns()[i], value: value}
		}
		list = append(list, fields)
	}
	return writeJSON(s, list)
}

// writeCSV prints CSV. It escapes text that a spreadsheet could take for a formula,
// because the gateway does not sign a statement's rows.
func writeCSV(s Streams, rows []row) error {
	w := csv.NewWriter(s.Out)
	_ = w.Write(columns()) // Flush returns the error
	for _, r := range rows {
		values := r.values()
		for i, value := range values {
			if value != "" && strings.Contains("=+-@\t\r\n", value[:1]) && columns()[i] != "total_fee" {
				value = "'" + value
			}
			values[i] = Printable(value)
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
			Printable(r.OutTradeNo), Printable(r.OutRefundNo), Printable(r.FeeType), r.signedAmount())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return writeTotals(s, rows)
}

// signedAmount returns the amount, negative for a refund.
func (r row) signedAmount() string {
	text := strings.TrimPrefix(r.TotalFee.String(), "-")
	if r.Type == wantu.TypeRefund {
		return "-" + text
	}
	return text
}

// totals are the sums of one currency in minor units.
type totals struct{ payments, refunds int64 }

// writeTotals prints the sums of each currency. It counts the trades that it cannot
// add: their currency is unknown, or their amount has too many digits.
func writeTotals(s Streams, rows []row) error {
	sums, skipped := map[string]totals{}, 0
	for _, r := range rows {
		fee, err := r.Fee()
		if err != nil {
			skipped++
			continue
		}
		sum := sums[r.FeeType]
		if r.Type == wantu.TypeRefund {
			sum.refunds += max(fee, -fee)
		} else {
			sum.payments += fee
		}
		sums[r.FeeType] = sum
	}
	_ = s.print("\n%s", count(len(rows)))
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		sum := sums[currency]
		_ = s.print("paid %s, refunded %s, net %s", AmountOf(sum.payments, currency),
			AmountOf(sum.refunds, currency), AmountOf(sum.payments-sum.refunds, currency))
	}
	if skipped > 0 {
		return s.print("not in these sums, because the currency is unknown or the amount has too many digits: %s", count(skipped))
	}
	return nil
}

func count(trades int) string {
	if trades == 1 {
		return "1 trade"
	}
	return strconv.Itoa(trades) + " trades"
}
