package wantu

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"
)

// MaxStatementWindow is the longest span of one order-list. Manual 2.8.
const MaxStatementWindow = 7 * 24 * time.Hour

// OrderListRequest asks for the trades of a span. Manual 2.8.
type OrderListRequest struct {
	PayChannel PayChannel
	StartDate  time.Time // first second of the span
	EndDate    time.Time // last second of the span, which belongs to it
}

// TradeType tells a payment from a refund, type. Manual 2.8.
type TradeType int

// The types.
const (
	TypePayment TradeType = 1
	TypeRefund  TradeType = -1
)

// Trade is one row of a statement. No signature covers it, only TLS does:
// reconcile with it, and let [Client.Query] decide about money.
type Trade struct {
	Type        TradeType
	TradeID     string
	OutTradeNo  string
	RefundID    string  // "" for a payment; a refund has it or OutRefundNo
	OutRefundNo string  // "" for a payment
	TotalFee    Decimal // major units, as the gateway wrote it
	FeeType     string
	DateAdded   time.Time // zero when the gateway sent none that can be read
	// DateAddedText is date_added as the gateway wrote it.
	DateAddedText string
}

// Fee returns TotalFee in minor units, or [ErrMalformed] when that would need
// rounding or the currency is not one of [MinorDigits].
func (t Trade) Fee() (int64, error) {
	digits, known := MinorDigits(t.FeeType)
	if !known {
		return 0, malformed("fee_type is unknown")
	}
	return t.TotalFee.Minor(digits)
}

// OrderListResponse holds the trades, in the gateway's order.
type OrderListResponse struct {
	OrderList []Trade
}

// OrderList returns the trades of at most [MaxStatementWindow]. For any span
// call [Client.Statement]. Manual 2.8.
func (c *Client) OrderList(ctx context.Context, r OrderListRequest) (OrderListResponse, error) {
	f := newForm(r.PayChannel)
	f.span(r.StartDate, r.EndDate)
	if r.EndDate.Sub(r.StartDate) > MaxStatementWindow {
		f.fail("end_date", "is more than 7 days after start_date")
	}
	f.limit = MaxStatement
	var response OrderListResponse
	err := c.call(ctx, "order-list", f, func(a *answer) { response.OrderList = a.trades() })
	if err != nil {
		return OrderListResponse{}, err
	}
	return response, nil
}

// Statement returns the trades of any span, asking for it in windows of 7 days
// and, where an answer would be too large, in smaller ones. It ends at the
// first error, which comes with a zero Trade.
func (c *Client) Statement(ctx context.Context, r OrderListRequest) iter.Seq2[Trade, error] {
	return func(yield func(Trade, error) bool) {
		f := newForm(r.PayChannel)
		if f.span(r.StartDate, r.EndDate); f.err != nil {
			yield(Trade{}, f.err)
			return
		}
		end := r.EndDate.Truncate(time.Second)
		for start := r.StartDate.Truncate(time.Second); !start.After(end); start = start.Add(MaxStatementWindow) {
			// The last second of a span belongs to it, so the next begins a
			// second later.
			last := start.Add(MaxStatementWindow - time.Second)
			if last.After(end) {
				last = end
			}
			if !c.window(ctx, OrderListRequest{r.PayChannel, start, last}, yield) {
				return
			}
		}
	}
}

// window yields the trades of one window, halving it while it is too large. It
// returns false when the iteration is over.
func (c *Client) window(ctx context.Context, r OrderListRequest, yield func(Trade, error) bool) bool {
	response, err := c.OrderList(ctx, r)
	if errors.Is(err, errTooLarge) && r.EndDate.Sub(r.StartDate) >= time.Second {
		middle := r.StartDate.Add(r.EndDate.Sub(r.StartDate) / 2).Truncate(time.Second)
		return c.window(ctx, OrderListRequest{r.PayChannel, r.StartDate, middle}, yield) &&
			c.window(ctx, OrderListRequest{r.PayChannel, middle.Add(time.Second), r.EndDate}, yield)
	}
	if err != nil {
		yield(Trade{}, err)
		return false
	}
	for _, trade := range response.OrderList {
		if !yield(trade, nil) {
			return false
		}
	}
	return true
}

// trades reads "order_list".
func (a *answer) trades() []Trade {
	v := a.values["order_list"]
	var rows []json.RawMessage
	if (v.kind != kindNested && v.kind != kindString) || json.Unmarshal([]byte(v.text), &rows) != nil {
		a.fail("order_list", "is not a list")
		return nil
	}
	trades := make([]Trade, 0, len(rows))
	for _, row := range rows {
		message, err := Decode(row)
		if err != nil {
			a.fail("order_list", "holds what is not an object")
			return nil
		}
		trades = append(trades, a.trade(&answer{Message: message}))
	}
	return trades
}

// trade reads one row. The manual's table and its example spell two of the
// names differently.
func (a *answer) trade(row *answer) Trade {
	t := Trade{
		TradeID:     row.required("trade_id"),
		OutTradeNo:  row.either("out_trade_no", "out_trade_id", "out trade no"),
		RefundID:    row.Text("refund_id"),
		OutRefundNo: row.either("out_refund_no", "out_refund_id", "out refund no"),
		TotalFee:    row.decimal("total_fee"),
		FeeType:     row.required("fee_type"),
	}
	t.DateAdded, t.DateAddedText = row.time("date_added")
	switch row.Text("type") {
	case "1":
		t.Type = TypePayment
	case "-1":
		// Without a number it could not be told from another refund of the order.
		if t.Type = TypeRefund; t.RefundID == "" && t.OutRefundNo == "" {
			row.fail("refund_id", "is missing, and out_refund_no too")
		}
	default:
		row.fail("type", "is neither 1 nor -1")
	}
	if row.err != nil && a.err == nil {
		a.err = row.err
	}
	return t
}
