package wantu

import (
	"context"
	"strconv"
	"time"
)

// WebRequest asks for a page of Alipay's for a computer. Manual 2.9.
type WebRequest struct {
	PayChannel PayChannel // defaults to Alipay, the only one
	TotalFee   int64      // minor units, 1 to [MaxTotalFee]
	FeeType    string     // three capital letters; "" leaves it to the gateway
	Subject    string     // what is sold, 1 to 128 characters
	ProductID  string     // at most 32 characters
	OutTradeNo string     // the order's number, used once for ever: 1 to 32 of A-Z a-z 0-9 _
	Attach     string     // comes back unchanged; at most 128 characters
	NotifyURL  string     // where the notification goes; at most 256 characters
	ReturnURL  string     // where the shopper goes afterwards; at most 256 characters
	TimeExpire time.Time  // required; sent in whole seconds
	DeviceSN   string     // at most 128 characters

	// PaymentInst makes the answer a page that shows a QR code, for an iframe.
	// Without it the answer is Alipay's cashier, to be visited at top level.
	PaymentInst PaymentInst

	// QRCodeWidth is the code's width in pixels, at most 9999; 0 leaves it to
	// the gateway. It is sent with PaymentInst only.
	QRCodeWidth int
}

// WebResponse holds the page's address.
type WebResponse struct {
	URL     string // http or https
	TradeID string // the gateway's number of the order; "" when it sent none
}

// Web opens an order and returns the page to pay it on. Besides the errors of
// every call (see [OutcomeUnknown]), [ErrOutTradeNoUsed] means that the number
// was used before. Manual 2.9.
func (c *Client) Web(ctx context.Context, r WebRequest) (WebResponse, error) {
	f := channelOr(r.PayChannel, Alipay)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.optional("fee_type", r.FeeType, 3, currency)
	f.optional("product_id", r.ProductID, 32, freeText)
	f.page(r.ReturnURL, r.TimeExpire, r.PaymentInst)
	if r.QRCodeWidth < 0 || r.QRCodeWidth > 9999 {
		f.fail("qrcode_width", "must be 0 to 9999 pixels")
	}
	if r.PaymentInst != "" && r.QRCodeWidth > 0 {
		f.fields["qrcode_width"] = strconv.Itoa(r.QRCodeWidth)
	}
	var response WebResponse
	err := c.call(ctx, "web", f, func(a *answer) {
		response = WebResponse{URL: a.page("url"), TradeID: a.Text("trade_id")}
	})
	if err != nil {
		return WebResponse{}, err
	}
	return response, nil
}
