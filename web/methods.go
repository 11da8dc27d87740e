package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// refuseOtherMethods has each path of the routes answer a method that it has no
// handler for: OPTIONS with what there is, and any other with 405. It comes after
// all routes.
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
		e.RouteNotFound(path, notAllowed(strings.Join(slices.Compact(allowed), ", ")))
	}
}

func notAllowed(allowed string) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderAllow, allowed)
		if c.Request().Method == http.MethodOptions {
			return c.NoContent(http.StatusNoContent)
		}
		return echo.NewHTTPError(http.StatusMethodNotAllowed, "method not allowed: this address takes "+allowed)
	}
}
