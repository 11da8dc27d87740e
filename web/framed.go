package web

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/page"
)

// The page shows some wallets' codes in a frame. After the payment, the wallet's page
// sends the whole window to return_url, or only its own frame.

// isFramed reports whether the browser requests the document of a frame. It returns
// false for a browser that does not tell.
func isFramed(c echo.Context) bool {
	dest := c.Request().Header.Get("Sec-Fetch-Dest")
	return dest == "iframe" || dest == "frame"
}

// selfOrigin is this site's own origin in a Content-Security-Policy.
const selfOrigin = "'self'"

// returnPolicy returns the policy of the page that a wallet returns to. Our own page
// may frame it, and the shop may frame our page.
func (s *Server) returnPolicy(v checkout.View) policy {
	p := kitPolicy()
	p.Ancestors = append([]string{selfOrigin}, s.merchants[v.Session.Merchant].AllowedOrigins...)
	return p
}

// codeAsConfirming returns v with the state Confirming in place of Code, until the
// gateway has been queried after the return. It is for the holder of a return token,
// who has already left the framed code.
func (s *Server) codeAsConfirming(returned time.Time, v checkout.View) checkout.View {
	if v.State == page.Code && s.awaitsAnswer(returned, v) {
		v.State = page.Confirming
	}
	return v
}
