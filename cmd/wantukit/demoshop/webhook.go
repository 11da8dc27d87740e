package demoshop

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
		ID                string `json:"id"`
		ClientReferenceID string `json:"client_reference_id"`
		Amount            int64  `json:"amount"`
		Currency          string `json:"currency"`
		PaymentStatus     string `json:"payment_status"`
	} `json:"data"`
}

// statuses are what the events mean for an order. Others are none of the
// shop's business: a newer checkout may send more.
var statuses = map[string]string{
	"session.paid":            statusPaid,
	"session.expired":         statusExpired,
	"session.canceled":        statusCanceled,
	"session.paid_late":       statusLook,
	"session.amount_mismatch": statusLook,
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
	if !s.handle(e) {
		http.Error(w, "the order's session is not known yet: send it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// handle moves the order, once for each event. It reports false for an event
// that must come again: one that overtook the answer to buy's request, so that
// the order does not know its session yet and cannot tell whether this is it.
func (s *Shop) handle(e event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[e.Data.ClientReferenceID]
	switch {
	case o == nil:
		return true
	case o.Session == "":
		return false
	case !e.isAbout(o) || slices.Contains(o.Webhooks, e.ID):
		return true
	}
	o.Webhooks = append(o.Webhooks, e.ID)
	o.move(statuses[e.Type])
	return true
}

// isAbout reports whether the event is of the order's own session and of the
// money that was asked for: the number alone is not enough, because whoever
// has the API key may make another session with it.
func (e event) isAbout(o *Order) bool {
	paid := e.Type != "session.paid" || e.Data.PaymentStatus == "paid"
	return e.Data.ID == o.Session && e.Data.Amount == o.Amount && e.Data.Currency == currency && paid
}

// move gives the order a status, "" for none. Events may arrive out of order:
// paid is final, and what a person must look at is settled by a payment alone.
func (o *Order) move(status string) {
	settled := o.Status == statusPaid || o.Status == statusLook && status != statusPaid
	if status == "" || settled {
		return
	}
	o.Status = status
	if status == statusPaid {
		o.PaidAt = time.Now()
	}
}
