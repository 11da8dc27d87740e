package sandbox

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// partnerID is the merchant's number at WeChat and at Alipay. No real merchant has it.
const partnerID = "1900000001"

// app opens an order and answers with the parameters for a wallet's SDK. As there is
// no wallet, the order is paid on a page of the sandbox. Manual 2.10.
func (s *Sandbox) app(c call) reply {
	nonce, err := s.random.text(32, hexDigits)
	if err != nil {
		return refuse(wantu.CodeSystemError, "")
	}
	o, refusal := s.openOrder(c, surfacePhone)
	if refusal != nil {
		return refusal
	}
	if o.PayChannel == wantu.WeChat {
		return succeed(reply{"data": s.appParameters(o, nonce)})
	}
	return succeed(reply{"data": s.orderString(o, c.publicURL)})
}

// appParameters returns the parameters for WeChat's SDK. Like those of pay-form they
// are signed with the names as sent.
func (s *Sandbox) appParameters(o order, nonce string) wantu.Fields {
	parameters := wantu.Fields{
		"appId":     s.config.WeChatAppID,
		"partnerid": partnerID,
		"prepayid":  o.token,
		"timestamp": strconv.FormatInt(s.config.Now().Unix(), 10),
		"noncestr":  nonce,
		"package":   "Sign=WXPay",
	}
	parameters["sign"] = wantu.Sign(parameters, s.config.WeChatAppSecret)
	return parameters
}

// orderString returns the text for Alipay's SDK in the form of the live gateway: the
// names in order, the values in quotes. As there, out_trade_no is the gateway's
// trade_id, and notify_url is the gateway's own.
func (s *Sandbox) orderString(o order, public string) string {
	parameters := []parameter{
		{"_input_charset", "utf-8"}, {"body", o.Subject}, {"currency", o.FeeType}, {"forex_biz", "FP"},
		{"notify_url", public + "/pay/notify"}, {"out_trade_no", o.TradeID}, {"partner", partnerID},
	}
	if o.PaymentInst != "" {
		parameters = append(parameters, parameter{"payment_inst", string(o.PaymentInst)})
	}
	parameters = append(parameters, []parameter{
		{"payment_type", "1"}, {"product_code", "NEW_WAP_OVERSEAS_SELLER"}, {"seller_id", partnerID},
		{"service", "mobile.securitypay.pay"}, {"subject", o.Subject}, {"total_fee", majorUnits(o.TotalFee, o.FeeType)},
	}...)
	var text strings.Builder
	for _, p := range parameters {
		text.WriteString(p.name + `="` + strings.ReplaceAll(p.value, `"`, "'") + `"&`)
	}
	signed := strings.TrimSuffix(text.String(), "&")
	return signed + `&sign="` + url.QueryEscape(base64.StdEncoding.EncodeToString(s.fakeSignature(signed))) + `"&sign_type="RSA"`
}
