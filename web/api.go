package web

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// authenticate is the middleware that finds the shop by its bearer key. It answers 401
// for an unknown key.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, key, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		merchant, ok := s.keys[sha256.Sum256([]byte(strings.TrimSpace(key)))]
		if !strings.EqualFold(scheme, "Bearer") || !ok {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, `Bearer realm="wantukit"`)
			return echo.NewHTTPError(http.StatusUnauthorized, "the Authorization header holds no known bearer key")
		}
		c.Set("merchant", merchant)
		return next(c)
	}
}

// merchantOf returns the ID of the shop that authenticate has found.
func merchantOf(c echo.Context) string {
	id, _ := c.Get("merchant").(string)
	return id
}

// sessionRequest is the body of POST /v1/checkout/sessions.
type sessionRequest struct {
	Amount            wholeNumber       `json:"amount"`
	Currency          string            `json:"currency"`
	Subject           string            `json:"subject"`
	ClientReferenceID string            `json:"client_reference_id"`
	SuccessURL        string            `json:"success_url"`
	CancelURL         string            `json:"cancel_url"`
	Channels          []string          `json:"channels"`
	Locale            string            `json:"locale"`
	ExpiresAt         instant           `json:"expires_at"`
	UserAgent         string            `json:"user_agent"`
	UserAgentHints    map[string]string `json:"user_agent_hints"`
	Metadata          map[string]string `json:"metadata"`
	WeChatOpenID      string            `json:"wechat_open_id"`
}

// createSession is POST /v1/checkout/sessions.
func (s *Server) createSession(c echo.Context) error {
	var r sessionRequest
	if err := readJSON(c, &r); err != nil {
		return err
	}
	shop := s.merchants[merchantOf(c)]
	if err := checkReturn("success_url", r.SuccessURL, shop); err != nil {
		return err
	}
	if err := checkReturn("cancel_url", r.CancelURL, shop); err != nil && r.CancelURL != "" {
		return err
	}
	if err := checkLocale(r.Locale); err != nil {
		return err
	}
	openID, err := s.sealOpenID(shop, r.WeChatOpenID)
	if err != nil {
		return err
	}
	session, err := s.service.Create(c.Request().Context(), checkout.NewSession{
		Merchant: merchantOf(c), Amount: int64(r.Amount), Currency: r.Currency, Subject: r.Subject,
		ClientReferenceID: r.ClientReferenceID, SuccessURL: r.SuccessURL, CancelURL: r.CancelURL,
		Channels: r.Channels, Locale: r.Locale, ExpiresAt: time.Time(r.ExpiresAt), Metadata: r.Metadata, SealedOpenID: openID,
		Shopper: r.shopper(),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, s.service.Public(session))
}

// shopper returns the device of the shopper from the headers that the shop passes on,
// nil if it passes on none.
func (r sessionRequest) shopper() *flow.Device {
	if r.UserAgent == "" {
		return nil
	}
	h := http.Header{}
	for name, value := range r.UserAgentHints {
		h.Set(name, value)
	}
	h.Set("User-Agent", r.UserAgent)
	device := flow.Detect(h.Get)
	return &device
}

// getSession is GET /v1/checkout/sessions/{id}.
func (s *Server) getSession(c echo.Context) error {
	session, err := s.ownSession(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.service.Public(session))
}

// ownSession returns the session in the path. It returns checkout.ErrNotFound if the
// session belongs to another shop.
func (s *Server) ownSession(c echo.Context) (checkout.Session, error) {
	session, err := s.service.Session(c.Request().Context(), c.Param("id"))
	if err == nil && session.Merchant != merchantOf(c) {
		return checkout.Session{}, checkout.ErrNotFound
	}
	return session, err
}
