package worker_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
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
	to := f.config.Endpoints[shop]
	to.Confidential = []string{"", "the api/key"}
	f.config.Endpoints[shop] = to
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
