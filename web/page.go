package web

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// refreshEvery is the time in seconds after which a waiting page without script reloads
// itself.
const refreshEvery = 5

// page sends the page of a session. It calls no other server and changes no session.
func (s *Server) page(c echo.Context) error {
	v, err := s.readView(c)
	if err != nil {
		return err
	}
	if refused, err := s.refuseFrame(c, v.Session); refused {
		return err
	}
	device := s.device(c)
	isShopper := s.isShopper(c, v.Session, device)
	if isShopper {
		s.markSeen(c, v)
	}
	isPopup := s.keepOpener(c, v.Session)
	if v.State == page.Paid && s.justReturned(c) && !isPopup {
		return c.Redirect(http.StatusSeeOther, inHeader(s.successURL(v.Session)))
	}
	setVary(c, append(flow.DeviceHeaders(), "Sec-Fetch-Dest")...)
	c.Response().Header().Set("Accept-CH", strings.Join(flow.Hints(), ", "))
	if isHead(c) {
		return pageHeader(c, http.StatusOK, s.pagePolicy(v).String())
	}
	p, err := s.checkoutPage(c, v, device)
	if err != nil {
		return err
	}
	if isShopper {
		s.markOpened(c, v.Session)
	}
	return render(c, http.StatusOK, templates.Checkout(p), s.pagePolicy(v).String())
}

// isShopper reports whether a shopper reads the page of a session. A program that has not
// started a payment neither watches the page nor returns from a wallet.
func (s *Server) isShopper(c echo.Context, session checkout.Session, device flow.Device) bool {
	return !device.Program || s.browsers.read(c.Request()).hasOpened(session.ID)
}

// markOpened records in the cookie that this browser has opened the session's page. A
// browser without this mark sees only the status when it returns from a wallet.
func (s *Server) markOpened(c echo.Context, session checkout.Session) {
	b := s.browsers.read(c.Request())
	isNewPopup := isPopupURL(c) && !b.hasPopup(session.ID)
	if session.Status != checkout.StatusOpen || b.hasOpened(session.ID) && !isNewPopup {
		return
	}
	b.addOpened(session.ID)
	if isNewPopup {
		b.addPopup(session.ID)
	}
	if err := b.save(c.Response(), c.Request()); err != nil {
		s.logger.Warn("cookie not written", "session", session.ID, "error", err)
	}
}

// readView returns the view of the session in the path.
func (s *Server) readView(c echo.Context) (checkout.View, error) {
	v, err := s.service.View(c.Request().Context(), c.Param("id"))
	return s.redirectAsConfirming(returnedAt(c), v), err
}

// viewOf returns the view of the session in the path, and marks the session as seen.
func (s *Server) viewOf(c echo.Context) (checkout.View, error) {
	v, err := s.readView(c)
	if err == nil {
		s.markSeen(c, v)
	}
	return v, err
}

// markSeen tells the Service that somebody looks at the session of a view. It does
// nothing for HEAD.
func (s *Server) markSeen(c echo.Context, v checkout.View) {
	if !isHead(c) {
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
		Subject: session.Subject, Amount: formatAmount(lang, session.Amount, session.Currency),
		Reference: session.ClientReferenceID, Remaining: remaining(v), Renew: renewSeconds(v, device),
		Notice: templates.KnownNotice(c.QueryParam("notice")), CheckedAt: s.checkedAt(c, session), Returned: isBack(returnedAt(c), v), Token: s.formToken(path),
		URLs:           pageURLs(c, path),
		RefreshSeconds: refreshFor(v.State), Assets: s.assetURLs(c), Demo: s.demoBar(c, session.ID, lang),
		Origins: s.merchants[session.Merchant].AllowedOrigins, PageURL: s.service.PageURL(session.ID),
		Embedded: isFramed(c), PreviewImage: s.previewImage(session.Merchant),
	}
	p.Lines, p.LinesOpen = billLines(lang, session), device.Kind == flow.DeviceDesktop
	p.URLs.Start, p.URLs.Cancel, p.URLs.CancelReturn = path+attemptsPath, path+cancelPath, session.CancelURL
	if v.State == page.Paid {
		p.URLs.Success = s.successURL(session)
	}
	if minor, known := s.service.ApproximateCNY(session); known {
		p.Approximately = formatAmount(lang, minor, "CNY")
	}
	p.Receipt = s.receipt(v, lang)
	if v.Payable {
		// A prefetched page must be complete when the shopper opens it.
		opened := device
		opened.Prefetched = false
		p.Wallets = s.walletOptions(session, opened)
		if p.PageCode, err = s.pageCode(session, p.Wallets); err != nil {
			return p, err
		}
		if c.Request().Header.Get("Sec-Purpose") != "" {
			// The loader runs no script on a prerendered page until the shopper
			// opens it.
			device = opened
		}
		p.Picked = s.picked(c, v, p.Wallets)
		p.AutoStart = s.autoStart(c, v, device, p.Picked)
	}
	p.Attempt, err = s.attemptView(v)
	return p, err
}

// billLines returns the lines of a session's bill.
func billLines(lang templates.Lang, session checkout.Session) []templates.BillLine {
	lines := make([]templates.BillLine, len(session.LineItems))
	for i, item := range session.LineItems {
		lines[i] = templates.BillLine{Name: item.Name, Quantity: item.Quantity, Amount: formatAmount(lang, item.Amount, session.Currency)}
	}
	return lines
}

// pageCode returns the QR code of the page's own URL. The page needs it if a guide
// sends the shopper to another device. Else it returns nil.
func (s *Server) pageCode(session checkout.Session, options []templates.WalletOption) (*templates.QRCode, error) {
	if !slices.ContainsFunc(options, func(o templates.WalletOption) bool { return o.GuideLink != "" }) {
		return nil, nil //nolint:nilnil // most pages have no such code
	}
	return s.pageCodes.draw(s.service.PageURL(session.ID))
}

// language returns the language that the shop chose for the session, else the browser's.
func (s *Server) language(c echo.Context, session checkout.Session) templates.Lang {
	return templates.Match(session.Locale, acceptLanguage(c))
}

func acceptLanguage(c echo.Context) string { return c.Request().Header.Get("Accept-Language") }

// remaining returns the seconds until an open session expires, else -1.
func remaining(v checkout.View) int {
	if v.Session.Status != checkout.StatusOpen {
		return -1
	}
	return int(v.Remaining.Seconds())
}

// renewSeconds returns the seconds until a code is renewed, rounded up and at least 1. It
// returns 0 for never, as for a program.
func renewSeconds(v checkout.View, device flow.Device) int {
	if v.RenewIn < 0 || device.Program {
		return 0
	}
	return max(1, int((v.RenewIn+time.Second-1)/time.Second))
}

// refreshFor returns the seconds after which a page in a state reloads itself without
// script, or 0 for never.
func refreshFor(state page.State) int {
	switch state {
	case page.Code, page.Redirecting, page.Confirming:
		return refreshEvery
	default:
		return 0
	}
}

// walletOptions returns the wallets for a device: first the wallets that work on it, then
// the guides.
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
		Wallet: w, Flow: choice.Flow, Touch: choice.Touch, Guide: choice.Guide, Switch: choice.Switch,
		Top: needsTop(choice.Flow),
	}
	if choice.Guide != "" && choice.Guide != flow.GuidePickDevice {
		o.GuideLink = s.service.PageURL(session.ID)
	}
	for _, f := range choice.Others {
		o.Alternatives = append(o.Alternatives, templates.Alternative{
			Flow: f, Top: needsTop(f), Anyway: f == choice.Anyway,
		})
	}
	return o
}

// choose returns the flow of a wallet on a device for this session.
func (s *Server) choose(session checkout.Session, device flow.Device, w flow.Wallet) flow.Choice {
	return session.ChooseFlow(s.service.Merchant(session.Merchant), device, w)
}

// attemptView returns what the page shows of the attempt. It leaves the code, the frame
// and the links out unless the state is Code or Redirecting.
func (s *Server) attemptView(v checkout.View) (templates.AttemptView, error) {
	a := v.Attempt
	if a == nil {
		return templates.AttemptView{}, nil
	}
	shown := templates.AttemptView{Ref: a.ID, Wallet: a.Wallet, Flow: a.Flow}
	if !showsAttempt(v.State) {
		return shown, nil
	}
	switch a.Flow {
	case flow.Native:
		code, err := s.orderCodes.draw(a.Placed.Code)
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

// showsAttempt reports whether a page in a state has the code or the link of the attempt.
// Confirming does not show it, but what follows may, without a load.
func showsAttempt(state page.State) bool {
	return state == page.Code || state == page.Redirecting || state == page.Confirming
}

// pagePolicy returns the policy of a view's page. While the session is payable, its forms
// may lead to every https URL: browsers apply form-action to the redirect after a POST
// too, and the URL of the wallet's cashier is known only then.
func (s *Server) pagePolicy(v checkout.View) policy {
	m := s.merchants[v.Session.Merchant]
	p := policy{Style: s.brand(v.Session.Merchant).StyleHash(), Ancestors: s.ancestors(m)}
	if v.Attempt != nil && v.Attempt.Flow == flow.Iframe && showsAttempt(v.State) {
		p.Frames = append(p.Frames, selfOrigin, originOf(v.Attempt.Placed.URL))
	}
	if v.Payable {
		p.Forms = append([]string{"https:"}, s.formTargets(m)...)
	}
	if back := originOf(v.Session.CancelURL); back != "" && v.Session.Status == checkout.StatusOpen {
		p.Forms = append(p.Forms, back)
	}
	if s.demo != nil {
		p.Frames = append(p.Frames, s.demo.SandboxOrigin)
	}
	return p
}

// formTargets returns the http origins that a form of a shop's page may lead to. In the
// demo these include the sandbox, which has the cashiers and WeChat's OAuth.
func (s *Server) formTargets(m Merchant) []string {
	if s.demo == nil || slices.Contains(m.FormTargets, s.demo.SandboxOrigin) {
		return m.FormTargets
	}
	return append(slices.Clone(m.FormTargets), s.demo.SandboxOrigin)
}

// ancestors returns the sources of a shop's AllowedOrigins. This server's own origin is
// named 'self', because a policy cannot name an IPv6 address.
func (s *Server) ancestors(m Merchant) []string {
	sources := slices.Clone(m.AllowedOrigins)
	if own := slices.Index(sources, s.publicURL); own >= 0 {
		sources[own] = selfOrigin
	}
	return sources
}

func (s *Server) brand(merchant string) templates.Brand {
	m := s.merchants[merchant]
	b := templates.Brand{Color: m.Color, Logo: s.assets.URL(m.Logo)}
	if len(m.Marks) > 0 {
		b.Marks = map[flow.Wallet]string{}
	}
	for w, name := range m.Marks {
		b.Marks[w] = s.assets.URL(name)
	}
	return b
}

// previewImage returns the absolute URL of the picture in the preview of a link to a page
// of a shop: the shop's logo, or the kit's icon for a shop without one. Chats show no SVG, so
// a logo of this kind is not used.
func (s *Server) previewImage(merchant string) string {
	name := s.merchants[merchant].Logo
	if kind := static.ImageType(name); kind == "" || kind == static.ImageType(static.Icon) {
		name = static.Preview
	}
	return s.publicURL + s.assets.URL(name)
}

// assetURLs returns the URLs of a page's assets. For a browser that sends Save-Data it
// leaves out the program, the largest asset; the loader works without it. The loader
// checks navigator.connection too, for browsers without the header.
func (s *Server) assetURLs(c echo.Context) templates.Assets {
	assets := templates.Assets{
		Loader: s.assets.URL(static.Loader), Embed: s.assets.URL(static.Embed), Icon: s.assets.URL(static.Icon), TouchIcon: s.assets.URL(static.TouchIcon),
	}
	if strings.EqualFold(c.Request().Header.Get("Save-Data"), "on") {
		return assets
	}
	assets.Worker = s.assets.URL(static.Worker)
	assets.WasmExec, assets.Wasm = s.assets.URL(static.WasmExec), s.assets.URL(static.Wasm)
	return assets
}

// pageHeader sends the header of a page without its body.
func pageHeader(c echo.Context, status int, csp string) error {
	c.Response().Header().Set("Content-Security-Policy", csp)
	return html(c, status, nil)
}

// pageBuffers has buffers for rendered pages.
var pageBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// render sends a page. It renders into a buffer first, so that an error never sends half
// a page.
func render(c echo.Context, status int, page templ.Component, csp string) error {
	buffer := pageBuffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool has no other type
	defer pageBuffers.Put(buffer)
	buffer.Reset()
	if err := page.Render(c.Request().Context(), buffer); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", csp)
	return html(c, status, buffer.Bytes())
}

// formatAmount returns an amount in minor units as a page shows it.
func formatAmount(lang templates.Lang, minor int64, currency string) string {
	decimals, _ := checkout.Decimals(currency) // a session's currency is known
	return templates.FormatAmount(lang, minor, currency, decimals)
}
