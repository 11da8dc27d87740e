package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"
)

// headKey marks a request that came as HEAD, in its context.
type headKey struct{}

// asGet has a HEAD request answered by whatever answers GET, without the body.
// Where the work is more than looking up what there is, handlers ask isHead and
// leave it out: nothing is rendered, kept, counted as seen, or asked of others.
func asGet(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	// A copy, because the server looks at the method of its own request.
	get := r.WithContext(context.WithValue(r.Context(), headKey{}, true))
	get.Method = http.MethodGet
	return bodiless{w}, get
}

// isHead reports whether only the header of the answer is wanted.
func isHead(c echo.Context) bool {
	is, _ := c.Request().Context().Value(headKey{}).(bool)
	return is
}

// bodiless writes the header of an answer alone.
type bodiless struct{ http.ResponseWriter }

// Write implements http.ResponseWriter.
func (bodiless) Write(p []byte) (int, error) { return len(p), nil }

// Unwrap serves http.ResponseController.
func (w bodiless) Unwrap() http.ResponseWriter { return w.ResponseWriter }
