package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// refundRequest is the body of POST /v1/checkout/sessions/{id}/refunds and of POST
// /v1/refunds.
type refundRequest struct {
	// Session is the ID of the session. It is for POST /v1/refunds.
	Session string `json:"session"`
	// Amount is nil for all that is left.
	Amount            *wholeNumber `json:"amount"`
	ClientReferenceID string       `json:"client_reference_id"`
	// Payment is "first" or "second"; "" means "first".
	Payment  string  `json:"payment"`
	Metadata textMap `json:"metadata"`
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
	if r.Session != "" && r.Session != session.ID {
		faults = errors.Join(faults, &checkout.FieldError{Field: "session", Problem: "is not the session of this address"})
	}
	return s.refund(c, session.ID, r, faults)
}

// createRefundOfNamed is POST /v1/refunds: it is createRefund for the session that the body
// names.
func (s *Server) createRefundOfNamed(c echo.Context) error {
	var r refundRequest
	faults, err := readJSON(c, &r)
	if err != nil {
		return err
	}
	session, err := s.shopSession(c, r.Session)
	switch {
	case r.Session == "":
		err = &checkout.FieldError{Field: "session", Code: checkout.FieldMissing, Problem: "is missing"}
	case errors.Is(err, checkout.ErrNotFound):
		err = &checkout.FieldError{Field: "session", Problem: "names no session of this shop"}
	case err != nil:
		return err
	}
	return s.refund(c, session.ID, r, errors.Join(faults, err))
}

// refund makes the refund that a request asks for, unless the request has faults.
func (s *Server) refund(c echo.Context, sessionID string, r refundRequest, faults error) error {
	n, err := r.newRefund(c)
	if faults = errors.Join(faults, err); faults != nil {
		return faults
	}
	refund, err := s.service.Refund(c.Request().Context(), sessionID, n)
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if refund.Repeated {
		status = http.StatusOK
	}
	return c.JSON(status, refund.Public())
}

// newRefund returns what the shop asks for. It returns a FieldError for each field that the
// Service cannot check, joined.
func (r refundRequest) newRefund(c echo.Context) (checkout.NewRefund, error) {
	key, err := keyOf(c)
	n := checkout.NewRefund{ClientReferenceID: r.ClientReferenceID, Key: key, Second: r.Payment == "second", Metadata: r.Metadata}
	if r.Amount != nil {
		n.Amount = int64(*r.Amount)
		if n.Amount == 0 { // to the Service it is all that is left
			err = errors.Join(err, &checkout.FieldError{Field: "amount", Problem: "must not be 0: leave it out to refund all that is left"})
		}
	}
	return n, errors.Join(err, checkPayment(r.Payment))
}

// getRefund is GET /v1/refunds/{id}.
func (s *Server) getRefund(c echo.Context) error {
	r, err := s.service.FindRefund(c.Request().Context(), c.Param("id"))
	switch {
	case err != nil:
		return err
	case r.Merchant != merchantOf(c):
		return checkout.ErrNotFound
	default:
		return c.JSON(http.StatusOK, r.Public())
	}
}

// checkPayment returns a FieldError unless payment names a payment of a session, or none.
func checkPayment(payment string) error {
	allowed := []string{"first", "second"}
	if payment == "" || slices.Contains(allowed, payment) {
		return nil
	}
	return &checkout.FieldError{Field: "payment", Problem: "must be first or second", Allowed: allowed}
}

// listRefunds is GET /v1/checkout/sessions/{id}/refunds: all of them, the oldest first.
func (s *Server) listRefunds(c echo.Context) error {
	session, err := s.ownSession(c)
	if err != nil {
		return err
	}
	refunds, err := s.service.Refunds(c.Request().Context(), session.ID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, objectPage[checkout.PublicRefund]{Object: "list", Data: publicList(refunds, checkout.Refund.Public)})
}
