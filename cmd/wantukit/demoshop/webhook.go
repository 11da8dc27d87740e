package demoshop

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Webhook is an event that the shop was told.
type Webhook struct {
	ID, Type string
	At       time.Time // when it came
	SignedBy string    // the header with the signature that was verified
	Body     string    // JSON with indents
}

// event is the part of a webhook that the shop reads.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		ID                string `json:"id"`
		ClientReferenceID string `json:"client_reference_id"`
		Amount            int64  `json:"amount"`
		Currency          string `json:"currency"`
		PaymentStatus     string `json:"payment_status"`
	} `json:"data"`
}

// statuses maps event types to the order's new status. Other types change nothing:
// a newer checkout may send them.
var statuses = map[string]string{
	"session.paid":            statusPaid,
	"session.expired":         statusExpired,
	"session.canceled":        statusCanceled,
	"session.paid_late":       statusReview,
	"session.amount_mismatch": statusReview,
}

// webhook is step two: it verifies the signature, and then changes the order. An
// answer of 2xx ends the delivery. After any other answer the checkout retries.
func (s *Shop) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	if err := s.verifier.Verify(body, r.Header); err != nil {
		http.Error(w, "the signature is wrong", http.StatusUnauthorized)
		return
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		http.Error(w, "not an event", http.StatusBadRequest)
		return
	}
	if !s.handle(e, newWebhook(e, body)) {
		http.Error(w, "the order's session is not known yet: send it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// newWebhook returns what the order's page shows of an event, whose signature was verified.
func newWebhook(e event, body []byte) Webhook {
	var indented bytes.Buffer
	_ = json.Indent(&indented, body, "", "  ") // the body has been parsed
	return Webhook{ID: e.ID, Type: e.Type, At: time.Now(), SignedBy: webhooks.HeaderWebhookSignature, Body: indented.String()}
}

// handle changes the order once for each event. It returns false for an event that
// must be sent again: it arrived before the answer to buy's request, so the shop
// does not know yet whether the session is the order's.
func (s *Shop) handle(e event, w Webhook) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[e.Data.ClientReferenceID]
	switch {
	case o == nil:
		return true
	case o.Session == "":
		return false
	case !e.isAbout(o) || slices.ContainsFunc(o.Webhooks, func(known Webhook) bool { return known.ID == e.ID }):
		return true
	}
	o.Webhooks = append(o.Webhooks, w)
	o.move(statuses[e.Type])
	return true
}

// isAbout reports whether the event is about the order's session and amount. The
// order's number alone is not enough: another session may have it too.
func (e event) isAbout(o *Order) bool {
	paid := e.Type != "session.paid" || e.Data.PaymentStatus == "paid"
	return e.Data.ID == o.Session && e.Data.Amount == o.Amount && e.Data.Currency == currency && paid
}

// move sets the order's status, unless it is "". Events may arrive out of order:
// statusPaid is final, and only statusPaid replaces statusReview.
func (o *Order) move(status string) {
	isFinal := o.Status == statusPaid || o.Status == statusReview && status != statusPaid
	if status == "" || isFinal {
		return
	}
	o.Status = status
	if status == statusPaid {
		o.PaidAt = time.Now()
	}
}
