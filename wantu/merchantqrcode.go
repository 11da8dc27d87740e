package wantu

import "context"

// MerchantQRCodeRequest asks for a code that the store can print. Manual 2.12.
type MerchantQRCodeRequest struct {
	PayChannel PayChannel // required
	NotifyURL  string     // required; the gateway posts the notifications of its payments to it; at most 256 characters
}

// MerchantQRCodeResponse holds the code.
type MerchantQRCodeResponse struct {
	QRCodeURL string // the text to draw as a QR code
}

// MerchantQRCode returns the text of a code that any number of shoppers may scan.
// Each shopper enters the amount on the phone. Manual 2.12.
func (c *Client) MerchantQRCode(ctx context.Context, r MerchantQRCodeRequest) (MerchantQRCodeResponse, error) {
	f := newForm(r.PayChannel)
	f.required("notify_url", r.NotifyURL, 256, webURL)
	var response MerchantQRCodeResponse
	err := c.call(ctx, "merchant-qrcode", f, func(a *answer) {
		response = MerchantQRCodeResponse{QRCodeURL: a.qrCodeText("qrcode_url")}
	})
	if err != nil {
		return MerchantQRCodeResponse{}, err
	}
	return response, nil
}
