package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/wantukit/wantukit/wantu"
)

// controls returns the handlers that control the sandbox. A browser may use them only
// from the sandbox's own pages. Other clients may use them from anywhere.
func (s *Sandbox) controls() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /sandbox/orders":                    s.listOrders,
		"GET /sandbox/orders/{number}":           s.showOrder,
		"POST /sandbox/orders/{number}/{action}": s.control,
		"GET /sandbox/faults":                    s.listFaults,
		"POST /sandbox/faults":                   s.postFault,
		"DELETE /sandbox/faults":                 s.deleteFaults,
		"DELETE /sandbox/faults/{id}":            s.deleteFault,
		"GET /sandbox/notifications":             s.showNotifications,
		"POST /sandbox/notifications":            s.postNotifications,
		"GET /sandbox/clock":                     s.showClock,
		"POST /sandbox/clock":                    s.postClock,
		"POST /sandbox/form/{action}":            s.submit,
	}
}

// listOrders answers GET /sandbox/orders with a JSON array of [Order].
func (s *Sandbox) listOrders(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Orders())
}

// showOrder answers GET /sandbox/orders/{out_trade_no} with the [Order], or 404.
func (s *Sandbox) showOrder(w http.ResponseWriter, r *http.Request) {
	o, err := s.Order(r.PathValue("number"))
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, o)
}

// control answers POST /sandbox/orders/{out_trade_no}/{action} with the [Order] or with
// {"error":…}: 404 when the order does not exist, 409 when it has ended, 409 for notify
// when it is not paid, and 502 when the merchant did not acknowledge.
func (s *Sandbox) control(w http.ResponseWriter, r *http.Request) {
	o, err := s.actOnOrder(r.Context(), r.PathValue("number"), r.PathValue("action"))
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, o)
}

var errUnknownAction = errors.New("sandbox: no such action")

// actOnOrder does what a button on the root page does: pay, fail or notify.
func (s *Sandbox) actOnOrder(ctx context.Context, number, action string) (Order, error) {
	var err error
	switch action {
	case "pay":
		_, err = s.Pay(number)
	case "fail":
		_, err = s.Fail(number)
	case "notify":
		err = s.Notify(ctx, number)
	default:
		err = errUnknownAction
	}
	if err != nil {
		return Order{}, err
	}
	return s.Order(number)
}

// writeError answers {"error":…}. When a field is wrong, it adds "field" with its name.
func writeError(w http.ResponseWriter, err error) {
	answer := map[string]string{"error": err.Error()}
	var field *wantu.FieldError
	if errors.As(err, &field) {
		answer["field"] = field.Field
	}
	writeJSON(w, httpStatusOf(err), answer)
}

func httpStatusOf(err error) int {
	var field *wantu.FieldError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &field), errors.Is(err, wantu.ErrMalformed):
		return http.StatusBadRequest
	case errors.Is(err, ErrUnknownOrder), errors.Is(err, ErrUnknownFault), errors.Is(err, errUnknownAction):
		return http.StatusNotFound
	case errors.Is(err, ErrNotAcknowledged):
		return http.StatusBadGateway
	default:
		return http.StatusConflict
	}
}

// readMembers reads a JSON object into fields. A name that is not in fields is an error.
func readMembers(r *http.Request, fields map[string]func(string) error) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	texts, err := members(body)
	if err != nil {
		return err
	}
	return fill(fields, texts)
}

// showNotifications answers GET /sandbox/notifications with {"on":true}.
func (s *Sandbox) showNotifications(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]bool{"on": !s.muted.Load()})
}

// postNotifications turns them off and on: POST /sandbox/notifications {"on":false}.
func (s *Sandbox) postNotifications(w http.ResponseWriter, r *http.Request) {
	var on string
	if err := readMembers(r, map[string]func(string) error{"on": text(&on)}); err != nil {
		writeError(w, err)
		return
	}
	if err := s.switchNotifications(on); err != nil {
		writeError(w, err)
		return
	}
	s.showNotifications(w, r)
}

func (s *Sandbox) switchNotifications(on string) error {
	if on != "true" && on != "false" {
		return &wantu.FieldError{Field: "on", Problem: "is neither true nor false"}
	}
	s.Notifications(on == "true")
	return nil
}
