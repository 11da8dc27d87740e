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

// returned is where a wallet sends the browser afterwards. What the URL says of
// the payment is not read: it may be forged. The browser that left goes on, to
// the shop when paid and else to its page; any other sees a status and no more.
func (s *Server) returned(c echo.Context) error {
	v, err := s.returnedView(c)
	if err != nil {
		return err
	}
	// Our page around a frame has its own way to the shop.
	opened := s.browsers.of(c.Request()).hasOpened(v.Session.ID) && !isFramed(c)
	if !isHead(c) && (opened || returnedQuery(c) == "") { // it comes from the wallet, and does not load itself again
		s.service.Returned(c.Request().Context(), c.Param("token"))
	}
	if opened {
		// The page sends a paid shopper on to the shop.
		return c.Redirect(http.StatusSeeOther, paths.Page(v.Session.ID)+returnedParam(s.service.Now()))
	}
	path := paths.Return(c.Param("token"))
	if returnedQuery(c) == "" {
		return c.Redirect(http.StatusSeeOther, path+returnedParam(s.service.Now()))
	}
	varies(c)
	if isHead(c) {
		return pageHeader(c, s.returnPolicy(v))
	}
	p := templates.CheckoutPage{
		Lang: s.language(c, v.Session), State: v.State, StatusOnly: true,
		Attempt:   templates.AttemptView{Ref: v.Attempt.ID},
		Remaining: -1, Token: s.formToken(path), RefreshSeconds: refreshFor(v.State), Assets: s.assetURLs(c),
		URLs: pageURLs(c, path),
	}
	return s.render(c, p, s.returnPolicy(v))
}

// returnedAt is when this browser came back from a wallet (?returned=, Unix
// milliseconds), or the zero time. It only chooses words and ways, so that
// anybody may write it.
func returnedAt(c echo.Context) time.Time {
	millis, err := strconv.ParseInt(c.QueryParam("returned"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}

func returnedParam(at time.Time) string {
	return "?returned=" + strconv.FormatInt(at.UnixMilli(), 10)
}

// returnedQuery carries ?returned= on to the page's own requests.
func returnedQuery(c echo.Context) string {
	if at := returnedAt(c); !at.IsZero() {
		return returnedParam(at)
	}
	return ""
}

// returnPatience is for how long after a return a paid page sends the shopper
// on by itself: later it is looked up again, as a receipt.
const returnPatience = 2 * time.Minute

func (s *Server) justReturned(c echo.Context) bool {
	since := s.service.Now().Sub(returnedAt(c))
	return since > -returnPatience && since < returnPatience
}

// confirming shows a browser that came back that its payment is being
// confirmed, until the gateway has been asked since.
func confirming(c echo.Context, v checkout.View) checkout.View {
	if v.State == page.Redirecting && v.Attempt.QueriedAt.Before(returnedAt(c)) {
		v.State = page.Confirming
	}
	return v
}

// pageURLs returns the URLs that the page at path and the page of a return have
// in common.
func pageURLs(c echo.Context, path string) templates.URLs {
	return templates.URLs{
		Self: path, Status: path + statusPath + returnedQuery(c), Events: path + eventsPath + returnedQuery(c),
		Confirm: path + confirmPath,
	}
}

// returnedView reads the status behind a return token.
func (s *Server) returnedView(c echo.Context) (checkout.View, error) {
	v, err := s.service.ViewReturn(c.Request().Context(), c.Param("token"))
	s.seen(c, v, err)
	return statusOnly(c, v), err
}

// statusOnly leaves the way to the shop out: a return token reveals a status
// and no more.
func statusOnly(c echo.Context, v checkout.View) checkout.View {
	v.Session.SuccessURL = ""
	return checking(c, confirming(c, v))
}

func (s *Server) returnedConfirm(c echo.Context) error {
	v, err := s.returnedView(c)
	if err != nil {
		return err
	}
	return s.confirmView(c, v, pageOf(c))
}
