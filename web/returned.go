package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

// returned handles the return URL, to which a wallet sends the browser after the
// payment. It ignores what the URL says about the payment, because that may be forged.
// A browser that opened the page is redirected there, and from a paid page to the
// shop. Any other browser sees only the status.
func (s *Server) returned(c echo.Context) error {
	v, err := s.returnedView(c)
	if err != nil {
		return err
	}
	s.keepOpener(c, v.Session)
	// In a frame, the page around it redirects to the shop.
	opened := s.browsers.read(c.Request()).hasOpened(v.Session.ID) && !isFramed(c)
	// Else it is a reload, or the answer to a query that the shopper asked for.
	comesFromWallet := returnedQuery(c) == "" && timeIn(c, checkedParam).IsZero()
	if !isHead(c) && (opened || comesFromWallet) {
		s.service.Returned(c.Request().Context(), c.Param("token"))
	}
	if opened {
		// The page redirects a paid shopper to the shop.
		return c.Redirect(http.StatusSeeOther, paths.Page(v.Session.ID)+timeQuery(returnedParam, s.service.Now()))
	}
	path := paths.Return(c.Param("token"))
	if comesFromWallet {
		return c.Redirect(http.StatusSeeOther, path+timeQuery(returnedParam, s.service.Now()))
	}
	setVary(c)
	if isHead(c) {
		return pageHeader(c, http.StatusOK, s.returnPolicy(v).String())
	}
	p := templates.CheckoutPage{
		Lang: s.language(c, v.Session), State: v.State, StatusOnly: true,
		Attempt:   templates.AttemptView{Ref: v.Attempt.ID},
		Remaining: -1, Token: s.formToken(path), RefreshSeconds: refreshFor(v.State), Assets: s.assetURLs(c),
		URLs: pageURLs(c, path), CheckedAt: s.checkedAt(c, v.Session), Returned: isBack(returnedAt(c), v),
	}
	return render(c, http.StatusOK, templates.Checkout(p), s.returnPolicy(v).String())
}

// The parameters in a page's query that are times in Unix milliseconds. Anybody can write
// them. They only decide what the page shows, and whether it redirects.
const (
	// returnedParam is when this browser came back from a wallet.
	returnedParam = "returned"
	// checkedParam is when a query that the shopper asked for has found no payment.
	checkedParam = "checked"
)

// timeIn returns the time in a parameter of a request's query, or the zero time.
func timeIn(c echo.Context, param string) time.Time {
	millis, err := strconv.ParseInt(c.QueryParam(param), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}

// timeQuery returns the query with a time in a parameter.
func timeQuery(param string, at time.Time) string {
	return "?" + param + "=" + strconv.FormatInt(at.UnixMilli(), 10)
}

// returnedAt returns when this browser came back from a wallet, or the zero time.
func returnedAt(c echo.Context) time.Time { return timeIn(c, returnedParam) }

// returnedQuery returns the query ?returned= of a request for the page's own requests, or
// "" if it has none.
func returnedQuery(c echo.Context) string {
	if at := returnedAt(c); !at.IsZero() {
		return timeQuery(returnedParam, at)
	}
	return ""
}

// isBack reports whether a browser that came back at returned came from the wallet of a
// view's attempt.
func isBack(returned time.Time, v checkout.View) bool {
	return v.Attempt != nil && returned.After(v.Attempt.CreatedAt)
}

// checkedAt returns the time of day, in the shop's zone, of a query that the shopper asked
// for and that has found no payment, or "".
func (s *Server) checkedAt(c echo.Context, session checkout.Session) string {
	at := timeIn(c, checkedParam)
	if at.IsZero() {
		return ""
	}
	return templates.FormatClock(at, s.merchants[session.Merchant].Location)
}

// justReturnedWithin is how long after a return a paid page redirects to the shop. Later
// it is shown as a receipt.
const justReturnedWithin = 2 * time.Minute

// justReturned reports whether this browser came back from a wallet a short time ago.
func (s *Server) justReturned(c echo.Context) bool {
	since := s.service.Now().Sub(returnedAt(c))
	return since > -justReturnedWithin && since < justReturnedWithin
}

// redirectAsConfirming returns v with the state Confirming in place of Redirecting for a
// browser that came back at returned, until the gateway has been queried after that.
func (s *Server) redirectAsConfirming(returned time.Time, v checkout.View) checkout.View {
	if v.State == page.Redirecting && s.awaitsAnswer(returned, v) {
		v.State = page.Confirming
	}
	return v
}

// confirmingFor is how long a page that came back waits for the gateway's answer.
const confirmingFor = 5 * time.Second

// awaitsAnswer reports whether the gateway has not yet answered a query that began after
// returned.
func (s *Server) awaitsAnswer(returned time.Time, v checkout.View) bool {
	since := s.service.Now().Sub(returned)
	return since < confirmingFor && (v.Attempt.QueriedAt.Before(returned) || v.Calling)
}

// pageURLs returns the URLs that the page at path and the page of a return have
// in common.
func pageURLs(c echo.Context, path string) templates.URLs {
	return templates.URLs{
		Status: path + statusPath + returnedQuery(c), Events: path + eventsPath + returnedQuery(c),
		Confirm: path + confirmPath,
	}
}

// returnedView returns the view of a return token's session, and marks the session as
// seen.
func (s *Server) returnedView(c echo.Context) (checkout.View, error) {
	v, err := s.service.ViewReturn(c.Request().Context(), c.Param("token"))
	if err == nil {
		s.markSeen(c, v)
	}
	return s.statusOnly(returnedAt(c), v), err
}

// statusOnly returns v for the holder of a return token, without the URL of the shop: the
// token reveals only the status.
func (s *Server) statusOnly(returned time.Time, v checkout.View) checkout.View {
	v.Session.SuccessURL = ""
	return s.codeAsConfirming(returned, s.redirectAsConfirming(returned, v))
}

func (s *Server) returnedConfirm(c echo.Context) error {
	v, err := s.returnedView(c)
	if err != nil {
		return err
	}
	s.queryFor(c, v)
	v, err = s.returnedView(c)
	return s.sendAnswer(c, v, err)
}
