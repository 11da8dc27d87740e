package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

// start places the order for a wallet, or finds its open order. Then it redirects
// the shopper to the wallet's cashier, to WeChat for the openid, or back to the page.
func (s *Server) start(c echo.Context) error {
	ctx := c.Request().Context()
	session, err := s.service.Session(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	s.keepOpener(c, session)
	a, err := s.service.Start(ctx, s.startRequest(c, session))
	path := paths.Page(session.ID)
	if errors.Is(err, checkout.ErrNeedsOpenID) {
		if wantsJSON(c) {
			// The top window must get the cookie with the state.
			return c.JSON(http.StatusOK, destination{URL: path, Top: true})
		}
		return s.askOpenID(c, session)
	}
	if notice, known := startNotice(err); known {
		return lead(c, path+notice)
	}
	if err != nil {
		return err
	}
	// The page sets this cookie too, but neither for a program nor in another site's frame.
	s.markOpened(c, session)
	s.rememberWallet(c, a.Wallet)
	switch {
	case wantsJSON(c):
		return c.JSON(http.StatusOK, destination{URL: path + leavePath, Top: needsTop(a.Flow)})
	case a.Flow.Redirects() && a.State == checkout.AttemptPending:
		return c.Redirect(http.StatusSeeOther, a.Placed.URL)
	default:
		return c.Redirect(http.StatusSeeOther, path)
	}
}

func (s *Server) startRequest(c echo.Context, session checkout.Session) checkout.StartRequest {
	r := checkout.StartRequest{
		SessionID: session.ID, Device: s.device(c),
		Wallet: flow.Wallet(c.FormValue("wallet")), Flow: flow.Flow(c.FormValue("flow")),
	}
	r.OpenID, r.Payer = s.payer(c, session)
	return r
}

// startNotice returns the query of the page that tells the shopper about an error of
// Start. It reports false for an error that the page cannot handle.
func startNotice(err error) (query string, known bool) {
	var limit *checkout.StartLimitError
	switch {
	case errors.As(err, &limit):
		return "?notice=" + limitNotice(limit), true
	case errors.Is(err, checkout.ErrOutcomeUnknown):
		return "?notice=" + templates.NoticeGatewayDown, true
	case errors.Is(err, checkout.ErrRefused), errors.Is(err, checkout.ErrNotPayable), errors.Is(err, checkout.ErrNotHere):
		return "", true // the page itself shows the state
	default:
		return "", false
	}
}

// limitNotice returns the notice for a session that has had too many orders.
func limitNotice(limit *checkout.StartLimitError) string {
	if limit.Wait > 0 {
		return templates.NoticeWait
	}
	return templates.NoticeTooMany
}

// confirm queries the gateway because the shopper asked for it.
func (s *Server) confirm(c echo.Context) error {
	v, err := s.readView(c)
	if err != nil {
		return err
	}
	s.queryFor(c, v)
	v, err = s.readView(c)
	return s.sendAnswer(c, v, err)
}

// queryFor queries the gateway for the attempt that a page shows, and records the
// answer of WeChat's payment sheet. It ignores an error of the query: the Service
// has alerted the operator, and the sweep queries again.
func (s *Server) queryFor(c echo.Context, v checkout.View) {
	if v.Attempt != nil {
		s.service.BridgeAnswered(c.Request().Context(), *v.Attempt, c.FormValue("bridge"))
		_, _ = s.service.Confirm(c.Request().Context(), v.Attempt.ID, checkout.CauseBrowser)
	}
}

// sendAnswer sends a script the status after a query. Without script it redirects to the
// page, which says when nothing was paid.
func (s *Server) sendAnswer(c echo.Context, v checkout.View, err error) error {
	switch {
	case err != nil || wantsJSON(c):
		return s.sendStatus(c, v, err)
	case v.State == page.Paid:
		return c.Redirect(http.StatusSeeOther, pageOf(c))
	default:
		return c.Redirect(http.StatusSeeOther, pageOf(c)+timeQuery(checkedParam, s.service.Now()))
	}
}

// cancel cancels the session and redirects the shopper to the shop. In a frame or a popup of
// the shop's page, and if it fails, it redirects to the page.
func (s *Server) cancel(c echo.Context) error {
	session, err := s.service.Cancel(c.Request().Context(), c.Param("id"))
	if session.ID == "" && err != nil {
		return err
	}
	isPopup := s.keepOpener(c, session)
	path := paths.Page(session.ID)
	switch {
	case err != nil:
		s.logger.Warn("session not canceled", "session", session.ID, "error", err)
		return lead(c, path+"?notice="+templates.NoticeGatewayDown)
	case session.Status == checkout.StatusCanceled && session.CancelURL != "" && !wantsJSON(c) && !isPopup:
		return c.Redirect(http.StatusSeeOther, inHeader(session.CancelURL))
	default:
		return lead(c, path) // in a frame or a popup, the page tells the shop's page that it is canceled
	}
}
