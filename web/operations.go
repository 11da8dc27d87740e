package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
)

// operation is a route of the merchant API.
type operation struct {
	method string
	// path begins after apiPath.
	path    string
	handler echo.HandlerFunc
	// scope is what a restricted key needs for it.
	scope apikey.Scope
}

// operations returns the merchant API. It is the only table of its routes.
func (s *Server) operations() []operation {
	const sessions = "/checkout/sessions"
	return []operation{
		{http.MethodPost, sessions, s.createSession, apikey.Create},
		{http.MethodGet, sessions, s.listSessions, apikey.Read},
		{http.MethodGet, sessions + "/:id", s.getSession, apikey.Read},
		{http.MethodPost, sessions + "/:id/cancel", s.endSession(checkout.StatusCanceled), apikey.Create},
		{http.MethodPost, sessions + "/:id/expire", s.endSession(checkout.StatusExpired), apikey.Create},
		{http.MethodPost, sessions + "/:id/refunds", s.createRefund, apikey.Refund},
		{http.MethodGet, sessions + "/:id/refunds", s.listRefunds, apikey.Read},
		{http.MethodPost, "/refunds", s.createRefundOfNamed, apikey.Refund},
		{http.MethodGet, "/refunds", s.listAllRefunds, apikey.Read},
		{http.MethodGet, "/refunds/:id", s.getRefund, apikey.Read},
		{http.MethodGet, "/events", s.listEvents, apikey.Read},
		{http.MethodGet, "/events/:id", s.getEvent, apikey.Read},
	}
}
