package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// refundRequest is the body of POST /v1/checkout/sessions/{id}/refunds.
type refundRequest struct {
	Amount            wholeNumber `json:"amount"`
	ClientReferenceID string      `json:"client_reference_id"`
	// Payment is "first", which "" means too, or "second".
	Payment string `json:"payment"`
}

// refundList is the answer of GET /v1/checkout/sessions/{id}/refunds.
type refundList struct {
	Object string                  `json:"object"`
	Data   []checkout.PublicRefund `json:"data"`
}

// idempotencyKey is the header by which a request names itself.
const idempotencyKey = "Idempotency-Key"

// createRefund is POST /v1/checkout/sessions/{id}/refunds: 201 for a new
// refund, 200 for the one that was asked for before.
func (s *Server) createRefund(c echo.Context) error {
	session, err := s.ownSession(c)
	if err != nil {
		return err
	}
	var r refundRequest
	if err := readJSON(c, &r); err != nil {
		return err
	}
	if r.Payment != "" && r.Payment != "first" && r.Payment != "second" {
		return &checkout.FieldError{Field: "payment", Problem: "must be first or second"}
	}
	key, err := keyOf(c)
	if err != nil {
		return err
	}
	refund, err := s.service.Refund(c.Request().Context(), session.ID, checkout.NewRefund{
		Amount: int64(r.Amount), ClientReferenceID: r.ClientReferenceID, Key: key, Second: r.Payment == "second",
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

// keyOf returns the key of a request, "" where it gives none. It returns a
// FieldError for two, and for an empty one: its shop means to be protected, and
// would not be.
func keyOf(c echo.Context) (string, error) {
	keys := c.Request().Header.Values(idempotencyKey)
	switch {
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1:
		return "", &checkout.FieldError{Field: idempotencyKey, Problem: "is there twice"}
	case strings.TrimSpace(keys[0]) == "":
		return "", &checkout.FieldError{Field: idempotencyKey, Problem: "is empty: leave it out, or name each request"}
	default:
		return keys[0], nil
	}
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
