package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// headKey is the context key of a request that came as HEAD.
type headKey struct{}

// asGet turns a HEAD request into a GET request, and drops the body of the response.
// Handlers call isHead and then do nothing but look the resource up: they render
// nothing, store nothing, do not mark the session as seen, and call no other server.
func asGet(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	// It is a copy, because net/http reads the method of the original request.
	get := r.WithContext(context.WithValue(r.Context(), headKey{}, true))
	get.Method = http.MethodGet
	return bodiless{w}, get
}

// isHead reports whether the request came as HEAD.
func isHead(c echo.Context) bool {
	is, _ := c.Request().Context().Value(headKey{}).(bool)
	return is
}

// bodiless is a ResponseWriter that drops the body.
type bodiless struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (bodiless) Write(p []byte) (int, error) { return len(p), nil }

// Unwrap returns the inner writer to http.ResponseController.
func (w bodiless) Unwrap() http.ResponseWriter { return w.ResponseWriter }
