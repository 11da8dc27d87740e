package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// A shop's page may show our page in a frame. There the page's script asks where a form leads,
// and has the shop's page go there: see docs/embedding.md.
//
// The page shows some wallets' codes in a frame. After the payment, the wallet's page
// sends the whole window to return_url, or only its own frame.

// isFramed reports whether the browser requests the document of a frame. It returns
// false for a browser that does not tell.
func isFramed(c echo.Context) bool {
	dest := c.Request().Header.Get("Sec-Fetch-Dest")
	return dest == "iframe" || dest == "frame"
}

// needsTop reports whether a flow needs the top window: a wallet's cashier refuses frames, and
// WeChat opens its payment sheet for the top window only.
func needsTop(f flow.Flow) bool { return f.Redirects() || f == flow.JSAPI }

// destination tells the script of a framed page where a form leads.
type destination struct {
	// URL is a path of this server.
	URL string `json:"url"`
	// Top says that the top window must open the URL.
	Top bool `json:"top"`
}

// lead sends a browser to a path of this server, and tells it to the script of a framed page.
func lead(c echo.Context, to string) error {
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, destination{URL: to})
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// leave redirects the top window to the wallet's cashier, after a framed page has started the
// attempt. The response also marks the browser as one that has opened the page: browsers
// keep no cookie of a frame in another site's page. Where there is no cashier to go to, it
// redirects to the page.
func (s *Server) leave(c echo.Context) error {
	v, err := s.viewOf(c)
	if err != nil {
		return err
	}
	path, a := paths.Page(v.Session.ID), v.Attempt
	if v.State != page.Redirecting || !a.Flow.Redirects() || isFramed(c) || isHead(c) {
		return c.Redirect(http.StatusSeeOther, path)
	}
	s.markOpened(c, v.Session)
	s.rememberWallet(c, a.Wallet)
	return c.Redirect(http.StatusSeeOther, a.Placed.URL)
}

// popupParam is the parameter with which a shop's page opens a page in a popup.
const popupParam = "popup"

func isPopupURL(c echo.Context) bool { return c.QueryParam(popupParam) != "" }

// keepOpener lets the window that opened the page of a session in a popup keep its handle, for
// their messages, and returns true. For any other page it returns false. The popup may have been
// to a wallet's cashier: then the cookie knows that it is one.
func (s *Server) keepOpener(c echo.Context, session checkout.Session) bool {
	if !isPopupURL(c) && !s.browsers.read(c.Request()).hasPopup(session.ID) {
		return false
	}
	c.Response().Header().Set("Cross-Origin-Opener-Policy", "unsafe-none")
	return true
}

// refuseFrame answers a page in a frame whose surrounding page is not one of the shop's, and
// returns true. The browser would refuse it without a word. It returns false where the browser
// does not tell the origin around the frame: there the page's policy decides.
func (s *Server) refuseFrame(c echo.Context, session checkout.Session) (bool, error) {
	around := originOf(c.Request().Referer())
	if !isFramed(c) || around == "" || s.isOwn(around, c.Request()) || slices.Contains(s.merchants[session.Merchant].AllowedOrigins, around) {
		return false, nil
	}
	p := s.newProblemPage(c, http.StatusForbidden)
	p.OwnWindowURL = s.service.PageURL(session.ID)
	return true, s.sendProblemPage(c, p, []string{"*"})
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
