package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// refundRequest is the body of POST /v1/checkout/sessions/{id}/refunds.
type refundRequest struct {
	Amount            wholeNumber `json:"amount"`
	ClientReferenceID string      `json:"client_reference_id"`
	// Payment is "first" or "second"; "" means "first".
	Payment  string  `json:"payment"`
	Metadata textMap `json:"metadata"`
}

// refundList is the response to GET /v1/checkout/sessions/{id}/refunds.
type refundList struct {
	Object string                  `json:"object"`
	Data   []checkout.PublicRefund `json:"data"`
}

// createRefund is POST /v1/checkout/sessions/{id}/refunds. It answers 201 for a new
// refund, and 200 for a repeated request.
func (s *Server) createRefund(c echo.Context) error {
	session, err := s.ownSession(c)
	if err != nil {
		return err
	}
	var r refundRequest
	faults, err := readJSON(c, &r)
	if err != nil {
		return err
	}
	key, err := keyOf(c)
	if faults = errors.Join(faults, checkPayment(r.Payment), err); faults != nil {
		return faults
	}
	refund, err := s.service.Refund(c.Request().Context(), session.ID, checkout.NewRefund{
		Amount: int64(r.Amount), ClientReferenceID: r.ClientReferenceID, Key: key, Second: r.Payment == "second", Metadata: r.Metadata,
	})
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if refund.Repeated {
		status = http.StatusOK
	}
	return c.JSON(status, refund.Public())
}

// checkPayment returns a FieldError unless payment names a payment of a session, or none.
func checkPayment(payment string) error {
	allowed := []string{"first", "second"}
	if payment == "" || slices.Contains(allowed, payment) {
		return nil
	}
	return &checkout.FieldError{Field: "payment", Problem: "must be first or second", Allowed: allowed}
}

// listRefunds is GET /v1/checkout/sessions/{id}/refunds.
func (s *Server) listRefunds(c echo.Context) error {
	session, err := s.ownSession(c)
	if err != nil {
		return err
	}
	refunds, err := s.service.Refunds(c.Request().Context(), session.ID)
	if err != nil {
		return err
	}
	list := refundList{Object: "list", Data: []checkout.PublicRefund{}}
	for _, r := range refunds {
		list.Data = append(list.Data, r.Public())
	}
	return c.JSON(http.StatusOK, list)
}
