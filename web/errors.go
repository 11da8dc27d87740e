package web

import (
	"bytes"
	"context"
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

// problem is the merchant API's error: RFC 9457, and the field at fault.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// newProblem is the one table from errors to HTTP. What it does not know is
// the server's fault and says no more than that.
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
		// A 404 says nothing: it is the same whatever is not there.
		if text, ok := known.Message.(string); ok && known.Code < 500 && known.Code != http.StatusNotFound {
			p.Detail = text
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// retryUnavailable is in how many seconds what the database being away has kept
// from being done may be asked for again.
const retryUnavailable = "5"

// handleError is Echo's HTTPErrorHandler: problems for programs, pages for
// people.
func (s *Server) handleError(err error, c echo.Context) {
	p := newProblem(err)
	if s.isUnavailable(err) {
		p.Status, p.Title = http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable)
		c.Response().Header().Set(echo.HeaderRetryAfter, retryUnavailable)
	}
	if p.Status >= 500 && !errors.Is(err, context.Canceled) {
		s.logger.Error("request failed", "method", c.Request().Method, "route", c.Path(), "error", err)
	}
	gone := errors.Is(c.Request().Context().Err(), context.Canceled)
	if c.Response().Committed || gone { // nobody reads an answer
		return
	}
	switch {
	case forPrograms(c):
		c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
		err = c.JSON(p.Status, p)
	case p.Status == http.StatusMethodNotAllowed: // which no page of ours causes
		err = c.String(p.Status, p.Detail+"\n")
	default:
		err = s.problemPage(c, p.Status)
	}
	if err != nil {
		s.logger.Warn("error page not sent", "route", c.Path(), "error", err)
	}
}

func forPrograms(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, "/v1/") || wantsJSON(c)
}

func wantsJSON(c echo.Context) bool {
	return strings.HasPrefix(c.Request().Header.Get(echo.HeaderAccept), echo.MIMEApplicationJSON)
}

func (s *Server) problemPage(c echo.Context, status int) error {
	c.Response().Header().Set("Content-Security-Policy", problemPolicy())
	page := templates.ProblemPage{
		Lang:   templates.Match("", c.Request().Header.Get("Accept-Language")),
		Status: status, Icon: s.assets.URL(static.Icon),
	}
	var buffer bytes.Buffer
	if err := templates.Problem(page).Render(c.Request().Context(), &buffer); err != nil {
		return err
	}
	return html(c, status, buffer.Bytes())
}

// recoverPanic turns a panic into an answer of 500 and a line in the log. Only
// the runtime's own words are repeated there: any other value may hold a secret.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				what := fmt.Sprintf("%T", p)
				if known, is := p.(runtime.Error); is {
					what = known.Error()
				}
				s.logger.Error("panic", "route", c.Path(), "panic", what, "stack", string(debug.Stack()))
				err = echo.NewHTTPError(http.StatusInternalServerError)
			}
		}()
		return next(c)
	}
}
