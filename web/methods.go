package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// refuseOtherMethods adds a handler to each path for the methods without one. It answers
// OPTIONS with the allowed methods, and other methods with 405. Call it after all
// routes were added.
func refuseOtherMethods(e *echo.Echo) {
	methods := map[string][]string{}
	for _, r := range e.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		methods[r.Path] = append(methods[r.Path], r.Method)
		if r.Method == http.MethodGet {
			methods[r.Path] = append(methods[r.Path], http.MethodHead)
		}
	}
	for path, allowed := range methods {
		allowed = append(allowed, http.MethodOptions)
		slices.Sort(allowed)
		e.RouteNotFound(path, methodNotAllowed(strings.Join(slices.Compact(allowed), ", ")))
	}
}

// methodNotAllowed returns the handler for the methods that a path does not allow.
func methodNotAllowed(allowed string) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderAllow, allowed)
		if c.Request().Method == http.MethodOptions {
			return c.NoContent(http.StatusNoContent)
		}
		return &refusal{codeMethodNotAllowed, "method not allowed: this address accepts " + allowed}
	}
}
