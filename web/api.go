package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// maxAPIBody bounds the body of an API request, in bytes.
const maxAPIBody = 64 << 10

// authenticate finds the shop by its bearer key.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
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
	Metadata          map[string]string `json:"metadata"`
}

// createSession is POST /v1/checkout/sessions.
func (s *Server) createSession(c echo.Context) error {
	var r sessionRequest
	if err := readJSON(c, &r); err != nil {
		return err
	}
	shop := s.Merchants[merchantOf(c)]
	if err := checkReturn("success_url", r.SuccessURL, shop.ReturnHosts); err != nil {
		return err
	}
	if err := checkReturn("cancel_url", r.CancelURL, shop.ReturnHosts); err != nil && r.CancelURL != "" {
		return err
	}
	if err := checkLocale(r.Locale); err != nil {
		return err
	}
	session, err := s.Service.Create(c.Request().Context(), checkout.NewSession{
		Merchant: merchantOf(c), Amount: int64(r.Amount), Currency: r.Currency, Subject: r.Subject,
		ClientReferenceID: r.ClientReferenceID, SuccessURL: r.SuccessURL, CancelURL: r.CancelURL,
		Channels: r.Channels, Locale: r.Locale, ExpiresAt: time.Time(r.ExpiresAt), Metadata: r.Metadata,
	})
	if err != nil {
		return err
	}
	s.startEarly(c.Request().Context(), session, r.UserAgent)
	return c.JSON(http.StatusCreated, s.Service.Public(session))
}

// startEarly places the order of a page that will show one code at once, so
// that its first response has the code. Where that fails the page posts for it.
func (s *Server) startEarly(ctx context.Context, session checkout.Session, userAgent string) {
	if userAgent == "" || len(session.Wallets) != 1 {
		return
	}
	device, w := checkout.DetectDevice(userAgent), session.Wallets[0]
	if !s.choose(session, device, w).Flow.ShowsCode() {
		return
	}
	_, err := s.Service.Start(ctx, checkout.StartRequest{
		SessionID: session.ID, Wallet: w, Device: device, Flow: s.choose(session, device, w).Flow,
	})
	if err != nil {
		s.Logger.Warn("no code before the page opens", "session", session.ID, "error", err)
	}
}

// getSession is GET /v1/checkout/sessions/{id}. A session of another shop is
// not found.
func (s *Server) getSession(c echo.Context) error {
	session, err := s.Service.Session(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	if session.Merchant != merchantOf(c) {
		return checkout.ErrNotFound
	}
	return c.JSON(http.StatusOK, s.Service.Public(session))
}

// readJSON reads one JSON object strictly: a field that nobody knows is a typo
// that would lose something.
func readJSON(c echo.Context, into any) error {
	kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if kind != echo.MIMEApplicationJSON {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	decoder := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, maxAPIBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return decodeError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return echo.NewHTTPError(http.StatusBadRequest, "the body holds more than one JSON object")
	}
	return nil
}

// decodeError names the field where it can.
func decodeError(err error) error {
	var field *checkout.FieldError
	var kind *json.UnmarshalTypeError
	var size *http.MaxBytesError
	const unknown = `json: unknown field "`
	switch text := err.Error(); {
	case errors.As(err, &field):
		return field
	case errors.As(err, &size):
		return echo.NewHTTPError(http.StatusRequestEntityTooLarge, "the body is over 64 KiB")
	case errors.As(err, &kind) && kind.Field != "":
		return &checkout.FieldError{Field: kind.Field, Problem: "must not be a JSON " + kind.Value}
	case strings.HasPrefix(text, unknown):
		return &checkout.FieldError{Field: strings.TrimSuffix(text[len(unknown):], `"`), Problem: "is not a field of this request"}
	default:
		return echo.NewHTTPError(http.StatusBadRequest, "the body is not a JSON object that can be read")
	}
}
