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
	wait := s.limiters.notifications.wait(client)
	if wait > 0 {
		take = s.service.NotifySigned
	}
	verdict, err := take(c.Request().Context(), c.Param("token"), body)
	switch {
	case errors.Is(err, checkout.ErrNotFound):
		return s.unknownAddress(c)
	case err != nil:
		s.logger.Error("notification not stored", "error", err)
		return c.JSONBlob(http.StatusInternalServerError, s.refused)
	case verdict == checkout.VerdictRejected && wait > 0:
		_ = errTooManyMisses(c, wait)
		return c.JSONBlob(http.StatusTooManyRequests, s.refused)
	case verdict == checkout.VerdictRejected:
		s.limiters.notifications.charge(client)
		return c.JSONBlob(http.StatusBadRequest, s.refused) // the Service has reported why
	case verdict != checkout.VerdictAccepted:
		return c.JSONBlob(http.StatusBadRequest, s.refused) // the Service has reported why
	default:
		return c.JSONBlob(http.StatusOK, s.acknowledged)
	}
}

// unknownAddress answers a notification for no order: in the log while it may
// be a mistake, and without when somebody guesses.
func (s *Server) unknownAddress(c echo.Context) error {
	if err := s.limiters.notifications.limit(c, checkout.ErrNotFound); !errors.Is(err, checkout.ErrNotFound) {
		return c.JSONBlob(http.StatusTooManyRequests, s.refused)
	}
	return s.refuse(c, http.StatusNotFound, "no order has this address")
}

func (s *Server) refuse(c echo.Context, status int, why string) error {
	s.logger.Warn("notification refused", "reason", why)
	return c.JSONBlob(status, s.refused)
}
