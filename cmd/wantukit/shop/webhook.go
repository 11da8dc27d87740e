package shop

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// event is what the shop reads of a webhook.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		ClientReferenceID string `json:"client_reference_id"`
		Amount            int64  `json:"amount"`
	} `json:"data"`
}

// statuses are what the events mean for an order. Others are none of the
// shop's business: a newer checkout may send more.
var statuses = map[string]string{
	"session.paid":            "paid",
	"session.expired":         "expired",
	"session.canceled":        "canceled",
	"session.paid_late":       "to be looked at",
	"session.amount_mismatch": "to be looked at",
}

// webhook is step two: verify, then believe. Answering 2xx ends the checkout's
// tries; anything else has the same event sent again later.
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
	s.handle(e)
	w.WriteHeader(http.StatusNoContent)
}

// handle moves the order once for each event. Paid is final here: events may
// arrive out of order.
func (s *Shop) handle(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[e.Data.ClientReferenceID]
	status, known := statuses[e.Type]
	if o == nil || slices.Contains(o.Webhooks, e.ID) {
		return
	}
	o.Webhooks = append(o.Webhooks, e.ID)
	if !known || o.Status == "paid" || e.Data.Amount != o.Amount {
		return
	}
	o.Status = status
	if status == "paid" {
		o.PaidAt = time.Now()
	}
}
