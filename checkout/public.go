package checkout

import (
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// PublicSession is a session as its shop sees it: in an answer of the merchant API and in
// a webhook. Amounts are in minor units, times in UTC.
type PublicSession struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	// Version rises with each event. Of two copies of a session, the one with the greater
	// version is newer.
	Version           int64             `json:"version"`
	URL               string            `json:"url"`
	Status            Status            `json:"status"`
	PaymentStatus     PaymentStatus     `json:"payment_status"`
	Amount            int64             `json:"amount"`
	AmountRefunded    int64             `json:"amount_refunded"`
	Currency          string            `json:"currency"`
	Subject           string            `json:"subject"`
	ClientReferenceID string            `json:"client_reference_id,omitempty"`
	SuccessURL        string            `json:"success_url"`
	CancelURL         string            `json:"cancel_url,omitempty"`
	Channels          []flow.Wallet     `json:"channels"`
	Locale            string            `json:"locale,omitempty"`
	Metadata          map[string]string `json:"metadata"`
	CreatedAt         time.Time         `json:"created_at"`
	ExpiresAt         time.Time         `json:"expires_at"`
	PaidAt            *time.Time        `json:"paid_at"`
	PaidLate          bool              `json:"paid_late"`
	PaidTwice         bool              `json:"paid_twice"`
	AmountMismatch    bool              `json:"amount_mismatch"`
}

// Public returns what the shop may see of s. url is where the shopper opens s.
func (s Session) Public(url string) PublicSession {
	p := PublicSession{
		ID: s.ID, Object: "checkout.session", Version: s.Version, URL: url,
		Status: s.Status, PaymentStatus: s.PaymentStatus,
		Amount: s.Amount, AmountRefunded: s.AmountRefunded, Currency: s.Currency, Subject: s.Subject,
		ClientReferenceID: s.ClientReferenceID,
		SuccessURL:        s.SuccessURL, CancelURL: s.CancelURL,
		Channels: s.Wallets, Locale: s.Locale, Metadata: s.Metadata,
		CreatedAt: s.CreatedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
		PaidLate: s.PaidLate, PaidTwice: s.PaidTwice, AmountMismatch: s.AmountMismatch,
	}
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	if !s.PaidAt.IsZero() {
		at := s.PaidAt.UTC()
		p.PaidAt = &at
	}
	return p
}
