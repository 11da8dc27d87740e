package wantu

import (
	"context"
	"time"
)

// WAPRequest asks for Alipay's cashier for a phone. Manual 2.11.
type WAPRequest struct {
	PayChannel  PayChannel  // defaults to Alipay, the only one
	TotalFee    int64       // minor units, 1 to [MaxTotalFee]
	FeeType     string      // three capital letters; "" leaves it to the gateway
	Subject     string      // what is sold, 1 to 128 characters
	ProductID   string      // at most 32 characters
	OutTradeNo  string      // the order's number, used once for ever: 1 to 32 of A-Z a-z 0-9 _
	Attach      string      // comes back unchanged; at most 128 characters
	NotifyURL   string      // where the notification goes; at most 256 characters
	ReturnURL   string      // where the shopper goes afterwards; at most 256 characters
	TimeExpire  time.Time   // required; sent in whole seconds
	DeviceSN    string      // at most 128 characters
	PaymentInst PaymentInst // which wallet; "" leaves it to the gateway
}

// WAPResponse holds the cashier's address.
type WAPResponse struct {
	URL     string // http or https, to be visited at top level
	TradeID string // the gateway's number of the order; "" when it sent none
}

// WAP opens an order and returns the page to pay it on. Besides the errors of
// every call (see [OutcomeUnknown]), [ErrOutTradeNoUsed] means that the number
// was used before. Manual 2.11.
func (c *Client) WAP(ctx context.Context, r WAPRequest) (WAPResponse, error) {
	f := channelOr(r.PayChannel, Alipay)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.optional("fee_type", r.FeeType, 3, currency)
	f.optional("product_id", r.ProductID, 32, freeText)
	f.page(r.ReturnURL, r.TimeExpire, r.PaymentInst)
	var response WAPResponse
	err := c.call(ctx, "wap", f, func(a *answer) {
		response = WAPResponse{URL: a.page("url"), TradeID: a.Text("trade_id")}
	})
	if err != nil {
		return WAPResponse{}, err
	}
	return response, nil
}
