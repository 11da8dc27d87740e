package wantu

import (
	"context"
	"time"
)

// QueryRequest names an order by OutTradeNo, TradeID or both. Manual 2.5.
type QueryRequest struct {
	PayChannel PayChannel // the channel that the order was opened on
	OutTradeNo string     // 1 to 32 of A-Z a-z 0-9 _
	TradeID    string     // the gateway's number, at most 32 characters
}

// QueryResponse is what the gateway knows about an order. Before you trust
// TradeStatus, compare TotalFee and FeeType with the order that you stored.
type QueryResponse struct {
	OutTradeNo  string
	TradeID     string // the gateway's number of the order; "" when it sent none
	TotalFee    int64  // minor units
	FeeType     string
	Attach      string
	TradeStatus TradeStatus
	TradeTime   time.Time // when it was paid; zero when missing or unreadable
	// TradeTimeText is trade_time as the gateway wrote it.
	TradeTimeText string
	StoreAccount  string
	DeviceSN      string
}

// Query returns the state of an order. [ErrOrderInvalid] means that the gateway
// does not know the order. Manual 2.5.
func (c *Client) Query(ctx context.Context, r QueryRequest) (QueryResponse, error) {
	f := newForm(r.PayChannel)
	f.orderNumbers(r.OutTradeNo, r.TradeID)
	var response QueryResponse
	err := c.call(ctx, "query", f, func(a *answer) {
		if r.OutTradeNo == "" {
			a.required("trade_id")
		}
		response = QueryResponse{
			OutTradeNo:   a.required("out_trade_no"),
			TradeID:      a.Text("trade_id"),
			TotalFee:     a.fee("total_fee"),
			FeeType:      a.required("fee_type"),
			Attach:       a.Text("attach"),
			TradeStatus:  parseTradeStatus(a.required("trade_status")),
			StoreAccount: a.Text("store_account"),
			DeviceSN:     a.Text("device_sn"),
		}
		response.TradeTime, response.TradeTimeText = a.time("trade_time")
	})
	if err != nil {
		return QueryResponse{}, err
	}
	return response, nil
}
