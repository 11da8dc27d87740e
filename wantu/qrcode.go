package wantu

import "context"

// CreateQRCodeRequest asks for a QR code that the shopper scans. Manual 2.2.
type CreateQRCodeRequest struct {
	PayChannel PayChannel // required
	TotalFee   int64      // minor units, 1 to [MaxTotalFee]
	FeeType    string     // three capital letters, such as HKD
	Subject    string     // what is sold, 1 to 128 characters
	ProductID  string     // 1 to 32 characters
	OutTradeNo string     // the order number, never used before: 1 to 32 of A-Z a-z 0-9 _
	Attach     string     // returned unchanged by Query and the notification; at most 128 characters
	NotifyURL  string     // required; the gateway posts the notification to it; at most 256 characters
	DeviceSN   string     // the serial number of the device; at most 128 characters
}

// CreateQRCodeResponse holds the code.
type CreateQRCodeResponse struct {
	QRCodeURL    string // the text to draw as a QR code
	OutTradeNo   string
	TradeID      string // the gateway's number of the order; "" when it sent none
	StoreAccount string
	DeviceSN     string
}

// CreateQRCode opens an order and returns the text of its QR code. Besides the
// errors of every call (see [OutcomeUnknown]), [ErrOutTradeNoUsed] means that
// the number was used before. Manual 2.2.
func (c *Client) CreateQRCode(ctx context.Context, r CreateQRCodeRequest) (CreateQRCodeResponse, error) {
	f := newForm(r.PayChannel)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.required("fee_type", r.FeeType, 3, currency)
	f.required("product_id", r.ProductID, 32, freeText)
	var response CreateQRCodeResponse
	err := c.call(ctx, "create-qrcode", f, func(a *answer) {
		response = CreateQRCodeResponse{
			QRCodeURL:    a.qrCodeText("qrcode_url"),
			OutTradeNo:   a.required("out_trade_no"),
			TradeID:      a.Text("trade_id"),
			StoreAccount: a.Text("store_account"),
			DeviceSN:     a.Text("device_sn"),
		}
	})
	if err != nil {
		return CreateQRCodeResponse{}, err
	}
	return response, nil
}
