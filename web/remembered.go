package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout/flow"
)

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
