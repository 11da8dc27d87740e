package web

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// refreshEvery is how often a waiting page without script loads itself again,
// in seconds.
const refreshEvery = 5

// page shows a session. It calls nobody and changes nothing.
func (s *Server) page(c echo.Context) error {
	v, err := s.viewOf(c)
	if err != nil {
		return err
	}
	if v.State == page.Paid && s.justReturned(c) {
		return c.Redirect(http.StatusSeeOther, inHeader(v.Session.SuccessURL))
	}
	varies(c, flow.DeviceHeaders()...)
	c.Response().Header().Set("Accept-CH", strings.Join(flow.Hints(), ", "))
	if isHead(c) {
		return pageHeader(c, s.pagePolicy(v))
	}
	p, err := s.checkoutPage(c, v, s.device(c))
	if err != nil {
		return err
	}
	s.remember(c, v.Session)
	return s.render(c, p, s.pagePolicy(v))
}

// remember lets this browser come back to the page from a wallet. Without its
// cookie it sees the status alone.
func (s *Server) remember(c echo.Context, session checkout.Session) {
	b := s.browsers.of(c.Request())
	if session.Status != checkout.StatusOpen || b.hasOpened(session.ID) {
		return
	}
	b.open(session.ID)
	if err := b.save(c.Response(), c.Request()); err != nil {
		s.logger.Warn("cookie not written", "session", session.ID, "error", err)
	}
}

// viewOf reads the session of a request's path, which is being watched then.
func (s *Server) viewOf(c echo.Context) (checkout.View, error) {
	v, err := s.service.View(c.Request().Context(), c.Param("id"))
	s.seen(c, v, err)
	return confirming(c, v), err
}

// seen notes that somebody watches what a view shows, where there is one. Who
// asks for the header alone does not look at it.
func (s *Server) seen(c echo.Context, v checkout.View, err error) {
	if err == nil && !isHead(c) {
		s.service.Seen(v.Session.ID)
	}
}

func (s *Server) device(c echo.Context) flow.Device {
	return flow.Detect(c.Request().Header.Get)
}

func (s *Server) checkoutPage(c echo.Context, v checkout.View, device flow.Device) (p templates.CheckoutPage, err error) {
	session := v.Session
	path, lang := paths.Page(session.ID), s.language(c, session)
	p = templates.CheckoutPage{
		Lang:     lang,
		State:    v.State,
		ShopName: s.service.Merchant(session.Merchant).Name, Brand: s.brand(session.Merchant),
		Subject: session.Subject, Amount: templates.FormatAmount(lang, session.Amount, session.Currency),
		Reference: session.ClientReferenceID, Remaining: remaining(v), Renew: renewSeconds(v.RenewIn),
		Notice: templates.KnownNotice(c.QueryParam("notice")), Token: s.formToken(path),
		URLs:           pageURLs(c, path),
		RefreshSeconds: refreshFor(v.State), Assets: s.assetURLs(c), Demo: s.demoBar(c, path, lang),
	}
	p.URLs.Start, p.URLs.Cancel, p.URLs.CancelReturn = path+attemptsPath, path+cancelPath, session.CancelURL
	if v.State == page.Paid {
		p.URLs.Success = session.SuccessURL
	}
	if minor, known := s.service.ApproximateCNY(session); known {
		p.Approximately = templates.FormatAmount(lang, minor, "CNY")
	}
	p.Receipt = s.receipt(v, lang)
	if v.Payable {
		// A page that is loaded ahead must be whole when its shopper comes.
		seen := device
		seen.Prefetched = false
		p.Wallets = s.walletOptions(session, seen)
		if p.PageCode, err = s.pageCode(session, p.Wallets); err != nil {
			return p, err
		}
		if c.Request().Header.Get("Sec-Purpose") != "" {
			// No script runs before the shopper has come: the loader waits for
			// a page that is rendered ahead to be looked at.
			device = seen
		}
		p.AutoStart = s.autoStart(c, v, device)
	}
	p.Attempt, err = attemptView(v)
	return p, err
}

// pageCode is the page's own address, where a guide sends the shopper
// elsewhere, or where there is no way to pay: a person who was taken for a
// program goes on with another device.
func (s *Server) pageCode(session checkout.Session, options []templates.WalletOption) (*templates.QRCode, error) {
	guided := slices.ContainsFunc(options, func(o templates.WalletOption) bool { return o.GuideLink != "" })
	if !guided && len(options) > 0 {
		return nil, nil //nolint:nilnil // most pages have none
	}
	return templates.DrawQRCode(s.service.PageURL(session.ID))
}

// language is the one that the shop asked for, else the browser's.
func (s *Server) language(c echo.Context, session checkout.Session) templates.Lang {
	return templates.Match(session.Locale, c.Request().Header.Get("Accept-Language"))
}

func remaining(v checkout.View) int {
	if v.Session.Status != checkout.StatusOpen {
		return -1
	}
	return int(v.Remaining.Seconds())
}

// renewSeconds rounds up; never is 0, and now is 1.
func renewSeconds(in time.Duration) int {
	if in < 0 {
		return 0
	}
	return max(1, int((in+time.Second-1)/time.Second))
}

func refreshFor(state page.State) int {
	switch state {
	case page.Code, page.Redirecting, page.Confirming:
		return refreshEvery
	default:
		return 0
	}
}

// walletOptions lists the wallets for a device: those that it can pay with
// first, guides after them.
func (s *Server) walletOptions(session checkout.Session, device flow.Device) []templates.WalletOption {
	var payable, guided []templates.WalletOption
	for _, w := range session.Wallets {
		choice := s.choose(session, device, w)
		switch o := s.walletOption(session, w, choice); choice.Flow {
		case flow.None:
		case flow.Guided:
			guided = append(guided, o)
		default:
			payable = append(payable, o)
		}
	}
	return append(payable, guided...)
}

func (s *Server) walletOption(session checkout.Session, w flow.Wallet, choice flow.Choice) templates.WalletOption {
	o := templates.WalletOption{
		Wallet: w, Flow: choice.Flow, Guide: choice.Guide, Switch: choice.Switch,
		Top: choice.Flow.Redirects(),
	}
	if choice.Guide != "" && choice.Guide != flow.GuidePickDevice {
		o.GuideLink = s.service.PageURL(session.ID)
	}
	for _, f := range choice.Others {
		o.Alternatives = append(o.Alternatives, templates.Alternative{
			Flow: f, Top: f.Redirects(), Anyway: f == choice.Anyway,
		})
	}
	return o
}

// choose is the domain's choice.
func (s *Server) choose(session checkout.Session, device flow.Device, w flow.Wallet) flow.Choice {
	return session.ChooseFlow(s.service.Merchant(session.Merchant), device, w)
}

// autoStart is the wallet that the page's script posts for without a tap:
// after WeChat told the openid, and where there is one code to show.
func (s *Server) autoStart(c echo.Context, v checkout.View, device flow.Device) flow.Wallet {
	if s.resumesJSAPI(c, v, device) {
		return flow.WalletWeChat
	}
	if v.State != page.Choose || v.StartLimit != nil {
		return ""
	}
	if len(v.Session.Wallets) != 1 || !s.choose(v.Session, device, v.Session.Wallets[0]).Flow.ShowsCode() {
		return ""
	}
	return v.Session.Wallets[0]
}

// resumesJSAPI reports whether the shopper has just come back from telling
// WeChat's openid, and has no order of their own to pay yet.
func (s *Server) resumesJSAPI(c echo.Context, v checkout.View, device flow.Device) bool {
	const w = flow.WalletWeChat
	if c.QueryParam("start") != string(w) || v.State == page.Confirming || !v.Session.Accepts(w) {
		return false
	}
	_, payer := s.payer(c, v.Session)
	own := v.Attempt != nil && v.Attempt.State == checkout.AttemptPending && v.Attempt.Payer == payer
	choice := s.choose(v.Session, device, w)
	offered := choice.Flow == flow.JSAPI || slices.Contains(choice.Others, flow.JSAPI)
	return payer != "" && !own && offered
}

// attemptView is what the page shows of the attempt: nothing to pay with once
// it cannot be paid any more.
func attemptView(v checkout.View) (templates.AttemptView, error) {
	a := v.Attempt
	if a == nil {
		return templates.AttemptView{}, nil
	}
	shown := templates.AttemptView{Ref: a.ID, Wallet: a.Wallet, Flow: a.Flow}
	if v.State != page.Code && v.State != page.Redirecting {
		return shown, nil
	}
	switch a.Flow {
	case flow.Native:
		code, err := templates.DrawQRCode(a.Placed.Code)
		shown.Code = code
		return shown, err
	case flow.Iframe:
		shown.FrameURL, shown.FrameWidth = a.Placed.URL, checkout.FrameWidth
	case flow.JSAPI:
		shown.JSAPI = a.Placed.JSAPI
	default:
		shown.RedirectURL = a.Placed.URL
	}
	return shown, nil
}

// pagePolicy is what the page of a view needs. Its forms may lead anywhere by
// https while it can be paid: browsers hold the redirect after a POST to the
// policy too, and a wallet's cashier is known only then.
func (s *Server) pagePolicy(v checkout.View) policy {
	m := s.merchants[v.Session.Merchant]
	p := policy{Style: s.brand(v.Session.Merchant).StyleHash(), Ancestors: m.AllowedOrigins}
	if v.Attempt != nil && v.Attempt.Flow == flow.Iframe && v.State == page.Code {
		p.Frames = append(p.Frames, ourselves, originOf(v.Attempt.Placed.URL))
	}
	if v.Payable {
		p.Forms = append([]string{"https:"}, m.FormTargets...)
	}
	if back := originOf(v.Session.CancelURL); back != "" && v.Session.Status == checkout.StatusOpen {
		p.Forms = append(p.Forms, back)
	}
	if s.demo != nil {
		p.Frames = append(p.Frames, s.demo.SandboxOrigin)
	}
	return p
}

func (s *Server) brand(merchant string) templates.Brand {
	m := s.merchants[merchant]
	return templates.Brand{Color: m.Color, Logo: s.assets.URL(m.Logo)}
}

// assetURLs names what a page loads. Who asks to save data is not told of the
// program, which is most of it: the loader does without. It looks at
// navigator.connection too, for browsers that send no header.
func (s *Server) assetURLs(c echo.Context) templates.Assets {
	assets := templates.Assets{Loader: s.assets.URL(static.Loader), Icon: s.assets.URL(static.Icon)}
	if strings.EqualFold(c.Request().Header.Get("Save-Data"), "on") {
		return assets
	}
	assets.Worker = s.assets.URL(static.Worker)
	assets.WasmExec, assets.Wasm = s.assets.URL(static.WasmExec), s.assets.URL(static.Wasm)
	return assets
}

// pageHeader answers with the header of a page.
func pageHeader(c echo.Context, csp policy) error {
	c.Response().Header().Set("Content-Security-Policy", csp.String())
	return html(c, http.StatusOK, nil)
}

// render draws the page into a buffer first, so that a failure never sends
// half of it.
func (s *Server) render(c echo.Context, p templates.CheckoutPage, csp policy) error {
	var buffer bytes.Buffer
	if err := templates.Checkout(p).Render(c.Request().Context(), &buffer); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", csp.String())
	return html(c, http.StatusOK, buffer.Bytes())
}
