package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// maxNotification bounds a notification's body, in bytes.
const maxNotification = 64 << 10

// notification takes what the gateway posts to notify_url. It is acknowledged
// once it is verified and stored, and only then.
func (s *Server) notification(c echo.Context) error {
	body, err := readBody(c, maxNotification)
	var refused *echo.HTTPError
	if errors.As(err, &refused) {
		return s.refuse(c, refused.Code, fmt.Sprint(refused.Message))
	}
	client, take := clientOf(c), s.service.Notify
	wait := s.guesses.notifications.wait(client)
	if wait > 0 {
		take = s.service.NotifySigned
	}
	verdict, err := take(c.Request().Context(), c.Param("token"), checkout.NotificationMessage{Header: c.Request().Header.Get, Body: body})
	switch {
	case errors.Is(err, checkout.ErrNotFound):
		return s.unknownAddress(c)
	case err != nil:
		s.logger.Error("notification not stored", "error", err)
		return s.answerNotification(c, http.StatusInternalServerError, false)
	case verdict == checkout.VerdictRejected && wait > 0:
		_ = tooMany(c, wait)
		return s.answerNotification(c, http.StatusTooManyRequests, false)
	case verdict == checkout.VerdictRejected:
		s.guesses.notifications.charge(client)
		return s.answerNotification(c, http.StatusBadRequest, false) // the Service has reported why
	case verdict != checkout.VerdictAccepted:
		return s.answerNotification(c, http.StatusBadRequest, false) // the Service has reported why
	default:
		return s.answerNotification(c, http.StatusOK, true)
	}
}

// unknownAddress answers a notification for no order: in the log while it may
// be a mistake, and without when somebody guesses.
func (s *Server) unknownAddress(c echo.Context) error {
	if err := s.guesses.notifications.answer(c, checkout.ErrNotFound); !errors.Is(err, checkout.ErrNotFound) {
		return s.answerNotification(c, http.StatusTooManyRequests, false)
	}
	return s.refuse(c, http.StatusNotFound, "no order has this address")
}

func (s *Server) refuse(c echo.Context, status int, why string) error {
	s.logger.Warn("notification refused", "reason", why)
	return s.answerNotification(c, status, false)
}

// answerNotification answers the gateway in its own words.
func (s *Server) answerNotification(c echo.Context, status int, accepted bool) error {
	a := s.service.Acknowledgement(accepted)
	return c.Blob(status, a.ContentType, a.Body)
}
