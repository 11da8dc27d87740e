package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// sessionRequest is the body of POST /v1/checkout/sessions.
type sessionRequest struct {
	Amount            wholeNumber                `json:"amount"`
	Currency          string                     `json:"currency"`
	Subject           string                     `json:"subject"`
	LineItems         objects[checkout.LineItem] `json:"line_items"`
	ClientReferenceID string                     `json:"client_reference_id"`
	RecoveredFrom     string                     `json:"recovered_from"`
	SuccessURL        string                     `json:"success_url"`
	CancelURL         string                     `json:"cancel_url"`
	Channels          []string                   `json:"channels"`
	Locale            string                     `json:"locale"`
	ExpiresAt         instant                    `json:"expires_at"`
	UserAgent         string                     `json:"user_agent"`
	UserAgentHints    textMap                    `json:"user_agent_hints"`
	Metadata          textMap                    `json:"metadata"`
	WeChatOpenID      string                     `json:"wechat_open_id"`
}

// createSession is POST /v1/checkout/sessions.
func (s *Server) createSession(c echo.Context) error {
	var r sessionRequest
	faults, err := readJSON(c, &r)
	if err != nil {
		return err
	}
	once, err := s.onceOf(c, r)
	if faults = errors.Join(faults, err); faults == nil && once != nil {
		// The answer may be older than what is checked below, such as expires_at.
		if repeated, err := s.replay(c, *once); repeated || err != nil {
			return err
		}
	}
	session, err := s.newSession(merchantOf(c), r)
	session.Once = once
	if err = errors.Join(faults, err, s.service.CheckNew(c.Request().Context(), session)); err != nil {
		return err
	}
	created, err := s.service.Create(c.Request().Context(), session)
	if hasKey(err) { // another request with the same key was faster
		if repeated, replayErr := s.replay(c, *once); repeated || replayErr != nil {
			return replayErr
		}
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, s.service.Public(created))
}

// newSession returns what the shop asks for. It returns a FieldError for each field that the
// Service cannot check, joined.
func (s *Server) newSession(merchant string, r sessionRequest) (checkout.NewSession, error) {
	locale, localeErr := canonicalLocale(r.Locale)
	openID, openIDErr := s.sealOpenID(s.merchants[merchant], r.WeChatOpenID)
	return checkout.NewSession{
		Merchant: merchant, Amount: int64(r.Amount), Currency: r.Currency, Subject: r.Subject,
		ClientReferenceID: r.ClientReferenceID, SuccessURL: r.SuccessURL, CancelURL: r.CancelURL,
		Channels: r.Channels, Locale: locale, ExpiresAt: time.Time(r.ExpiresAt), Metadata: r.Metadata, SealedOpenID: openID,
		LineItems: r.LineItems, RecoveredFrom: r.RecoveredFrom,
		Shopper: r.shopper(),
	}, errors.Join(localeErr, openIDErr)
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
	p := readParameters(c)
	parts := p.expand()
	if err := p.err(); err != nil {
		return err
	}
	expanded, err := s.expand(c.Request().Context(), session, parts)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, expanded)
}

// endSession returns the handler of POST /v1/checkout/sessions/{id}/cancel and …/expire. A
// session that has ended so before is answered as it is.
func (s *Server) endSession(as checkout.Status) echo.HandlerFunc {
	return func(c echo.Context) error {
		session, err := s.ownSession(c)
		if err != nil {
			return err
		}
		if err := readNothing(c); err != nil {
			return err
		}
		session, err = s.service.End(c.Request().Context(), session.ID, as)
		switch {
		case err != nil && s.isUnavailable(err):
			return err
		case err != nil:
			s.logger.Warn("session not ended", "session", session.ID, "as", as, "error", err)
			return &refusal{codeGatewayUnavailable, "the session is still open, because the gateway did not say that its orders are closed"}
		case session.Status != as:
			return &refusal{codeSessionEnded, "the session is " + string(session.Status)}
		}
		return c.JSON(http.StatusOK, s.service.Public(session))
	}
}

// ownSession returns the session in the path. It returns checkout.ErrNotFound if the
// session belongs to another shop.
func (s *Server) ownSession(c echo.Context) (checkout.Session, error) {
	return s.shopSession(c, c.Param("id"))
}

// shopSession returns a session of the shop. It returns checkout.ErrNotFound for that of
// another shop.
func (s *Server) shopSession(c echo.Context, id string) (checkout.Session, error) {
	session, err := s.service.Session(c.Request().Context(), id)
	if err == nil && session.Merchant != merchantOf(c) {
		return checkout.Session{}, checkout.ErrNotFound
	}
	return session, err
}
