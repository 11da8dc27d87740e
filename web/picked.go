package web

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

// These functions decide which wallet a page shows first, and what its script starts by itself.

const (
	// walletCookie holds the wallet that this browser used last. It holds nothing else,
	// so that it may live longer than the browser's encrypted cookie.
	walletCookie     = "wantukit_wallet"
	walletCookieLife = 365 * 24 * 60 * 60 // seconds
)

// rememberWallet has the browser's next pages show the wallet first.
func (s *Server) rememberWallet(c echo.Context, w flow.Wallet) {
	//nolint:gosec // Secure where the pages are reached by https
	c.SetCookie(&http.Cookie{
		Name: hostCookie(walletCookie, s.secure), Value: string(w), Path: "/", MaxAge: walletCookieLife,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// lastWallet returns the wallet that the browser used last; "" if it is unknown.
func (s *Server) lastWallet(r *http.Request) flow.Wallet {
	cookie, err := r.Cookie(hostCookie(walletCookie, s.secure))
	if err != nil {
		return ""
	}
	return flow.Wallet(cookie.Value)
}

// picked returns the wallet whose way to pay the page shows first: the attempt's, else the
// one that this browser used last, else the first that can pay on this device.
func (s *Server) picked(c echo.Context, v checkout.View, options []templates.WalletOption) flow.Wallet {
	if v.Attempt != nil && hasWallet(options, v.Attempt.Wallet) {
		return v.Attempt.Wallet
	}
	payable := slices.DeleteFunc(slices.Clone(options), func(o templates.WalletOption) bool { return o.Guide != "" })
	last := s.lastWallet(c.Request())
	switch {
	case hasWallet(payable, last):
		return last
	case len(payable) > 0:
		return payable[0].Wallet
	case len(options) > 0:
		return options[0].Wallet
	default:
		return ""
	}
}

func hasWallet(options []templates.WalletOption, w flow.Wallet) bool {
	return slices.ContainsFunc(options, func(o templates.WalletOption) bool { return o.Wallet == w })
}

// autoStart returns the wallet that the page's script starts by itself, or "". It does so
// after the shopper came back from WeChat with an openid, and if the wallet that is picked
// shows a code on this device. It never shows a code to a program.
func (s *Server) autoStart(c echo.Context, v checkout.View, device flow.Device, picked flow.Wallet) flow.Wallet {
	if s.resumesJSAPI(c, v, device) {
		return flow.WalletWeChat
	}
	if v.State != page.Choose || v.StartLimit != nil || device.Program {
		return ""
	}
	if !s.choose(v.Session, device, picked).Flow.ShowsCode() {
		return ""
	}
	return picked
}

// resumesJSAPI reports whether the shopper has just come back from WeChat with an openid,
// can pay with JSAPI, and has no pending order of their own.
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
