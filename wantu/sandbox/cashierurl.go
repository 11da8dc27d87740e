package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// parameter is one parameter in the URL of a wallet's cashier. Their order counts.
type parameter struct{ name, value string }

// cashierURL returns the url in the answer of web and wap: the order's page, with a
// query in the form of the manual's examples. As in these examples, the query of wap
// is escaped and that of web is not.
func (s *Sandbox) cashierURL(o order, public string) string {
	if o.Endpoint == "wap" {
		return o.URL + "?" + s.signedQuery(s.wapParameters(o, public), url.QueryEscape)
	}
	return o.URL + "?" + s.signedQuery(s.webParameters(o), func(text string) string { return text })
}

// signedQuery joins the parameters and a fake signature: see [Sandbox.fakeSignature].
func (s *Sandbox) signedQuery(parameters []parameter, escape func(string) string) string {
	var text strings.Builder
	for _, p := range parameters {
		text.WriteString(p.name + "=" + escape(p.value) + "&")
	}
	return text.String() + "sign=" + hex.EncodeToString(s.fakeSignature(text.String())[:16])
}

// fakeSignature returns bytes that take the place of Alipay's signature, because only
// Alipay has the key for it. They are an HMAC-SHA256 under the merchant's key.
func (s *Sandbox) fakeSignature(text string) []byte {
	mac := hmac.New(sha256.New, []byte(s.config.Key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func (s *Sandbox) webParameters(o order) []parameter {
	return append([]parameter{
		{"sign_type", "MD5"}, {"_input_charset", "utf-8"},
		{"notify_url", "pay/notify/?store_id=906"}, {"return_url", o.returnURL}, {"subject", o.Subject},
	}, append(tradeParameters(o),
		parameter{"secondary_merchant_name", url.QueryEscape(s.config.MerchantName)}, parameter{"secondary_merchant_industry", "5311"},
		parameter{"product_code", "NEW_OVERSEAS_SELLER"}, parameter{"partner", partnerID},
		parameter{"service", "create_forex_trade"},
	)...)
}

func (s *Sandbox) wapParameters(o order, public string) []parameter {
	return append([]parameter{
		{"sign_type", "MD5"}, {"_input_charset", "utf-8"},
		{"notify_url", o.notifyURL}, {"return_url", public + relayPath(o)}, {"subject", o.Subject},
	}, append(tradeParameters(o),
		parameter{"secondary_merchant_name", s.config.MerchantName}, parameter{"secondary_merchant_industry", "0001"},
		parameter{"product_code", "NEW_WAP_OVERSEAS_SELLER"}, parameter{"split_fund_info", "Y"}, parameter{"app_pay", "Y"},
		parameter{"partner", partnerID}, parameter{"service", "create_forex_trade_wap"},
	)...)
}

// tradeParameters returns the parameters that describe the order. Its number at Alipay
// is the gateway's trade_id.
func tradeParameters(o order) []parameter {
	return []parameter{
		{"out_trade_no", o.TradeID}, {"currency", o.FeeType}, {"total_fee", majorUnits(o.TotalFee, o.FeeType)},
		{"secondary_merchant_id", "900"},
	}
}

// majorUnits returns an amount in major units without zeros at its end, such as 1.02
// or 12. Alipay gets amounts in this form.
func majorUnits(fee int64, feeType string) string {
	text := majorText(fee, feeType)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
