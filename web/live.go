package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

// liveStatus is the status that an open page gets by polling or from its stream.
type liveStatus struct {
	State page.State `json:"state"`
	// Attempt is the ID of the attempt that the state is about; "" for none.
	Attempt string `json:"attempt"`
	// Remaining is the time to the session's expiry in whole seconds.
	Remaining int `json:"remaining"`
	// Next is the URL of the shop for a paid shopper; "" until paid.
	Next string `json:"next"`
	// Receipt is the part of the receipt that the page does not know yet. It is nil
	// until paid, and nil for the holder of a return URL.
	Receipt *liveReceipt `json:"receipt,omitempty"`
}

// liveReceipt is a templates.Receipt with the name of its wallet.
type liveReceipt struct {
	PaidAt   string `json:"paid_at"`
	PaidWith string `json:"paid_with"`
	Number   string `json:"number"`
}

// audience is who gets the statuses of an open page. It holds what is needed of the request,
// which a stream does not keep.
type audience struct {
	// isReturn is true for the holder of a return token.
	isReturn bool
	// returned is when the browser came back from a wallet: see returnedAt.
	returned time.Time
	// lang is the best language for the browser.
	lang templates.Lang
}

func audienceOf(c echo.Context) audience {
	return audience{isReturn: c.Param("id") == "", returned: returnedAt(c), lang: templates.Match("", acceptLanguage(c))}
}

// visible returns what an audience may see of a view.
func (s *Server) visible(a audience, v checkout.View) checkout.View {
	if a.isReturn {
		return s.statusOnly(a.returned, v)
	}
	return s.redirectAsConfirming(a.returned, v)
}

// liveStatus returns the status of a view that is visible to its audience.
func (s *Server) liveStatus(a audience, v checkout.View) liveStatus {
	live := liveStatus{State: v.State, Remaining: int(v.Remaining.Seconds())}
	if v.Attempt != nil {
		live.Attempt = v.Attempt.ID
	}
	if v.State != page.Paid {
		return live
	}
	live.Next = s.successURL(v.Session)
	if !a.isReturn {
		lang := templates.Match(v.Session.Locale, string(a.lang))
		r := s.receipt(v, lang)
		live.Receipt = &liveReceipt{PaidAt: r.PaidAt, PaidWith: templates.WalletName(lang, r.Wallet), Number: r.Number}
	}
	return live
}

// receipt returns the receipt of a paid view; zero until paid.
func (s *Server) receipt(v checkout.View, lang templates.Lang) templates.Receipt {
	if v.State != page.Paid || v.Attempt == nil {
		return templates.Receipt{}
	}
	return templates.Receipt{
		PaidAt: templates.FormatTime(lang, v.Session.PaidAt, s.merchants[v.Session.Merchant].Location),
		Wallet: v.Attempt.Wallet, Number: v.Attempt.OutTradeNo,
	}
}

func (s *Server) status(c echo.Context) error {
	v, err := s.viewOf(c)
	return s.sendStatus(c, v, err)
}

func (s *Server) returnedStatus(c echo.Context) error {
	v, err := s.returnedView(c)
	return s.sendStatus(c, v, err)
}

func (s *Server) sendStatus(c echo.Context, v checkout.View, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.liveStatus(audienceOf(c), v))
}
