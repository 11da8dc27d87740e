package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// maxNotification is the largest size of a notification's body in bytes.
const maxNotification = 64 << 10

// notification handles a notification that the gateway posts to notify_url. It
// acknowledges the notification only after it was verified and stored. A client
// without free misses may still send a notification with a valid signature.
func (s *Server) notification(c echo.Context) error {
	body, err := readBody(c, maxNotification)
	var refused *refusal
	if errors.As(err, &refused) {
		return s.refuse(c, problemKinds[refused.code].status, refused.detail)
	}
	client, notify := clientOf(c), s.service.Notify
	wait := s.limiters.notifications.wait(client)
	if wait > 0 {
		notify = s.service.NotifySigned
	}
	verdict, err := notify(c.Request().Context(), c.Param("token"), checkout.NotificationMessage{Header: c.Request().Header.Get, Body: body})
	switch {
	case errors.Is(err, checkout.ErrNotFound):
		return s.unknownAddress(c)
	case err != nil:
		s.logger.Error("notification not stored", "error", err)
		return s.answerNotification(c, http.StatusInternalServerError, false)
	case verdict == checkout.VerdictRejected && wait > 0:
		_ = errTooManyMisses(c, wait)
		return s.answerNotification(c, http.StatusTooManyRequests, false)
	case verdict == checkout.VerdictRejected:
		s.limiters.notifications.charge(client)
		return s.answerNotification(c, http.StatusBadRequest, false) // the Service has alerted the operator
	case verdict != checkout.VerdictAccepted:
		return s.answerNotification(c, http.StatusBadRequest, false) // the Service has alerted the operator
	default:
		return s.answerNotification(c, http.StatusOK, true)
	}
}

// unknownAddress refuses a notification whose token no order has. It logs the refusal,
// but not for a client that has used up its free misses.
func (s *Server) unknownAddress(c echo.Context) error {
	if err := s.limiters.notifications.limit(c, checkout.ErrNotFound); !errors.Is(err, checkout.ErrNotFound) {
		return s.answerNotification(c, http.StatusTooManyRequests, false)
	}
	return s.refuse(c, http.StatusNotFound, "no order has this notify_url")
}

// refuse logs why a notification is refused, and answers with status.
func (s *Server) refuse(c echo.Context, status int, reason string) error {
	s.logger.Warn("notification refused", "reason", reason)
	return s.answerNotification(c, status, false)
}

// answerNotification answers the gateway in its own words.
func (s *Server) answerNotification(c echo.Context, status int, accepted bool) error {
	a := s.service.Acknowledgement(accepted)
	return c.Blob(status, a.ContentType, a.Body)
}
