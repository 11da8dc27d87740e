package rig

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// verifyOneIn is the share of webhooks whose signature is verified: one in so many.
const verifyOneIn = 16

// Shop receives webhooks.
type Shop struct {
	// URL is where webhooks go.
	URL string

	server   *http.Server
	verifier *webhooks.Webhook
	hangs    chan struct{}

	posts, bad atomic.Int64

	mu      sync.Mutex
	ids     map[string]struct{}
	told    map[string]time.Time     // by reference: when session.paid arrived
	waiting map[string]chan struct{} // by reference: closed when it arrives
}

// NewShop starts a shop. A shop that hangs never answers.
func NewShop(ctx context.Context, hangs bool) (*Shop, error) {
	verifier, err := webhooks.NewWebhook(webhookSecret)
	if err != nil {
		return nil, err
	}
	s := &Shop{verifier: verifier, ids: map[string]struct{}{}, told: map[string]time.Time{}, waiting: map[string]chan struct{}{}}
	handler := s.receive
	if hangs {
		s.hangs = make(chan struct{})
		handler = s.hang
	}
	s.server, s.URL, err = serve(ctx, &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: time.Minute})
	return s, err
}

// Close stops the shop.
func (s *Shop) Close() {
	if s.hangs != nil {
		close(s.hangs)
	}
	_ = s.server.Close()
}

func (s *Shop) hang(_ http.ResponseWriter, r *http.Request) {
	s.posts.Add(1)
	_, _ = io.Copy(io.Discard, r.Body)
	select {
	case <-s.hangs:
	case <-r.Context().Done():
	}
}

func (s *Shop) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	at := time.Now()
	if s.posts.Add(1)%verifyOneIn == 0 && s.verifier.Verify(body, r.Header) != nil {
		s.bad.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
	if Text(body, "type") != "session.paid" {
		return
	}
	s.note(r.Header.Get("Webhook-Id"), Text(body, "client_reference_id"), at)
}

// note records a webhook, and ends the wait for it.
func (s *Shop) note(id, reference string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[id] = struct{}{}
	if _, again := s.told[reference]; again {
		return
	}
	s.told[reference] = at
	if waiting := s.waiting[reference]; waiting != nil {
		close(waiting)
		delete(s.waiting, reference)
	}
}

// Await waits until the shop was told that the session with a reference is paid, and
// returns when that was. It fails if ctx is done first.
func (s *Shop) Await(ctx context.Context, reference string) (time.Time, error) {
	s.mu.Lock()
	at, told := s.told[reference]
	waiting := s.waiting[reference]
	if !told && waiting == nil {
		waiting = make(chan struct{})
		s.waiting[reference] = waiting
	}
	s.mu.Unlock()
	if told {
		return at, nil
	}
	select {
	case <-waiting:
		return s.ToldAt(reference), nil
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("the shop was not told of %s: %w", reference, context.Cause(ctx))
	}
}

// ToldAt returns when the shop was told that the session with a reference is paid, or
// the zero time.
func (s *Shop) ToldAt(reference string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told[reference]
}

// Told returns how many sessions the shop was told of.
func (s *Shop) Told() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.told)
}

// Posts returns how many webhooks arrived, repeated ones included.
func (s *Shop) Posts() int64 { return s.posts.Load() }

// Check returns an error if a webhook's signature was wrong, or if one payment had two
// events.
func (s *Shop) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bad.Load() > 0 || len(s.ids) != len(s.told) {
		return fmt.Errorf("%d webhooks have a wrong signature, and %d payments have %d events", s.bad.Load(), len(s.told), len(s.ids))
	}
	return nil
}
