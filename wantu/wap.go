package wantu

import (
	"context"
	"time"
)

// WAPRequest asks for Alipay's payment page for a phone. Manual 2.11.
type WAPRequest struct {
	PayChannel  PayChannel  // defaults to Alipay, the only channel of this endpoint
	TotalFee    int64       // minor units, 1 to [MaxTotalFee]
	FeeType     string      // three capital letters; "" lets the gateway choose
	Subject     string      // what is sold, 1 to 128 characters
	ProductID   string      // at most 32 characters
	OutTradeNo  string      // the order number, never used before: 1 to 32 of A-Z a-z 0-9 _
	Attach      string      // returned unchanged by Query and the notification; at most 128 characters
	NotifyURL   string      // required; the gateway posts the notification to it; at most 256 characters
	ReturnURL   string      // required; the shopper goes to it afterwards; at most 256 characters
	TimeExpire  time.Time   // required; the order can be paid until then; sent in whole seconds
	DeviceSN    string      // the serial number of the device; at most 128 characters
	PaymentInst PaymentInst // the Alipay wallet; "" lets the gateway choose
}

// WAPResponse holds the URL of the page.
type WAPResponse struct {
	URL     string // http or https; open it in the whole window, not in a frame
	TradeID string // the gateway's number of the order; "" when it sent none
}

// WAP opens an order and returns the page to pay on. Besides the errors of
// every call (see [OutcomeUnknown]), [ErrOutTradeNoUsed] means that OutTradeNo
// was used before. Manual 2.11.
func (c *Client) WAP(ctx context.Context, r WAPRequest) (WAPResponse, error) {
	f := newSingleChannelForm(r.PayChannel, Alipay)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.optional("fee_type", r.FeeType, 3, currency)
	f.optional("product_id", r.ProductID, 32, freeText)
	f.pageFields(r.ReturnURL, r.TimeExpire, r.PaymentInst)
	var response WAPResponse
	err := c.call(ctx, "wap", f, func(a *answer) {
		response = WAPResponse{URL: a.pageURL("url"), TradeID: a.Text("trade_id")}
	})
	if err != nil {
		return WAPResponse{}, err
	}
	return response, nil
}
