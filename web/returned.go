package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/templates"
)

// returned is where a wallet sends the browser afterwards. What the URL says of
// the payment is not read: it may be forged. A paid shopper goes on to the
// shop, the browser that left goes back to its page, and any other sees a
// status and no more.
func (s *Server) returned(c echo.Context) error {
	v, err := s.returnedView(c)
	if err != nil {
		return err
	}
	if v.State == checkout.PagePaid {
		return c.Redirect(http.StatusSeeOther, v.Session.SuccessURL)
	}
	stamp := "?returned=" + strconv.FormatInt(time.Now().UnixMilli(), 10)
	if s.browsers.of(c.Request()).hasBegun(v.Session.ID) {
		return c.Redirect(http.StatusSeeOther, "/c/"+v.Session.ID+stamp)
	}
	path := "/r/" + c.Param("token")
	if returnedQuery(c) == "" {
		return c.Redirect(http.StatusSeeOther, path+stamp)
	}
	p := templates.CheckoutPage{
		Lang: s.language(c, v.Session), State: string(v.State), StatusOnly: true,
		Remaining: -1, Token: s.formToken(path), RefreshSeconds: refreshFor(v.State), Assets: s.assetURLs(),
		URLs: templates.URLs{
			Self: path, Status: path + "/status" + returnedQuery(c), Events: path + "/events" + returnedQuery(c),
			Confirm: path + "/confirm",
		},
	}
	return s.render(c, p, policy{})
}

func (s *Server) returnedView(c echo.Context) (checkout.View, error) {
	v, err := s.Service.ViewReturn(c.Request().Context(), c.Param("token"))
	return confirming(c, v), err
}

func (s *Server) returnedConfirm(c echo.Context) error {
	v, err := s.returnedView(c)
	if err != nil {
		return err
	}
	return s.confirmView(c, v, pageOf(c))
}
