package sandbox

import (
	"net/http"
	"net/url"
)

// relayPath returns the path that the cashier for phones sends the browser to. As the
// real Alipay does, it sends the browser to the gateway first, and the gateway redirects
// it to return_url.
func relayPath(o order) string { return "/pay/return/" + o.token }

// relayQuery returns the query that Alipay appends to relayPath.
func relayQuery(o order) string {
	return "?" + url.Values{
		"out_trade_no": {o.TradeID}, "trade_status": {"TRADE_FINISHED"},
		"total_fee": {majorUnits(o.TotalFee, o.FeeType)}, "currency": {o.FeeType},
	}.Encode()
}

// relay redirects a browser from the cashier for phones to the shop. It does not read the
// query.
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

// backURL returns the URL that leads from a page back to the shop before the order is
// paid.
func backURL(on surface, o order) string {
	if on == surfaceMobile {
		return relayPath(o)
	}
	return o.returnURL
}

// paidBackURL returns the URL that leads from a page back to the shop once the order is
// paid.
func paidBackURL(on surface, o order) string {
	if on == surfaceMobile {
		return relayPath(o) + relayQuery(o)
	}
	return paidURL(o)
}
