package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/templates"
)

// start places the order for a wallet, or finds the open one, and sends the
// shopper on: to the wallet's cashier, to WeChat for the openid, or back to the
// page.
func (s *Server) start(c echo.Context) error {
	ctx := c.Request().Context()
	session, err := s.service.Session(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	a, err := s.service.Start(ctx, s.startRequest(c, session))
	if errors.Is(err, checkout.ErrNeedsOpenID) {
		return s.askOpenID(c, session)
	}
	page := paths.Page(session.ID)
	if notice, known := startNotice(err); known {
		return c.Redirect(http.StatusSeeOther, page+notice)
	}
	if err != nil {
		return err
	}
	if !a.Flow.Redirects() || a.State != checkout.AttemptPending {
		return c.Redirect(http.StatusSeeOther, page)
	}
	// Again, because a page in another site's frame could not.
	s.remember(c, session)
	return c.Redirect(http.StatusSeeOther, a.Placed.URL)
}

func (s *Server) startRequest(c echo.Context, session checkout.Session) checkout.StartRequest {
	r := checkout.StartRequest{
		SessionID: session.ID, Device: s.device(c),
		Wallet: flow.Wallet(c.FormValue("wallet")), Flow: flow.Flow(c.FormValue("flow")),
	}
	r.OpenID, r.Payer = s.payer(c, session)
	return r
}

// startNotice says what the page tells the shopper about an error that it
// knows how to go on from.
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

// limitNotice says that a session has had too many orders.
func limitNotice(limit *checkout.StartLimitError) string {
	if limit.Wait > 0 {
		return templates.NoticeWait
	}
	return templates.NoticeTooMany
}

// confirm asks the gateway at the shopper's wish.
func (s *Server) confirm(c echo.Context) error {
	v, err := s.service.View(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.confirmView(c, v, paths.Page(v.Session.ID))
}

// confirmView asks about the attempt that a page shows, and writes down what
// WeChat's payment sheet said of it. An error of the gateway's has been
// reported; the sweep asks again.
func (s *Server) confirmView(c echo.Context, v checkout.View, page string) error {
	if v.Attempt != nil {
		s.service.BridgeAnswered(c.Request().Context(), *v.Attempt, c.FormValue("bridge"))
		_, _ = s.service.Confirm(c.Request().Context(), v.Attempt.ID, checkout.CauseBrowser)
	}
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, page)
}

// cancel calls the session off and sends the shopper back to the shop.
func (s *Server) cancel(c echo.Context) error {
	session, err := s.service.Cancel(c.Request().Context(), c.Param("id"))
	if session.ID == "" && err != nil {
		return err
	}
	page := paths.Page(session.ID)
	switch {
	case err != nil:
		s.logger.Warn("session not canceled", "session", session.ID, "error", err)
		return c.Redirect(http.StatusSeeOther, page+"?notice="+templates.NoticeGatewayDown)
	case session.Status == checkout.StatusCanceled && session.CancelURL != "":
		return c.Redirect(http.StatusSeeOther, inHeader(session.CancelURL))
	default:
		return c.Redirect(http.StatusSeeOther, page)
	}
}
