package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// versionHeader has the version of the merchant API: in a request the one that the shop was
// written for, in an answer the one that was used.
const versionHeader = "Wantukit-Version"

// apiVersions are the versions of the merchant API that the server speaks, the newest first,
// which is the default. A change that could break a shop gets a new version, named after its
// day.
var apiVersions = []string{"2026-11-30"}

// chooseVersion is the middleware that checks the version of a request, and tells the one of
// the answer.
func chooseVersion(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(versionHeader, apiVersions[0])
		asked := c.Request().Header.Get(versionHeader)
		if asked == "" || slices.Contains(apiVersions, asked) {
			return next(c)
		}
		return &checkout.FieldError{Field: versionHeader, Problem: "is not a version of this API", Allowed: apiVersions}
	}
}
