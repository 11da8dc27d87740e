package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// maxNotification bounds a notification's body, in bytes.
const maxNotification = 64 << 10

// notification takes what the gateway posts to notify_url. It is acknowledged
// once it is verified and stored, and only then.
func (s *Server) notification(c echo.Context) error {
	r := c.Request()
	if r.Header.Get("Content-Encoding") != "" {
		return s.refuse(c, http.StatusUnsupportedMediaType, "a compressed body is not taken")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, maxNotification))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return s.refuse(c, http.StatusRequestEntityTooLarge, "the body is over 64 KiB")
	case err != nil:
		return s.refuse(c, http.StatusBadRequest, "the body broke off")
	}
	client, take := clientOf(c), s.Service.Notify
	wait := s.guesses.notifications.wait(client)
	if wait > 0 {
		take = s.Service.NotifySigned
	}
	verdict, err := take(r.Context(), c.Param("token"), body)
	switch {
	case errors.Is(err, checkout.ErrNotFound):
		return s.unknownAddress(c)
	case err != nil:
		s.Logger.Error("notification not stored", "error", err)
		return c.JSONBlob(http.StatusInternalServerError, s.Refused)
	case verdict == checkout.VerdictRejected && wait > 0:
		_ = tooMany(c, wait)
		return c.JSONBlob(http.StatusTooManyRequests, s.Refused)
	case verdict == checkout.VerdictRejected:
		s.guesses.notifications.charge(client)
		return c.JSONBlob(http.StatusBadRequest, s.Refused) // the Service has reported why
	case verdict != checkout.VerdictAccepted:
		return c.JSONBlob(http.StatusBadRequest, s.Refused) // the Service has reported why
	default:
		return c.JSONBlob(http.StatusOK, s.Acknowledged)
	}
}

// unknownAddress answers a notification for no order: in the log while it may
// be a mistake, and without when somebody guesses.
func (s *Server) unknownAddress(c echo.Context) error {
	if err := s.guesses.notifications.answer(c, checkout.ErrNotFound); !errors.Is(err, checkout.ErrNotFound) {
		return c.JSONBlob(http.StatusTooManyRequests, s.Refused)
	}
	return s.refuse(c, http.StatusNotFound, "no order has this address")
}

func (s *Server) refuse(c echo.Context, status int, why string) error {
	s.Logger.Warn("notification refused", "reason", why)
	return c.JSONBlob(status, s.Refused)
}
