package wantu

import (
	"context"
	"strconv"
	"time"
)

// WebRequest asks for Alipay's payment page for a computer. Manual 2.9.
type WebRequest struct {
	PayChannel PayChannel // defaults to Alipay, the only channel of this endpoint
	TotalFee   int64      // minor units, 1 to [MaxTotalFee]
	FeeType    string     // three capital letters; "" lets the gateway choose
	Subject    string     // what is sold, 1 to 128 characters
	ProductID  string     // at most 32 characters
	OutTradeNo string     // the order number, never used before: 1 to 32 of A-Z a-z 0-9 _
	Attach     string     // returned unchanged by Query and the notification; at most 128 characters
	NotifyURL  string     // required; the gateway posts the notification to it; at most 256 characters
	ReturnURL  string     // required; the shopper goes to it afterwards; at most 256 characters
	TimeExpire time.Time  // required; the order can be paid until then; sent in whole seconds
	DeviceSN   string     // the serial number of the device; at most 128 characters

	// PaymentInst asks for a page with a QR code, to be shown in an iframe. Without
	// it the page is Alipay's cashier, to be opened in the whole window.
	PaymentInst PaymentInst

	// QRCodeWidth is the width of the QR code in pixels, at most 9999; 0 lets the
	// gateway choose. It is sent only together with PaymentInst.
	QRCodeWidth int
}

// WebResponse holds the URL of the page.
type WebResponse struct {
	URL     string // http or https
	TradeID string // the gateway's number of the order; "" when it sent none
}

// Web opens an order and returns the page to pay on. Besides the errors of
// every call (see [OutcomeUnknown]), [ErrOutTradeNoUsed] means that OutTradeNo
// was used before. Manual 2.9.
func (c *Client) Web(ctx context.Context, r WebRequest) (WebResponse, error) {
	f := newSingleChannelForm(r.PayChannel, Alipay)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.optional("fee_type", r.FeeType, 3, currency)
	f.optional("product_id", r.ProductID, 32, freeText)
	f.pageFields(r.ReturnURL, r.TimeExpire, r.PaymentInst)
	if r.QRCodeWidth < 0 || r.QRCodeWidth > 9999 {
		f.fail("qrcode_width", "must be 0 to 9999 pixels")
	}
	if r.PaymentInst != "" && r.QRCodeWidth > 0 {
		f.fields["qrcode_width"] = strconv.Itoa(r.QRCodeWidth)
	}
	var response WebResponse
	err := c.call(ctx, "web", f, func(a *answer) {
		response = WebResponse{URL: a.pageURL("url"), TradeID: a.Text("trade_id")}
	})
	if err != nil {
		return WebResponse{}, err
	}
	return response, nil
}
