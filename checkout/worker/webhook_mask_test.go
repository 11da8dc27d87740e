package worker_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/apikey"
)

// TestRecordedAnswerHasNoSecret checks that secrets are hidden, also at the end of what is
// kept, and that the rest of the answer is kept.
func TestRecordedAnswerHasNoSecret(t *testing.T) {
	t.Parallel()
	key, err := base64.StdEncoding.DecodeString(canary)
	must(t, err)
	quoted := []string{secret, canary, string(key), "the api/key", base64.StdEncoding.EncodeToString([]byte("the api/key")), "the+api%2Fkey"}
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "sorry "+strings.Join(quoted, " ")+strings.Repeat(" ", 300)+strings.Repeat(secret, 20))
	})
	f := newFixture(t, url)
	f.config.Endpoints[shop][0].Confidential = []string{"", "the api/key"}
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	receive(t, calls)
	answer := f.awaitTries(event.ID, 1)[0].Answer
	if len(answer) != 512 || !strings.HasPrefix(answer, "sorry whsec_[secret] [secret] [secret] [secret] [secret] [secret]  ") {
		t.Errorf("recorded %d bytes: %s", len(answer), answer)
	}
	for _, part := range []string{canary[:8], string(key[:6]), "the api"} {
		if strings.Contains(answer, part) {
			t.Errorf("the answer contains %q: %s", part, answer)
		}
	}
}

// TestRecordedAnswerHasNoAPIKey: an API key of the database, of which only the hash is known,
// is hidden by its form.
func TestRecordedAnswerHasNoAPIKey(t *testing.T) {
	t.Parallel()
	_, key, err := apikey.New(rand.Reader, apikey.Key{Merchant: shop})
	must(t, err)
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "API_KEY="+string(key)+"\n")
	})
	f := newFixture(t, url)
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	receive(t, calls)
	if answer := f.awaitTries(event.ID, 1)[0].Answer; answer != "API_KEY=[secret]\n" {
		t.Errorf("recorded %q", strings.ReplaceAll(answer, string(key), "the key"))
	}
}

// TestRecordedAnswerHasNoCredentials checks that the credentials of the URL are hidden, in
// each form in which a shop may quote its request.
func TestRecordedAnswerHasNoCredentials(t *testing.T) {
	t.Parallel()
	basic := base64.StdEncoding.EncodeToString([]byte("harbour:hook/password"))
	quoted := []string{"hook/password", `hook\/password`, "Basic " + basic, "/hook?token=0123"}
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Join(quoted, " "))
	})
	f := newFixture(t, strings.Replace(url, "//", "//harbour:hook%2Fpassword@", 1)+"/hook?token=0123")
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	receive(t, calls)
	want := "[secret] [secret] Basic [secret] /hook?[secret]"
	if answer := f.awaitTries(event.ID, 1)[0].Answer; answer != want {
		t.Errorf("recorded %q, want %q", answer, want)
	}
}

// TestRecordedErrorIsShort checks that the error of a try quotes no secret of an answer that
// is no HTTP, and not the whole answer.
func TestRecordedErrorIsShort(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "https://shop.example/hook")
	f.config.Transport = roundTripFunc(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("malformed HTTP response: " + secret + strings.Repeat("x", 60<<10))
	})
	var log lockedBuffer
	f.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	f.startWorker()
	try := f.awaitTries(f.storeEvents(shop, 1)[0].ID, 1)[0]
	if len(try.Error) > 600 || !strings.HasPrefix(try.Error, "posting: malformed HTTP response: whsec_[secret]x") {
		t.Errorf("recorded %d bytes: %.100s", len(try.Error), try.Error)
	}
	if text := log.String(); strings.Contains(text, canary) || len(text) > 2000 {
		t.Errorf("the log has %d bytes, or the secret: %.300s", len(text), text)
	}
}
