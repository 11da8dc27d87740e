package wantu

import "context"

// AppRequest asks for the parameters that a merchant's own app hands to a
// wallet's SDK. Manual 2.10.
type AppRequest struct {
	PayChannel  PayChannel  // required
	TotalFee    int64       // minor units, 1 to [MaxTotalFee]
	FeeType     string      // three capital letters, such as HKD
	Subject     string      // what is sold, 1 to 128 characters
	ProductID   string      // 1 to 32 characters
	OutTradeNo  string      // the order number, never used before: 1 to 32 of A-Z a-z 0-9 _
	Attach      string      // returned unchanged by Query and the notification; at most 128 characters
	NotifyURL   string      // required; the gateway posts the notification to it; at most 256 characters
	DeviceSN    string      // the serial number of the device; at most 128 characters
	PaymentInst PaymentInst // the Alipay wallet, for Alipay only; "" lets the gateway choose
}

// AppParameters go to WeChat's SDK unchanged. The gateway's signature does not
// cover them; WeChat checks Sign.
type AppParameters struct {
	AppID     string // appId
	PartnerID string // partnerid
	PrepayID  string // prepayid
	TimeStamp string // timestamp, Unix seconds
	NonceStr  string // noncestr
	Package   string // package, "Sign=WXPay"
	Sign      string // sign, WeChat's own
}

// AppResponse holds what the SDK needs: OrderString for Alipay, Parameters for
// WeChat.
type AppResponse struct {
	OrderString string        // for Alipay: pass it to payV2 byte for byte
	Parameters  AppParameters // for WeChat
	TradeID     string        // the gateway's number of the order; "" when it sent none
}

// App opens an order for a merchant's own app. The gateway's test environment
// does not support it for Alipay. Besides the errors of every call (see
// [OutcomeUnknown]), it returns [ErrOutTradeNoUsed] when OutTradeNo was used
// before. Manual 2.10.
func (c *Client) App(ctx context.Context, r AppRequest) (AppResponse, error) {
	f := newForm(r.PayChannel)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.required("fee_type", r.FeeType, 3, currency)
	f.required("product_id", r.ProductID, 32, freeText)
	f.paymentInst(r.PaymentInst)
	if r.PaymentInst != "" && r.PayChannel != Alipay {
		f.fail("payment_inst", "is for Alipay only")
	}
	var response AppResponse
	err := c.call(ctx, "app", f, func(a *answer) {
		response.TradeID = a.Text("trade_id")
		if r.PayChannel == Alipay {
			response.OrderString = a.required("data")
		} else {
			response.Parameters = a.appParameters()
		}
	})
	if err != nil {
		return AppResponse{}, err
	}
	return response, nil
}

// appParameters reads the field "data" of a WeChat answer.
func (a *answer) appParameters() (p AppParameters) {
	a.object("data", func(inner *answer) {
		p = AppParameters{
			AppID:     inner.required("appId"),
			PartnerID: inner.required("partnerid"),
			PrepayID:  inner.required("prepayid"),
			TimeStamp: inner.required("timestamp"),
			NonceStr:  inner.required("noncestr"),
			Package:   inner.required("package"),
			Sign:      inner.required("sign"),
		}
	})
	return p
}
