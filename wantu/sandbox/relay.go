package sandbox

import (
	"net/http"
	"net/url"
)

// relayPath is where the mobile cashier sends the browser, as Alipay was seen
// to do: to the gateway, which sends it on to return_url.
func relayPath(o order) string { return "/pay/return/" + o.token }

// relayQuery is what Alipay appends to it.
func relayQuery(o order) string {
	return "?" + url.Values{
		"out_trade_no": {o.TradeID}, "trade_status": {"TRADE_FINISHED"},
		"total_fee": {majorUnits(o.TotalFee, o.FeeType)}, "currency": {o.FeeType},
	}.Encode()
}

// relay sends a browser that comes back from the mobile cashier on to the shop.
// What its query says is not read.
func (s *Sandbox) relay(w http.ResponseWriter, r *http.Request) {
	o, err := s.orders.page(surfaceMobile, r.PathValue("token"))
	if err != nil {
		s.problem(w, http.StatusNotFound, "订单不存在", "No such order")
		return
	}
	target := o.returnURL
	if o.Status == StatusSuccess {
		target = paidURL(o)
	}
	http.Redirect(w, r, target, http.StatusFound) // #nosec G710 -- the merchant's signed return_url
}

// backURL is where a page leads back to, and paidBackURL where it does once the
// order is paid.
func backURL(on surface, o order) string {
	if on == surfaceMobile {
		return relayPath(o)
	}
	return o.returnURL
}

func paidBackURL(on surface, o order) string {
	if on == surfaceMobile {
		return relayPath(o) + relayQuery(o)
	}
	return paidURL(o)
}
