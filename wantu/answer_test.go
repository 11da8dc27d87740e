package wantu_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// FuzzAnswer gives every endpoint the same answer, as it is and with a good signature.
// An accepted answer must be signed and report success. The error of a refused answer
// must contain no key, and must not be retryable for an endpoint that opens an order.
func FuzzAnswer(f *testing.F) {
	calls := examples(f)
	for _, e := range calls {
		f.Add([]byte(e.Answer))
	}
	for _, v := range readTestdata[queryVectors](f, "query.json").Answers {
		f.Add([]byte(v.Body))
	}
	f.Add([]byte(`{"return_code":200,"url":"https://a.example/票","data":"{}","order_list":[{}],"parameters":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, e := range calls {
			checkAnswer(t, e, string(body))
			checkAnswer(t, e, signedAgain(body))
		}
	})
}

// signedAgain returns body with a good signature. It returns body unchanged if it cannot
// be signed.
func signedAgain(body []byte) string {
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
	config.HTTPClient = alwaysAnswers(200, body, nil)
	_, err := methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
	if err != nil {
		checkNoKey(t, err)
		if wantu.Retryable(err) && !isRepeatable(e.Endpoint) {
			t.Errorf("%s is retryable after %v", e.Endpoint, err)
		}
		return
	}
	message, err := wantu.Decode([]byte(body))
	if err != nil || message.Verify(canary) != nil {
		t.Errorf("%s accepts %s: %v", e.Endpoint, body, err)
	}
	if code := message.Text("return_code"); code != "200" && code != "SUCCESS" {
		t.Errorf("%s accepts return_code %q", e.Endpoint, code)
	}
}
