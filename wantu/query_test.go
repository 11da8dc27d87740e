package wantu_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// gateway answers every request with f.
func gateway(t testing.TB, f http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL + "/paygate"
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "http://elsewhere.invalid/%zz") // must not be followed, nor read
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func query(client *wantu.Client) (wantu.QueryResponse, error) {
	return client.Query(context.Background(), wantu.QueryRequest{PayChannel: wantu.WeChat, OutTradeNo: "1112"})
}

func TestQueryVectors(t *testing.T) {
	t.Parallel()
	file := readTestdata[queryVectors](t, "query.json")
	for _, v := range file.Answers {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, wantu.Config{BaseURL: gateway(t, reply(v.Status, v.Body)), Key: file.Key})
			response, err := query(client)
			checkNoKey(t, err)
			if wantu.OutcomeUnknown(err) != v.Unknown {
				t.Errorf("OutcomeUnknown(%v) = %t", err, !v.Unknown)
			}
			checkQueryError(t, err, v.Want)
			if err != nil {
				if response != (wantu.QueryResponse{}) {
					t.Errorf("an error comes with %+v", response)
				}
				return
			}
			want := wantu.QueryResponse{
				OutTradeNo: "1112", TradeID: "1000", TotalFee: 100, FeeType: "HKD", TradeStatus: wantu.Success,
				TradeTime: response.TradeTime, TradeTimeText: "2017-11-30 17:56:21",
				StoreAccount: "HKG0000000101", DeviceSN: "设备1",
			}
			paid := time.Date(2017, 11, 30, 9, 56, 21, 0, time.UTC)
			if v.Time != "" {
				want.TradeTimeText, paid = v.Time, time.Time{}
			}
			if response != want || !response.TradeTime.Equal(paid) {
				t.Errorf("got %+v, want %+v", response, want)
			}
		})
	}
}

func checkQueryError(t *testing.T, err error, want string) {
	t.Helper()
	var api *wantu.APIError
	if number, isCode := strings.CutPrefix(want, "code "); isCode {
		code, _ := strconv.Atoi(number)
		if !errors.As(err, &api) || api.Code != wantu.ReturnCode(code) || api.Endpoint != "query" || api.Unverified {
			t.Errorf("error %#v, want code %s", err, number)
		}
		return
	}
	if want == "api" {
		if !errors.As(err, &api) {
			t.Errorf("error %v, want an APIError", err)
		}
		return
	}
	if !errors.Is(err, sentinel(t, want)) || want == "ok" && err != nil {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAnswerBeyondBounds(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"large": `{"a":"` + strings.Repeat("x", wantu.MaxBody) + `"}`,
		"deep":  strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
	} {
		_, err := query(newClient(t, wantu.Config{BaseURL: gateway(t, reply(200, body))}))
		if !errors.Is(err, wantu.ErrMalformed) || !wantu.OutcomeUnknown(err) {
			t.Errorf("%s: error %v, want ErrMalformed and an unknown outcome", name, err)
		}
	}
}

func TestUnverifiedAnswerMatchesNoCode(t *testing.T) {
	t.Parallel()
	for name, want := range codeSentinels() {
		var code wantu.ReturnCode
		if _, err := fmt.Sscan(want.Error(), &code); err != nil {
			t.Fatal(err)
		}
		unverified := &wantu.APIError{Endpoint: "query", Code: code, Unverified: true}
		if errors.Is(unverified, want) || !errors.Is(unverified, wantu.ErrSignature) || wantu.Retryable(unverified) {
			t.Errorf("%s: %v matches the code, is no ErrSignature, or is retryable", name, unverified)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"wantu: query: 401 ORDER_PAID":                &wantu.APIError{Endpoint: "query", Code: 401, Msg: "ORDER_PAID"},
		"wantu: web: 303 PARAM_MISSING 缺少参数: subject": &wantu.APIError{Endpoint: "web", Code: 303, Msg: "缺少参数", Desc: "subject"},
		"wantu: web: 599 odd":                         &wantu.APIError{Endpoint: "web", Code: 599, Msg: "odd"},
		"wantu: app: FAIL":                            &wantu.APIError{Endpoint: "app", Code: wantu.CodeFail},
		"wantu: total_fee is required":                &wantu.FieldError{Field: "total_fee", Problem: "is required"},
		"402 ORDER_INVALID":                           wantu.ErrOrderInvalid,
		"wantu: query: 301 SIGN_ERROR (the signature is missing or wrong: is the key right?)": &wantu.APIError{
			Endpoint: "query", Code: 301, Unverified: true,
		},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if wantu.CodeFail.Name() != "FAIL" || wantu.CodeSuccess.String() != "200 SUCCESS" {
		t.Error("the name of FAIL or SUCCESS is wrong")
	}
}
