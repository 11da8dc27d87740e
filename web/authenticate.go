package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout/apikey"
)

// keyOfRequest is the name in Echo's context of the key that a request has.
const keyOfRequest = "key"

// authenticate is the middleware that finds the bearer key of a request, and with it the
// shop. It answers 401 for an unknown key, and for a key that the shop cannot have: the shop
// is not configured any more, or was in test and takes real money now.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, secret, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		key, found := s.keys.Find(strings.TrimSpace(secret))
		shop, configured := s.merchants[key.Merchant]
		if !strings.EqualFold(scheme, "Bearer") || !found || !configured || key.Test && shop.isLive() {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wantukit"`)
			return &refusal{codeKeyUnknown, "the Authorization header holds no known bearer key"}
		}
		c.Set(keyOfRequest, key)
		return next(c)
	}
}

// requireScope returns the middleware that answers 403 for a key without a scope.
func requireScope(scope apikey.Scope) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if !requestKey(c).Allows(scope) {
				c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wantukit", error="insufficient_scope", scope="`+string(scope)+`"`)
				return &refusal{codeScopeMissing, "this key is restricted, and this request needs the scope " + string(scope)}
			}
			return next(c)
		}
	}
}

// requestKey returns the key that authenticate has found.
func requestKey(c echo.Context) apikey.Key {
	key, _ := c.Get(keyOfRequest).(apikey.Key)
	return key
}

// merchantOf returns the ID of the shop that authenticate has found.
func merchantOf(c echo.Context) string { return requestKey(c).Merchant }
