package web

import (
	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/page"
)

// A wallet's page with a code stands in a frame of ours. Once paid, it takes the
// whole window to return_url, or goes there by itself inside its frame.

// isFramed reports whether the browser asks for a frame's document. One that
// does not say so is taken to ask for a window's.
func isFramed(c echo.Context) bool {
	dest := c.Request().Header.Get("Sec-Fetch-Dest")
	return dest == "iframe" || dest == "frame"
}

// ourselves is this site's own origin in a policy.
const ourselves = "'self'"

// returnPolicy is that of the page that a wallet returns to: it may stand in
// our own page, and with that in the shop's.
func (s *Server) returnPolicy(v checkout.View) policy {
	p := ownPolicy()
	p.Ancestors = append([]string{ourselves}, s.merchants[v.Session.Merchant].AllowedOrigins...)
	return p
}

// checking shows whoever comes back by a return token that the payment is being
// checked, until the gateway has been asked since. A code that was framed is no
// longer shown to them.
func checking(c echo.Context, v checkout.View) checkout.View {
	if v.State == page.Code && v.Attempt.QueriedAt.Before(returnedAt(c)) {
		v.State = page.Confirming
	}
	return v
}
