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

// retryUnavailable is the Retry-After, in seconds, while the database or the gateway is
// unavailable.
const retryUnavailable = "5"

// handleError is Echo's HTTPErrorHandler. It sends a problem to a program and an error
// page to a browser.
func (s *Server) handleError(err error, c echo.Context) {
	if s.isUnavailable(err) {
		s.logFailure(c, err)
		err = &refusal{codeUnavailable, "the database is unavailable"}
	}
	p := newProblem(err)
	if p.Status == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryUnavailable)
	}
	if p.Code == codeInternal {
		s.logFailure(c, err)
	}
	clientGone := errors.Is(c.Request().Context().Err(), context.Canceled)
	if c.Response().Committed || clientGone {
		return
	}
	switch {
	case wantsProblem(c):
		err = s.sendProblem(c, p)
	case p.Code == codeMethodNotAllowed: // no page of ours causes this one
		err = c.String(p.Status, p.Detail+"\n")
	default:
		err = s.problemPage(c, p.Status)
	}
	if err != nil {
		s.logger.Warn("error page not sent", "route", c.Path(), "error", err)
	}
}

// logFailure logs why a request failed, with the request's ID and that of its API key.
func (s *Server) logFailure(c echo.Context, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	log := s.logger
	if key := requestKey(c); key.ID != "" {
		log = log.With("key", key.ID)
	}
	log.Error("request failed", "request", requestID(c), "method", c.Request().Method, "route", c.Path(), "error", err)
}

// sendProblem sends a problem.
func (s *Server) sendProblem(c echo.Context, p problem) error {
	p.Type = s.publicURL + problemsPath + "#" + string(p.Code)
	if isAPI(c) || p.Code == codeInternal {
		p.RequestID = requestID(c)
	}
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	return c.JSON(p.Status, p)
}

func wantsProblem(c echo.Context) bool { return isAPI(c) || wantsJSON(c) }

// isAPI reports whether a request is one to the merchant API, where nothing is HTML.
func isAPI(c echo.Context) bool {
	path := c.Request().URL.Path
	return path == apiPath || strings.HasPrefix(path, apiPath+"/")
}

func wantsJSON(c echo.Context) bool {
	return strings.HasPrefix(c.Request().Header.Get(echo.HeaderAccept), echo.MIMEApplicationJSON)
}

const (
	// requestIDHeader has the ID of a request, in each answer of the merchant API and in each
	// error that is logged.
	requestIDHeader = "Request-Id"
	// requestIDLength is the length of a request's ID in characters of five random bits. The
	// ID leads from an answer or an error page to the line in the log.
	requestIDLength = 12
)

// requestID returns the ID of a request, which it sets in the response's header.
func requestID(c echo.Context) string {
	h := c.Response().Header()
	id := h.Get(requestIDHeader)
	if id == "" {
		id = strings.ToLower(rand.Text()[:requestIDLength])
		h.Set(requestIDHeader, id)
	}
	return id
}

// nameAPIRequests is the middleware that gives each request to the merchant API its ID.
func nameAPIRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if isAPI(c) {
			requestID(c)
		}
		return next(c)
	}
}

func (s *Server) problemPage(c echo.Context, status int) error {
	page := s.newProblemPage(c, status)
	page.CanReload = c.Request().Method == http.MethodGet && status != http.StatusNotFound && status != http.StatusBadRequest
	if status >= http.StatusInternalServerError {
		page.RequestID = requestID(c)
	}
	ancestors := []string{"*"}
	if session, known := s.sessionOfProblem(c, status); known {
		page.ShopName, page.Brand = s.service.Merchant(session.Merchant).Name, s.brand(session.Merchant)
		page.BackURL = paths.Page(session.ID)
		ancestors = s.ancestors(s.merchants[session.Merchant])
	}
	return s.sendProblemPage(c, page, ancestors)
}

// newProblemPage returns an error page in the browser's language and the kit's own look.
func (s *Server) newProblemPage(c echo.Context, status int) templates.ProblemPage {
	return templates.ProblemPage{
		Lang: templates.Match("", acceptLanguage(c)), Status: status,
		Icon: s.assets.URL(static.Icon), TouchIcon: s.assets.URL(static.TouchIcon),
	}
}

// sendProblemPage sends an error page, which the ancestors may frame.
func (s *Server) sendProblemPage(c echo.Context, page templates.ProblemPage, ancestors []string) error {
	csp := problemPolicy(page, ancestors)
	if isHead(c) {
		return pageHeader(c, page.Status, csp)
	}
	return render(c, page.Status, templates.Problem(page), csp)
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
				err = &refusal{codeInternal, "a panic, which is logged"}
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
