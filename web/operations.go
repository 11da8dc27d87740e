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
	all := []operation{
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
	if s.webhooks != nil {
		all = append(all, s.webhookOperations()...)
	}
	return all
}

// webhookOperations returns the routes of webhook endpoints.
func (s *Server) webhookOperations() []operation {
	const endpoints = "/webhook_endpoints"
	return []operation{
		{http.MethodPost, endpoints, s.createEndpoint, apikey.Webhooks},
		{http.MethodGet, endpoints, s.listEndpoints, apikey.Read},
		{http.MethodGet, endpoints + "/:id", s.getEndpoint, apikey.Read},
		{http.MethodPost, endpoints + "/:id", s.changeEndpoint, apikey.Webhooks},
		{http.MethodDelete, endpoints + "/:id", s.deleteEndpoint, apikey.Webhooks},
		{http.MethodPost, endpoints + "/:id/roll", s.rollEndpoint, apikey.Webhooks},
		{http.MethodPost, endpoints + "/:id/test", s.testEndpoint, apikey.Webhooks},
		{http.MethodGet, endpoints + "/:id/deliveries", s.listDeliveries, apikey.Read},
		{http.MethodGet, endpoints + "/:id/deliveries/:event", s.getDelivery, apikey.Read},
		{http.MethodPost, endpoints + "/:id/retry", s.retryEndpoint, apikey.Webhooks},
		{http.MethodPost, "/events/:id/redeliver", s.redeliverEvent, apikey.Webhooks},
	}
}
