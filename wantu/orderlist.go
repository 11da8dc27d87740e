package wantu

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"
)

// MaxStatementWindow is the longest time span of one order-list call. Manual 2.8.
const MaxStatementWindow = 7 * 24 * time.Hour

// OrderListRequest asks for the trades of a time span. Manual 2.8.
type OrderListRequest struct {
	PayChannel PayChannel
	StartDate  time.Time // the first second of the span
	EndDate    time.Time // the last second of the span; its trades are included
}

// TradeType is the type of a trade, type. Manual 2.8.
type TradeType int

// The types.
const (
	TypePayment TradeType = 1
	TypeRefund  TradeType = -1
)

// Trade is one row of a statement. No signature covers it, only TLS protects it.
// Use it to reconcile, and [Client.Query] to decide about money.
type Trade struct {
	Type        TradeType
	TradeID     string
	OutTradeNo  string
	RefundID    string  // "" for a payment; a refund has RefundID, OutRefundNo or both
	OutRefundNo string  // "" for a payment
	TotalFee    Decimal // in major units, as the gateway wrote it; it may be negative for a refund
	FeeType     string
	DateAdded   time.Time // when it was paid or refunded; zero when missing or unreadable
	// DateAddedText is date_added as the gateway wrote it.
	DateAddedText string
}

// Fee returns TotalFee in minor units. It returns [ErrMalformed] when that needs
// rounding, or when [MinorDigits] does not know the currency.
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

// OrderList returns the trades of a time span of at most [MaxStatementWindow]. For
// a longer span it returns a [*FieldError]: call [Client.Statement] instead. Manual
// 2.8.
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

// Statement returns the trades of a time span of any length. It asks for windows of
// 7 days, and for shorter ones where an answer is too large. It stops at the first
// error and yields it with a zero Trade.
func (c *Client) Statement(ctx context.Context, r OrderListRequest) iter.Seq2[Trade, error] {
	return func(yield func(Trade, error) bool) {
		f := newForm(r.PayChannel)
		if f.span(r.StartDate, r.EndDate); f.err != nil {
			yield(Trade{}, f.err)
			return
		}
		end := r.EndDate.Truncate(time.Second)
		for start := r.StartDate.Truncate(time.Second); !start.After(end); start = start.Add(MaxStatementWindow) {
			// A window includes its last second, so the next window begins one
			// second later.
			last := start.Add(MaxStatementWindow - time.Second)
			if last.After(end) {
				last = end
			}
			if !c.yieldWindow(ctx, OrderListRequest{r.PayChannel, start, last}, yield) {
				return
			}
		}
	}
}

// yieldWindow yields the trades of one window. If the answer is too large, it
// divides the window into halves. It returns false when the iteration must stop.
func (c *Client) yieldWindow(ctx context.Context, r OrderListRequest, yield func(Trade, error) bool) bool {
	response, err := c.OrderList(ctx, r)
	if errors.Is(err, errTooLarge) && r.EndDate.Sub(r.StartDate) >= time.Second {
		middle := r.StartDate.Add(r.EndDate.Sub(r.StartDate) / 2).Truncate(time.Second)
		return c.yieldWindow(ctx, OrderListRequest{r.PayChannel, r.StartDate, middle}, yield) &&
			c.yieldWindow(ctx, OrderListRequest{r.PayChannel, middle.Add(time.Second), r.EndDate}, yield)
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
			a.fail("order_list", "contains an element that is not an object")
			return nil
		}
		trades = append(trades, a.trade(&answer{Message: message}))
	}
	return trades
}

// trade reads one row. The manual's table and its example spell two of the names
// in different ways.
func (a *answer) trade(row *answer) Trade {
	t := Trade{
		TradeID:     row.required("trade_id"),
		OutTradeNo:  row.firstText("out_trade_no", "out_trade_id", "out trade no"),
		RefundID:    row.Text("refund_id"),
		OutRefundNo: row.firstText("out_refund_no", "out_refund_id", "out refund no"),
		TotalFee:    row.decimal("total_fee"),
		FeeType:     row.required("fee_type"),
	}
	t.DateAdded, t.DateAddedText = row.time("date_added")
	switch row.Text("type") {
	case "1":
		t.Type = TypePayment
	case "-1":
		// Without a number the refund looks like any other refund of the order.
		if t.Type = TypeRefund; t.RefundID == "" && t.OutRefundNo == "" {
			row.fail("refund_id", "is missing, and so is out_refund_no")
		}
	default:
		row.fail("type", "is neither 1 nor -1")
	}
	if row.err != nil && a.err == nil {
		a.err = row.err
	}
	return t
}
