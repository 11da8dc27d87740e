package sandbox

import (
	"net/http"
)

// click answers the buttons of a page: pay, fail and leave.
func (s *Sandbox) click(on surface) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o, err := s.orders.page(on, r.PathValue("token"))
		action := r.PathValue("action")
		if err != nil || on == surfaceFrame {
			s.problem(w, http.StatusNotFound, "订单不存在", "No such order")
			return
		}
		switch action {
		case "pay":
			_, err = s.Pay(o.OutTradeNo)
		case "fail":
			_, err = s.Fail(o.OutTradeNo)
		case "leave":
		default:
			s.problem(w, http.StatusNotFound, "页面不存在", "No such page")
			return
		}
		if err == nil || action == "pay" && o.Status == StatusSuccess { // a double click is no error
			http.Redirect(w, r, pageAfterClick(on, o, action), http.StatusSeeOther) // #nosec G710 -- the merchant's signed return_url
			return
		}
		if o, err = s.orders.page(on, o.token); err != nil {
			s.problem(w, http.StatusNotFound, "订单不存在", "No such order")
			return
		}
		s.show(w, on, o, r.URL.Query(), http.StatusConflict)
	}
}

// pageAfterClick returns where the browser goes after a click. A cashier sends the
// shopper back to the shop. After a failure it first shows that the payment failed.
func pageAfterClick(on surface, o order, action string) string {
	page := "/" + string(on) + "/" + o.token
	switch {
	case on == surfaceSheet:
		return page + "?result=" + map[string]string{"pay": "ok", "fail": "fail", "leave": "cancel"}[action]
	case surfaces()[on].noShop && action == "leave":
		return page + "?left"
	case surfaces()[on].noShop || action == "fail":
		return page
	case action == "leave":
		return backURL(on, o)
	default:
		return paidBackURL(on, o)
	}
}
