package wantu

import "context"

// PayFormRequest asks for the parameters of a payment inside WeChat (JSAPI).
// Manual 2.7.
type PayFormRequest struct {
	PayChannel PayChannel // defaults to WeChat, the only channel of this endpoint
	TotalFee   int64      // minor units, 1 to [MaxTotalFee]
	FeeType    string     // three capital letters, such as HKD
	Subject    string     // what is sold, 1 to 128 characters
	ProductID  string     // 1 to 32 characters
	OutTradeNo string     // the order number, never used before: 1 to 32 of A-Z a-z 0-9 _
	Attach     string     // returned unchanged by Query and the notification; at most 128 characters
	NotifyURL  string     // required; the gateway posts the notification to it; at most 256 characters
	DeviceSN   string     // the serial number of the device; at most 128 characters
	OpenID     string     // the shopper's open_id under AppID, from WeChat's OAuth; 1 to 32 of A-Z a-z 0-9 _ -
	AppID      string     // the WeChat account that OpenID belongs to; 1 to 32 of A-Z a-z 0-9 _ -
}

// JSAPIParameters go to getBrandWCPayRequest of WeixinJSBridge unchanged. The
// gateway's signature does not cover them; WeChat checks PaySign.
type JSAPIParameters struct {
	AppID     string // appId
	TimeStamp string // timeStamp, Unix seconds
	NonceStr  string // nonceStr
	Package   string // package, "prepay_id=…"
	SignType  string // signType, such as MD5
	PaySign   string // paySign
}

// PayFormResponse holds the parameters.
type PayFormResponse struct {
	Parameters JSAPIParameters
	TradeID    string // the gateway's number of the order; "" when it sent none
}

// PayForm opens an order and returns what WeixinJSBridge needs to pay it.
// Besides the errors of every call (see [OutcomeUnknown]), [ErrOutTradeNoUsed]
// means that the number was used before. Manual 2.7.
func (c *Client) PayForm(ctx context.Context, r PayFormRequest) (PayFormResponse, error) {
	f := newSingleChannelForm(r.PayChannel, WeChat)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.required("fee_type", r.FeeType, 3, currency)
	f.required("product_id", r.ProductID, 32, freeText)
	f.required("open_id", r.OpenID, 32, lettersDigitsOr("_-"))
	f.required("app_id", r.AppID, 32, lettersDigitsOr("_-"))
	var response PayFormResponse
	err := c.call(ctx, "pay-form", f, func(a *answer) {
		response = PayFormResponse{Parameters: a.jsapi(r.AppID), TradeID: a.Text("trade_id")}
	})
	if err != nil {
		return PayFormResponse{}, err
	}
	return response, nil
}

// jsapi reads the field "parameters". It refuses parameters of another app.
func (a *answer) jsapi(appID string) (p JSAPIParameters) {
	a.object("parameters", func(inner *answer) {
		p = JSAPIParameters{
			AppID:     inner.required("appId"),
			TimeStamp: inner.required("timeStamp"),
			NonceStr:  inner.required("nonceStr"),
			Package:   inner.required("package"),
			SignType:  inner.required("signType"),
			PaySign:   inner.required("paySign"),
		}
		if inner.err == nil && p.AppID != appID {
			inner.err = mismatch("appId")
		}
	})
	return p
}
