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

// statementVerb lists payments and refunds.
type statementVerb struct {
	From    day    `required:"" placeholder:"DATE" env:"-" help:"First day, such as 2026-11-01, or first second, such as '2026-11-01 09:00:00'; in UTC+8."`
	To      day    `placeholder:"DATE" env:"-" help:"Last day or last second. Defaults to the end of --from's day."`
	Channel string `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Left out, both are listed."`
	JSON    bool   `name:"json" xor:"form" env:"-" help:"Write a JSON array; amounts are text in major units."`
	CSV     bool   `name:"csv" xor:"form" env:"-" help:"Write CSV with a line of names."`
	account
}

// day is a date or a second in the gateway's zone.
type day string

// at returns the moment that d stands for, with clock where it names a date
// alone.
func (d day) at(flag, clock string) (time.Time, error) {
	text := string(d)
	if len(text) == len(time.DateOnly) {
		text += " " + clock
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
	rows, err := v.rows(ctx, s, client, start, end)
	if err != nil {
		return v.asked(err)
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

// rows asks each channel, and tells of one that the store does not have. A
// gateway that answers for all channels at once tells each trade to both: what
// another channel told already is left out, and nothing that one channel tells
// twice.
func (v *statementVerb) rows(ctx context.Context, s Streams, client *wantu.Client, start, end time.Time) ([]row, error) {
	var rows []row
	refused := 0
	asked := channels(v.Channel)
	told := map[wantu.Trade]int{}
	for _, channel := range asked {
		trades, err := trades(client.Statement(ctx, wantu.OrderListRequest{PayChannel: channel, StartDate: start, EndDate: end}))
		if errors.Is(err, wantu.ErrNoPrivilege) && refused+1 < len(asked) {
			s.tell("%s is left out: %v", channelName(channel), err)
			refused++
			continue
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, untold(trades, told, channelName(channel))...)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return a.DateAdded.Compare(b.DateAdded) })
	return rows, nil
}

// trades collects a statement.
func trades(statement iter.Seq2[wantu.Trade, error]) ([]wantu.Trade, error) {
	var list []wantu.Trade
	for trade, err := range statement {
		if err != nil {
			return nil, err
		}
		trade.DateAdded = trade.DateAdded.UTC() // two of one moment are equal
		list = append(list, trade)
	}
	return list, nil
}

// untold returns the rows of a channel that the channels before did not tell,
// and counts them in.
func untold(trades []wantu.Trade, told map[wantu.Trade]int, channel string) []row {
	before := maps.Clone(told)
	var rows []row
	for _, trade := range trades {
		if before[trade] > 0 {
			before[trade]--
			continue
		}
		told[trade]++
		rows = append(rows, row{trade, channel})
	}
	return rows
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

func writeList(s Streams, rows []row) error {
	list := make([]record, 0, len(rows))
	for _, r := range rows {
		fields := make(record, len(names()))
		for i, value := range r.values() {
			fields[i] = field{name: names()[i], value: value}
		}
		list = append(list, fields)
	}
	return writeJSON(s, list)
}

// writeCSV keeps a spreadsheet from taking a text for a formula. No signature
// covers a statement's rows.
func writeCSV(s Streams, rows []row) error {
	w := csv.NewWriter(s.Out)
	_ = w.Write(names()) // Flush tells
	for _, r := range rows {
		values := r.values()
		for i, value := range values {
			if value != "" && strings.Contains("=+-@\t\r\n", value[:1]) && names()[i] != "total_fee" {
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
			Printable(r.OutTradeNo), Printable(r.OutRefundNo), Printable(r.FeeType), r.signed())
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
	_ = s.say("\n%s", count(len(rows)))
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		of := sums[currency]
		_ = s.say("paid %s, refunded %s, net %s", AmountOf(of.payments, currency),
			AmountOf(of.refunds, currency), AmountOf(of.payments-of.refunds, currency))
	}
	if left > 0 {
		return s.say("not in these sums, for their currency or its digits are unknown: %s", count(left))
	}
	return nil
}

func count(trades int) string {
	if trades == 1 {
		return "1 trade"
	}
	return strconv.Itoa(trades) + " trades"
}
