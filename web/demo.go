package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// Demo lets one person act as several shoppers: pages get a bar with a "view as" menu and
// a link to the sandbox, and a replacement of WeixinJSBridge pays at the sandbox. The menu has an effect only
// if the Server is wrapped in [ViewAs]. A server that takes real money must not have a
// Demo.
type Demo struct {
	// SandboxOrigin is the origin of the sandbox for browsers.
	SandboxOrigin string
}

const viewAsCookie = "wantukit_view_as"

// DemoDevice is one device of the "view as" menu.
type DemoDevice struct{ Value, userAgent string }

// DemoDevices returns the devices of the "view as" menu. The first one is the real
// browser.
func DemoDevices() []DemoDevice {
	const inApp = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
	return []DemoDevice{
		{"", ""},
		{"desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"},
		{"phone", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"},
		{string(flow.WalletWeChat), inApp + "MicroMessenger/8.0.60 NetType/WIFI Language/en"},
		{"mini_program", inApp + "MicroMessenger/8.0.60 NetType/WIFI Language/en miniProgram/wx0123456789abcdef"},
		{"wecom", inApp + "wxwork/4.1.36 MicroMessenger/7.0.1 Language/en"},
		{string(flow.WalletAlipayCN), inApp + "AliApp(AP/10.7.20.6000) AlipayClient/10.7.20.6000 Language/en"},
		{string(flow.WalletAlipayHK), inApp + "AliApp(APHK/6.1.0) AlipayClientHK/6.1.0 Language/en"},
		{"other", inApp + "QQ/9.0.85.617"},
		{"tv", "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36"},
		{"unknown", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko)"},
	}
}

// ViewAs returns next behind the demo's middleware. If the browser chose a device, the
// middleware replaces the User-Agent of a request with the one of the device, and removes
// the client hints. New does not add it: wrap the Server in it. Also wrap the handler of a
// shop that passes the shopper's user agent on to the merchant API.
func ViewAs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if as := DemoChoice(r); as.userAgent != "" {
			for _, name := range flow.Hints() {
				r.Header.Del(name) // they describe the real browser
			}
			r.Header.Set("User-Agent", as.userAgent)
		}
		next.ServeHTTP(w, r)
	})
}

// DemoChoice returns the device that a browser chose in the "view as" menu, which is in
// a cookie. It returns the first of [DemoDevices] if the browser chose none.
func DemoChoice(r *http.Request) DemoDevice {
	devices := DemoDevices()
	for _, secure := range []bool{true, false} {
		cookie, err := r.Cookie(hostCookie(viewAsCookie, secure))
		if err != nil {
			continue
		}
		for _, d := range devices {
			if d.Value == cookie.Value {
				return d
			}
		}
	}
	return devices[0]
}

// viewAs stores the device that the browser chose, and redirects to the page.
func (s *Server) viewAs(c echo.Context) error {
	as := c.FormValue("as")
	//nolint:gosec // Secure where the demo is reached by https
	c.SetCookie(&http.Cookie{
		Name: hostCookie(viewAsCookie, s.secure), Value: as, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
	return c.Redirect(http.StatusSeeOther, ownPage(c.FormValue("back")))
}

// payInSandbox redirects to the sandbox's page with the session's order, where it can be
// paid. If the session has no order, it redirects to the list of all orders. It finds the
// order when it is called, because the page changes its order without a load.
func (s *Server) payInSandbox(c echo.Context) error {
	v, err := s.readView(c)
	if err != nil {
		return err
	}
	to := s.demo.SandboxOrigin + "/"
	if v.Attempt != nil {
		to += "?q=" + v.Attempt.OutTradeNo
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// ownPage returns path if it is a path of this server, else "/". It refuses paths that
// a browser could read as another server's: browsers drop tabs and line breaks, and
// read \ as /.
func ownPage(path string) string {
	odd := strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r == '\\' })
	if odd || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return "/"
	}
	return path
}

// demoBar returns the bar of a session's page, or nil outside of the demo.
func (s *Server) demoBar(c echo.Context, sessionID string, lang templates.Lang) *templates.DemoBar {
	if s.demo == nil {
		return nil
	}
	as := DemoChoice(c.Request())
	bar := &templates.DemoBar{
		Current: as.Value, Action: viewAsPath, Back: paths.Page(sessionID),
		Script: s.assets.URL(static.DemoBar), Pay: sandboxPath + sessionID,
	}
	for _, d := range DemoDevices() {
		bar.Choices = append(bar.Choices, templates.DemoChoice{Value: d.Value, Label: templates.DeviceName(lang, d.Value)})
	}
	if strings.Contains(c.Request().UserAgent(), "MicroMessenger") {
		bar.BridgeScript, bar.Sandbox = s.assets.URL(static.DemoBridge), s.demo.SandboxOrigin
	}
	return bar
}
