package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// problem is an error of the merchant API (RFC 9457), with the field that caused it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// newProblem returns the problem for an error; it is the only table from errors to HTTP
// statuses. An error that is not in the table becomes a 500 without details.
func newProblem(err error) problem {
	p := problem{Type: "about:blank", Status: http.StatusInternalServerError}
	var field *checkout.FieldError
	var known *echo.HTTPError
	switch {
	case errors.As(err, &field):
		p.Status, p.Field, p.Detail = 400, field.Field, field.Problem
	case errors.Is(err, checkout.ErrNotFound):
		p.Status = 404
	case errors.Is(err, checkout.ErrNotRefundable):
		p.Status, p.Detail = 409, "nothing of the session was paid"
	case errors.As(err, &known):
		p.Status = known.Code
		// A 404 has no details: it is the same for every missing resource.
		if text, ok := known.Message.(string); ok && known.Code < 500 && known.Code != http.StatusNotFound {
			p.Detail = text
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// retryUnavailable is the Retry-After, in seconds, while the database is unavailable.
const retryUnavailable = "5"

// handleError is Echo's HTTPErrorHandler. It sends a problem to a program and an error
// page to a browser.
func (s *Server) handleError(err error, c echo.Context) {
	p := newProblem(err)
	if s.isUnavailable(err) {
		p.Status, p.Title = http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable)
		c.Response().Header().Set(echo.HeaderRetryAfter, retryUnavailable)
	}
	var requestID string
	if p.Status >= 500 && !errors.Is(err, context.Canceled) {
		requestID = strings.ToLower(rand.Text()[:requestIDLength])
		s.logger.Error("request failed", "request", requestID, "method", c.Request().Method, "route", c.Path(), "error", err)
	}
	clientGone := errors.Is(c.Request().Context().Err(), context.Canceled)
	if c.Response().Committed || clientGone {
		return
	}
	switch {
	case wantsProblem(c):
		c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
		err = c.JSON(p.Status, p)
	case p.Status == http.StatusMethodNotAllowed: // no page of ours causes this one
		err = c.String(p.Status, p.Detail+"\n")
	default:
		err = s.problemPage(c, p.Status, requestID)
	}
	if err != nil {
		s.logger.Warn("error page not sent", "route", c.Path(), "error", err)
	}
}

func wantsProblem(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, "/v1/") || wantsJSON(c)
}

func wantsJSON(c echo.Context) bool {
	return strings.HasPrefix(c.Request().Header.Get(echo.HeaderAccept), echo.MIMEApplicationJSON)
}

// requestIDLength is the length of a request's ID in characters of five random bits. The ID
// leads from a shopper's error page to the line in the log.
const requestIDLength = 12

func (s *Server) problemPage(c echo.Context, status int, requestID string) error {
	page := templates.ProblemPage{
		Lang: templates.Match("", acceptLanguage(c)), Status: status,
		Icon: s.assets.URL(static.Icon), TouchIcon: s.assets.URL(static.TouchIcon),
		CanReload: c.Request().Method == http.MethodGet && status != http.StatusNotFound && status != http.StatusBadRequest,
		RequestID: requestID,
	}
	ancestors := []string{"*"}
	if session, known := s.sessionOfProblem(c, status); known {
		page.ShopName, page.Brand = s.service.Merchant(session.Merchant).Name, s.brand(session.Merchant)
		page.BackURL = paths.Page(session.ID)
		ancestors = s.ancestors(s.merchants[session.Merchant])
	}
	csp := problemPolicy(page, ancestors)
	if isHead(c) {
		return pageHeader(c, status, csp)
	}
	return render(c, status, templates.Problem(page), csp)
}

// sessionOfProblem returns the session that a failed request was about. It looks only where
// the database may answer, and not for somebody who guesses IDs: without the token of its
// page, the refusal of a form is the same for each ID.
func (s *Server) sessionOfProblem(c echo.Context, status int) (checkout.Session, bool) {
	isFailure := status == http.StatusForbidden && s.hasToken(c) || status == http.StatusInternalServerError
	if !isFailure || !strings.HasPrefix(c.Path(), paths.Page(":id")) {
		return checkout.Session{}, false
	}
	session, err := s.service.Session(c.Request().Context(), c.Param("id"))
	return session, err == nil
}

// recoverPanic is the middleware that logs a panic and answers 500.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				s.logPanic(c.Path(), p)
				err = echo.NewHTTPError(http.StatusInternalServerError)
			}
		}()
		return next(c)
	}
}

// logPanic logs a recovered panic: the message of a runtime error, but only the type of any
// other value, which may hold a secret.
func (s *Server) logPanic(route string, p any) {
	what := fmt.Sprintf("%T", p)
	if known, is := p.(runtime.Error); is {
		what = known.Error()
	}
	s.logger.Error("panic", "route", route, "panic", what, "stack", string(debug.Stack()))
}
