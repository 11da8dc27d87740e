package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// operation is a route of the merchant API.
type operation struct {
	method string
	// path begins after apiPath.
	path    string
	handler echo.HandlerFunc
}

// operations returns the merchant API. It is the only table of its routes.
func (s *Server) operations() []operation {
	const sessions = "/checkout/sessions"
	return []operation{
		{http.MethodPost, sessions, s.createSession},
		{http.MethodGet, sessions + "/:id", s.getSession},
		{http.MethodPost, sessions + "/:id/cancel", s.endSession(checkout.StatusCanceled)},
		{http.MethodPost, sessions + "/:id/expire", s.endSession(checkout.StatusExpired)},
		{http.MethodPost, sessions + "/:id/refunds", s.createRefund},
		{http.MethodGet, sessions + "/:id/refunds", s.listRefunds},
	}
}
