package demoshop

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const (
	ticketName  = "Harbour Nights & Friends, Row C"
	ticketPrice = int64(48000) // in cents
	currency    = "HKD"
)

// buy is step one: it makes an order and a session for it, and sends the shopper
// to the session's page.
func (s *Shop) buy(w http.ResponseWriter, r *http.Request) {
	o := s.newOrder()
	session, err := s.createSession(r.Context(), o, r)
	if err != nil {
		s.deleteOrder(o)
		s.problem(w, http.StatusBadGateway, "The checkout is not available", err.Error())
		return
	}
	s.mu.Lock()
	o.Session, o.Page = session.ID, session.URL
	s.mu.Unlock()
	if r.FormValue("frame") != "" {
		http.Redirect(w, r, s.publicURL+"/shop/orders/"+o.Number+"/frame", http.StatusSeeOther)
		return
	}
	http.Redirect(w, r, session.URL, http.StatusSeeOther)
}

// newOrder stores an order before its session exists, because the session's
// request names the order. The number is random, because a restart deletes the
// demo's orders but not the checkout's sessions.
func (s *Shop) newOrder() *Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &Order{Item: ticketName, Amount: ticketPrice, Status: statusAwaiting}
	for o.Number == "" || s.orders[o.Number] != nil {
		o.Number = "HN-" + rand.Text()[:6]
	}
	s.orders[o.Number] = o
	return o
}

// deleteOrder deletes an order whose session could not be made. A webhook of such
// a session is ignored.
func (s *Shop) deleteOrder(o *Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.orders, o.Number)
}

// session is the part of the API's answer that the shop reads.
type session struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

// createSession is POST /v1/checkout/sessions.
func (s *Shop) createSession(ctx context.Context, o *Order, shopper *http.Request) (session, error) {
	request := map[string]any{
		"amount":              o.Amount, // in minor units
		"currency":            currency,
		"subject":             o.Item,
		"client_reference_id": o.Number,
		"success_url":         s.publicURL + "/shop/orders/" + o.Number + "?session={CHECKOUT_SESSION_ID}",
		"cancel_url":          s.publicURL + "/shop/",
		// It lets the page's first response show the code, if there is only one.
		"user_agent": shopper.UserAgent(),
		"metadata":   map[string]string{"order": o.Number},
	}
	if channel := shopper.FormValue("channel"); channel != "" {
		request["channels"] = []string{channel}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return session{}, err
	}
	return s.post(ctx, "/v1/checkout/sessions", body)
}

func (s *Shop) post(ctx context.Context, path string, body []byte) (answer session, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+path, bytes.NewReader(body))
	if err != nil {
		return session{}, err
	}
	r.Header.Set("Authorization", "Bearer "+s.apiKey)
	r.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(r)
	if err != nil {
		return session{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return session{}, fmt.Errorf("%s: %s", response.Status, text)
	}
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}
