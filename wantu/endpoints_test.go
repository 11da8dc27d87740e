package wantu_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// method calls one endpoint with a request in JSON.
type method func(ctx context.Context, c *wantu.Client, request json.RawMessage) (response any, err error)

func call[Q, R any](f func(*wantu.Client, context.Context, Q) (R, error)) method {
	return func(ctx context.Context, c *wantu.Client, request json.RawMessage) (any, error) {
		var q Q
		if err := json.Unmarshal(request, &q); err != nil {
			return nil, err
		}
		return f(c, ctx, q)
	}
}

// methods returns the client's methods by endpoint.
func methods() map[string]method {
	return map[string]method{
		"create-qrcode":   call((*wantu.Client).CreateQRCode),
		"pospay":          call((*wantu.Client).PosPay),
		"refund":          call((*wantu.Client).Refund),
		"query":           call((*wantu.Client).Query),
		"pay-form":        call((*wantu.Client).PayForm),
		"order-list":      call((*wantu.Client).OrderList),
		"web":             call((*wantu.Client).Web),
		"app":             call((*wantu.Client).App),
		"wap":             call((*wantu.Client).WAP),
		"merchant-qrcode": call((*wantu.Client).MerchantQRCode),
		"currency":        call((*wantu.Client).Currency),
		"cancel":          call((*wantu.Client).Cancel),
		"close":           call((*wantu.Client).Close),
	}
}

// example is an example of the manual: its answer, a request that fits the answer, and
// the value that the client must return.
type example struct {
	Section, Endpoint     string
	MerchantAccount       string `json:"merchant_account"`
	StoreAccount          string `json:"store_account"`
	Request, Answer, Want json.RawMessage
}

// examples returns the examples in manual.json that are calls.
func examples(t testing.TB) []example {
	t.Helper()
	var calls []example
	for _, e := range readTestdata[[]example](t, "manual.json") {
		if e.Request != nil {
			calls = append(calls, e)
		}
	}
	return calls
}

func (e example) config() wantu.Config {
	return wantu.Config{MerchantAccount: e.MerchantAccount, StoreAccount: e.StoreAccount, Now: fixedTime}
}

// with returns the example's answer with changes and a new signature.
func (e example) with(t testing.TB, change map[string]any) string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(e.Answer)))
	decoder.UseNumber()
	object := map[string]any{}
	if err := decoder.Decode(&object); err != nil {
		t.Fatal(err)
	}
	for name, value := range change {
		object[name] = value
	}
	body, err := wantu.Encode(object, canary)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// errSilent makes inMemory wait until the request's context is done.
var errSilent = errors.New("silent")

// inMemory returns an HTTP client whose gateway is a function. As it needs no socket, it
// works in a synctest bubble.
func inMemory(answer func(endpoint string, sent wantu.Message) (status int, body string, err error)) *http.Client {
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		sent, err := wantu.Decode(raw)
		if err != nil {
			return nil, err
		}
		status, body, err := answer(path.Base(r.URL.Path), sent)
		if errors.Is(err, errSilent) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	})}
}

// alwaysAnswers returns an HTTP client whose gateway answers every request alike.
func alwaysAnswers(status int, body string, err error) *http.Client {
	return inMemory(func(string, wantu.Message) (int, string, error) { return status, body, err })
}

// answerCase is an answer as name=value lines and the error that the client must
// return. The test signs the answer.
type answerCase struct {
	lines string
	want  error
}

// checkAnswers checks the client's error for answers that report success and have a good
// signature.
func checkAnswers(t *testing.T, use func(*wantu.Client) error, cases map[string]answerCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := wantu.Encode(object(t, c.lines), canary)
			if err != nil {
				t.Fatal(err)
			}
			err = use(newClient(t, wantu.Config{HTTPClient: alwaysAnswers(200, string(body), nil)}))
			checkNoKey(t, err)
			if !errors.Is(err, c.want) || wantu.OutcomeUnknown(err) != (c.want != nil) {
				t.Errorf("error %v, unknown %t, want %v", err, wantu.OutcomeUnknown(err), c.want)
			}
		})
	}
}
