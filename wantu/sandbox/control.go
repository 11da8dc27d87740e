package sandbox

import (
	"errors"
	"net/http"
)

// listOrders answers GET /sandbox/orders with a JSON array of [Order].
func (s *Sandbox) listOrders(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Orders())
}

// control answers POST /sandbox/orders/{out_trade_no}/{action} with the
// [Order], or {"error":…}: 404 when there is none, 409 when it has ended or,
// for notify, is not paid, and 502 when the merchant did not acknowledge.
func (s *Sandbox) control(w http.ResponseWriter, r *http.Request) {
	number := r.PathValue("number")
	var err error
	switch r.PathValue("action") {
	case "pay":
		_, err = s.Pay(number)
	case "fail":
		_, err = s.Fail(number)
	case "notify":
		err = s.Notify(r.Context(), number)
	default:
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "no such action"})
		return
	}
	if err != nil {
		writeJSON(w, controlStatus(err), map[string]string{"error": err.Error()})
		return
	}
	o, err := s.Order(number)
	if err != nil {
		writeJSON(w, controlStatus(err), map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, o)
}

func controlStatus(err error) int {
	switch {
	case errors.Is(err, ErrUnknownOrder):
		return http.StatusNotFound
	case errors.Is(err, ErrNotAcknowledged):
		return http.StatusBadGateway
	default:
		return http.StatusConflict
	}
}
