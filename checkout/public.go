package checkout

import (
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// PublicSession is a session as its shop sees it: in an answer of the merchant API and in
// a webhook. Amounts are in minor units, times in UTC. A field without a value is null.
type PublicSession struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	// Livemode is false for a session in test mode.
	Livemode bool `json:"livemode"`
	// Version rises with each change. Of two copies of a session, the one with the greater
	// version is newer.
	Version           int64             `json:"version"`
	URL               string            `json:"url"`
	Status            Status            `json:"status"`
	PaymentStatus     PaymentStatus     `json:"payment_status"`
	Amount            int64             `json:"amount"`
	AmountRefunded    int64             `json:"amount_refunded"`
	Currency          string            `json:"currency"`
	Subject           string            `json:"subject"`
	LineItems         []LineItem        `json:"line_items"`
	ClientReferenceID *string           `json:"client_reference_id"`
	SuccessURL        string            `json:"success_url"`
	CancelURL         *string           `json:"cancel_url"`
	Channels          []flow.Wallet     `json:"channels"`
	Locale            *string           `json:"locale"`
	Metadata          map[string]string `json:"metadata"`
	RecoveredFrom     *string           `json:"recovered_from"`
	CreatedAt         time.Time         `json:"created_at"`
	ExpiresAt         time.Time         `json:"expires_at"`
	// Payment is how the session was paid, nil before.
	Payment        *PublicPayment `json:"payment"`
	PaidAt         *time.Time     `json:"paid_at"`
	PaidLate       bool           `json:"paid_late"`
	PaidTwice      bool           `json:"paid_twice"`
	AmountMismatch bool           `json:"amount_mismatch"`
}

// PublicPayment is the payment that paid a session, as the shop sees it.
type PublicPayment struct {
	Wallet flow.Wallet `json:"wallet"`
	Flow   flow.Flow   `json:"flow"`
	// ReceiptNumber is the number on the shopper's receipt.
	ReceiptNumber string `json:"receipt_number"`
	// OutTradeNo is the order's number at the gateway, and TradeID the gateway's own number.
	OutTradeNo string    `json:"out_trade_no"`
	TradeID    *string   `json:"trade_id"`
	PaidAt     time.Time `json:"paid_at"`
	// Refundable is what can still be refunded. See [Session.Refundable].
	Refundable int64 `json:"refundable"`
}

// Public returns what the shop may see of s. url is where the shopper opens s.
func (s Session) Public(url string) PublicSession {
	p := PublicSession{
		ID: s.ID, Object: "checkout.session", Livemode: !s.TestMode, Version: s.Version, URL: url,
		Status: s.Status, PaymentStatus: s.PaymentStatus,
		Amount: s.Amount, AmountRefunded: s.AmountRefunded, Currency: s.Currency, Subject: s.Subject, LineItems: s.LineItems,
		ClientReferenceID: optionalText(s.ClientReferenceID),
		SuccessURL:        s.SuccessURL, CancelURL: optionalText(s.CancelURL),
		Channels: s.Wallets, Locale: optionalText(s.Locale), Metadata: orEmpty(s.Metadata), RecoveredFrom: optionalText(s.RecoveredFrom),
		CreatedAt: s.CreatedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
		Payment: s.publicPayment(), PaidAt: optionalTime(s.PaidAt),
		PaidLate: s.PaidLate, PaidTwice: s.PaidTwice, AmountMismatch: s.AmountMismatch,
	}
	if p.LineItems == nil {
		p.LineItems = []LineItem{}
	}
	return p
}

// publicPayment returns the payment of s, nil before it was paid.
func (s Session) publicPayment() *PublicPayment {
	if s.PaidBy == "" {
		return nil
	}
	with := s.PaidWith
	return &PublicPayment{
		Wallet: with.Wallet, Flow: with.Flow, ReceiptNumber: with.OutTradeNo, OutTradeNo: with.OutTradeNo, TradeID: optionalText(with.TradeID),
		PaidAt: s.PaidAt.UTC(), Refundable: s.Refundable(),
	}
}

// optionalText returns a text, or nil for "".
func optionalText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// optionalTime returns a time in UTC, or nil for the zero time.
func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// orEmpty returns metadata, or an empty map for nil.
func orEmpty(metadata map[string]string) map[string]string {
	if metadata == nil {
		return map[string]string{}
	}
	return metadata
}
