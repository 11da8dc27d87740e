package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"

	"github.com/wantukit/wantukit/wantu"
)

// partnerID is the number of a merchant at WeChat and at Alipay. Nobody's.
const partnerID = "1900000001"

// app opens an order and answers with what a wallet's SDK takes. It is paid on
// a page of its own, since there is no wallet to hand it to. Manual 2.10.
func (s *Sandbox) app(c call) reply {
	nonce, err := s.random.text(32, hexDigits)
	if err != nil {
		return refuse(wantu.CodeSystemError, "")
	}
	o, refusal := s.open(c, surfacePhone)
	if refusal != nil {
		return refusal
	}
	if o.PayChannel == wantu.WeChat {
		return succeed(reply{"data": s.appParameters(o, nonce)})
	}
	return succeed(reply{"data": s.orderString(o)})
}

// appParameters are signed as those of pay-form are, over the names as sent.
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

// orderString is what goes to Alipay's SDK byte for byte. Alipay's RSA key is
// nobody's but Alipay's: sign is a filler, the base64 of HMAC-SHA256 under the
// merchant's key over what stands before it.
func (s *Sandbox) orderString(o order) string {
	digits, _ := wantu.MinorDigits(o.FeeType)
	text := "out_trade_no=" + url.QueryEscape(o.OutTradeNo) +
		"&partner=" + partnerID +
		"&service=mobile.securitypay.pay" +
		"&_input_charset=utf-8" +
		"&subject=" + url.QueryEscape(o.Subject) +
		"&total_fee=" + wantu.MinorUnits(o.TotalFee, digits).String() +
		"&currency=" + o.FeeType +
		"&payment_inst=" + string(o.PaymentInst)
	mac := hmac.New(sha256.New, []byte(s.config.Key))
	mac.Write([]byte(text))
	return text + "&sign=" + url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil))) + "&sign_type=RSA"
}
