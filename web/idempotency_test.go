package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/web"
)

const createBody = `{"amount":1250,"currency":"HKD","subject":"Tea","success_url":"https://shop.example/ok"}`

// createOnce sends a request to create a session under a key.
func (f *fixture) createOnce(key, body string) answer {
	f.Helper()
	return f.send(http.MethodPost, "/v1/checkout/sessions", body, "Authorization", "Bearer "+apiKey, "Idempotency-Key", key)
}

func TestCreateSessionUnderAKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.createOnce("k-1", createBody)
	id := read[checkout.PublicSession](f, first, http.StatusCreated).ID
	if _, err := f.service.End(t.Context(), id, checkout.StatusCanceled); err != nil {
		t.Fatal(err)
	}
	// The same request, also written in another way, gets the first answer.
	for _, body := range []string{createBody, `{ "success_url": "https://shop.example/ok", "subject": "Tea", "currency": "HKD", "amount": 1250, "locale": null }`} {
		again := f.createOnce("k-1", body)
		if again.status != http.StatusCreated || again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%d %v\n%s, want\n%s", again.status, again.header, again.body, first.body)
		}
	}
	if first.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer is marked as a repetition")
	}
	p := f.checkProblem(f.createOnce("k-1", strings.Replace(createBody, "1250", "1251", 1)), http.StatusConflict, "idempotency_key_taken")
	if p.Object != id || p.Field != "Idempotency-Key" {
		t.Errorf("the conflict names %q, want %s", p.Object, id)
	}
	// A refused request uses no key up, and neither does another shop.
	f.checkProblem(f.createOnce("k-2", `{}`), http.StatusBadRequest, "invalid_request")
	read[checkout.PublicSession](f, f.createOnce("k-2", createBody), http.StatusCreated)
	other := f.send(http.MethodPost, "/v1/checkout/sessions", strings.Replace(createBody, "shop.example", "other.example", 1), "Authorization", "Bearer sk_test_of_another", "Idempotency-Key", "k-1")
	if s := read[checkout.PublicSession](f, other, http.StatusCreated); s.ID == id {
		t.Error("another shop got the session")
	}
	for _, key := range []string{"", " ", strings.Repeat("k", 129)} {
		if p := f.checkProblem(f.createOnce(key, createBody), http.StatusBadRequest, "invalid_request"); p.Field != "Idempotency-Key" {
			t.Errorf("the key %q: the problem is about %s", key, p.Field)
		}
	}
	f.checkRepetitionOfATimedSession()
}

// checkRepetitionOfATimedSession repeats a request when its expires_at is past.
func (f *fixture) checkRepetitionOfATimedSession() {
	f.Helper()
	body := strings.TrimSuffix(createBody, "}") + fmt.Sprintf(`,"expires_at":%d}`, f.clock.Now().Add(2*time.Minute).Unix())
	first := f.createOnce("k-timed", body)
	f.clock.advance(10 * time.Minute)
	if again := f.createOnce("k-timed", body); again.status != http.StatusCreated || again.body != first.body {
		f.Errorf("a repetition after expires_at: %d %s", again.status, again.body)
	}
}

// TestTwoHundredRetriesMakeOneSession sends a request 200 times at once, and cuts half of
// them off.
func TestTwoHundredRetriesMakeOneSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var answers sync.Map
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			ctx := t.Context()
			if i%2 == 0 {
				var cut context.CancelFunc
				ctx, cut = context.WithTimeout(ctx, time.Duration(i)*time.Millisecond/4)
				defer cut()
			}
			r := must(http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/v1/checkout/sessions", strings.NewReader(createBody)))
			r.Header = http.Header{"Authorization": {"Bearer " + apiKey}, "Content-Type": {"application/json"}, "Idempotency-Key": {"order-1"}}
			response, err := f.client.Do(r)
			if err != nil {
				if ctx.Err() == nil {
					t.Error(err)
				}
				return
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err == nil {
				answers.Store(fmt.Sprint(response.StatusCode, " ", string(body)), true)
			}
		})
	}
	group.Wait()
	var all []string
	answers.Range(func(answer, _ any) bool { all = append(all, answer.(string)); return true }) //nolint:forcetypeassert // all are texts
	if len(all) != 1 || !strings.HasPrefix(all[0], "201 ") {
		t.Errorf("there are %d answers, want one: %s", len(all), strings.Join(all, "\n"))
	}
	if n := f.countSessions(); n != 1 {
		t.Errorf("there are %d sessions, want 1", n)
	}
}

func (f *fixture) countSessions() (n int) {
	f.Helper()
	if err := f.db.Writer().QueryRowContext(f.Context(), "SELECT count(*) FROM sessions").Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}

// TestUniqueReferences checks that a second session for an order names the first.
func TestUniqueReferences(t *testing.T) {
	t.Parallel()
	f := newFixtureAs(t, func(c *checkout.Config, _ *web.Config) {
		for id, m := range c.Merchants {
			m.UniqueReferences = true
			c.Merchants[id] = m
		}
	})
	body := strings.TrimSuffix(createBody, "}") + `,"client_reference_id":"HN-1"}`
	id := read[checkout.PublicSession](f, f.api(http.MethodPost, "/v1/checkout/sessions", body), http.StatusCreated).ID
	p := f.checkProblem(f.api(http.MethodPost, "/v1/checkout/sessions", body), http.StatusConflict, "reference_taken")
	if p.Object != id || p.Field != "client_reference_id" {
		t.Errorf("the conflict is %+v, want one that names %s", p, id)
	}
}
