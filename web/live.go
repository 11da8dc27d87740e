package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

// liveStatus is what a page that is open learns: by polling, or by a stream.
type liveStatus struct {
	State page.State `json:"state"`
	// Attempt is the attempt the state is about, "" for none.
	Attempt string `json:"attempt"`
	// Remaining is the time to the session's expiry in whole seconds.
	Remaining int `json:"remaining"`
	// Next is where a paid shopper goes, "" before.
	Next string `json:"next"`
	// Receipt is what a paid page adds to what it shows already; nil before,
	// and for whoever holds a return URL.
	Receipt *liveReceipt `json:"receipt,omitempty"`
}

// liveReceipt is a templates.Receipt with its wallet in words.
type liveReceipt struct {
	PaidAt   string `json:"paid_at"`
	PaidWith string `json:"paid_with"`
	Number   string `json:"number"`
}

func (s *Server) liveStatus(c echo.Context, v checkout.View) liveStatus {
	live := liveStatus{State: v.State, Remaining: int(v.Remaining.Seconds())}
	if v.Attempt != nil {
		live.Attempt = v.Attempt.ID
	}
	if v.State != page.Paid {
		return live
	}
	live.Next = v.Session.SuccessURL
	if c.Param("id") != "" { // and not a return token
		lang := s.language(c, v.Session)
		r := s.receipt(v, lang)
		live.Receipt = &liveReceipt{PaidAt: r.PaidAt, PaidWith: templates.WalletName(lang, r.Wallet), Number: r.Number}
	}
	return live
}

// receipt is what a paid page says of the payment.
func (s *Server) receipt(v checkout.View, lang string) templates.Receipt {
	if v.State != page.Paid || v.Attempt == nil {
		return templates.Receipt{}
	}
	return templates.Receipt{
		PaidAt: formatTime(v.Session.PaidAt, s.Merchants[v.Session.Merchant].Location, lang),
		Wallet: string(v.Attempt.Wallet), Number: v.Attempt.OutTradeNo,
	}
}

const (
	// streamLife bounds one stream: the page opens the next by itself.
	streamLife = 10 * time.Minute
	heartbeat  = 15 * time.Second
	// streamWrite bounds one write to a page that no longer reads.
	streamWrite = 10 * time.Second
)

func (s *Server) status(c echo.Context) error {
	return s.sendStatus(c, s.viewOf)
}

func (s *Server) returnedStatus(c echo.Context) error {
	return s.sendStatus(c, s.returnedView)
}

func (s *Server) events(c echo.Context) error { return s.stream(c, s.viewOf) }

func (s *Server) returnedEvents(c echo.Context) error { return s.stream(c, s.returnedView) }

// viewer reads what the page of a request shows.
type viewer func(echo.Context) (checkout.View, error)

func (s *Server) sendStatus(c echo.Context, view viewer) error {
	v, err := view(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.liveStatus(c, v))
}

// stream sends the status at once and at each change, as server-sent events.
func (s *Server) stream(c echo.Context, view viewer) error {
	v, err := view(c)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	if isHead(c) {
		return nil
	}
	changed, stop := s.Service.Watch(v.Session.ID)
	defer stop()
	end, beat := time.NewTimer(streamLife), time.NewTicker(heartbeat)
	defer end.Stop()
	defer beat.Stop()
	for {
		// Read after Watch began, so that no change falls between.
		if err := s.sendEvent(c, view); err != nil {
			return nil // the page has gone, or asks again
		}
		if !s.waitForChange(c, changed, beat.C, end.C) {
			return nil
		}
	}
}

// waitForChange keeps the stream alive until the session changes; false means
// that the stream is over.
func (s *Server) waitForChange(c echo.Context, changed <-chan struct{}, beat, end <-chan time.Time) bool {
	for {
		select {
		case <-changed:
			return true
		case <-beat:
			if send(c, ": still here\n\n") != nil {
				return false
			}
		case <-end:
			return false
		case <-s.closing:
			return false
		case <-c.Request().Context().Done():
			return false
		}
	}
}

func (s *Server) sendEvent(c echo.Context, view viewer) error {
	v, err := view(c)
	if err != nil {
		return err
	}
	data, err := json.Marshal(s.liveStatus(c, v))
	if err != nil {
		return err
	}
	return send(c, fmt.Sprintf("event: status\ndata: %s\n\n", data))
}

func send(c echo.Context, text string) error {
	w := c.Response()
	control := http.NewResponseController(w)
	// A server without deadlines, as in tests, has none to set.
	_ = control.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}
