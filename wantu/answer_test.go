package wantu_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// FuzzAnswer feeds every endpoint an answer, as it is and well signed. Whatever
// is taken was signed and says success; whatever is refused says so without a
// secret, and an order that was placed is never to be placed again.
func FuzzAnswer(f *testing.F) {
	calls := examples(f)
	for _, e := range calls {
		f.Add([]byte(e.Answer))
	}
	for _, v := range read[queryVectors](f, "query.json").Answers {
		f.Add([]byte(v.Body))
	}
	f.Add([]byte(`{"return_code":200,"url":"https://a.example/票","data":"{}","order_list":[{}],"parameters":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range calls {
			checkAnswer(t, e, string(body))
			checkAnswer(t, e, signedAnew(body))
		}
	})
}

// signedAnew returns body under a good signature, or as it is.
func signedAnew(body []byte) string {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	var object map[string]any
	if decoder.Decode(&object) != nil {
		return string(body)
	}
	signed, err := wantu.Encode(object, canary)
	if err != nil {
		return string(body)
	}
	return string(signed)
}

func checkAnswer(t *testing.T, e example, body string) {
	t.Helper()
	config := e.config()
	config.HTTPClient = always(200, body, nil)
	_, err := methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
	if err != nil {
		noSecret(t, err)
		if wantu.Retryable(err) && !repeatable(e.Endpoint) {
			t.Errorf("%s may be sent again after %v", e.Endpoint, err)
		}
		return
	}
	message, err := wantu.Decode([]byte(body))
	if err != nil || message.Verify(canary) != nil {
		t.Errorf("%s takes %s: %v", e.Endpoint, body, err)
	}
	if code := message.Text("return_code"); code != "200" && code != "SUCCESS" {
		t.Errorf("%s takes return_code %q", e.Endpoint, code)
	}
}
