package sandbox

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// trade is one row of order-list, with the names of the manual's example.
type trade struct {
	TradeID     string          `json:"trade_id"`
	OutTradeNo  string          `json:"out_trade_no"`
	RefundID    string          `json:"refund_id"`
	OutRefundNo string          `json:"out_refund_no"`
	Type        wantu.TradeType `json:"type"`
	TotalFee    json.Number     `json:"total_fee"` // in major units, with all decimal places of the currency
	DateAdded   string          `json:"date_added"`
	FeeType     string          `json:"fee_type"`

	at time.Time
}

// orderList answers with the payments and refunds of a time span, oldest first.
// Manual 2.8.
func (s *Sandbox) orderList(c call) reply {
	start, _ := wantu.ParseTime(c.Text("start_date")) // checked by fields
	end, _ := wantu.ParseTime(c.Text("end_date"))
	if end.Before(start) || end.Sub(start) > wantu.MaxStatementWindow {
		return refuse(wantu.CodeParamError, "end_date")
	}
	trades := []trade{}
	for _, o := range slices.Backward(s.orders.list()) {
		if !c.matches(&order{Order: o}) {
			continue
		}
		for _, t := range o.trades() {
			if !t.at.Before(start) && !t.at.After(end) {
				trades = append(trades, t)
			}
		}
	}
	slices.SortStableFunc(trades, func(a, b trade) int { return a.at.Compare(b.at) })
	return succeed(reply{"order_list": trades})
}

// trades returns the payment and the refunds of an order.
func (o Order) trades() []trade {
	if o.PaidAt.IsZero() {
		return nil
	}
	trades := []trade{o.trade(wantu.TypePayment, o.TotalFee, o.PaidAt)}
	for _, refund := range o.Refunds {
		t := o.trade(wantu.TypeRefund, refund.Fee, refund.CreatedAt)
		t.RefundID, t.OutRefundNo = refund.RefundID, refund.OutRefundNo
		trades = append(trades, t)
	}
	return trades
}

func (o Order) trade(kind wantu.TradeType, fee int64, at time.Time) trade {
	digits, _ := wantu.MinorDigits(o.FeeType)
	return trade{
		TradeID: o.TradeID, OutTradeNo: o.OutTradeNo, Type: kind, FeeType: o.FeeType,
		TotalFee: json.Number(wantu.MinorUnits(fee, digits).String()), DateAdded: wantu.FormatTime(at), at: at,
	}
}
