package wantu_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// observedCall makes one call and returns what the Transport saw of it.
func observedCall(t *testing.T, gateway *http.Client, use func(*wantu.Client) error) (sent wantu.Sent, received wantu.Received) {
	t.Helper()
	calls := 0
	client := newClient(t, wantu.Config{Now: fixedTime, HTTPClient: gateway, Transport: func(
		ctx context.Context, s wantu.Sent,
	) (context.Context, func(wantu.Received)) {
		sent = s
		return ctx, func(r wantu.Received) { received, calls = r, calls+1 }
	}})
	if err := use(client); !errors.Is(received.Err, err) || calls != 1 {
		t.Errorf("the Transport got %v in %d calls, the caller got %v", received.Err, calls, err)
	}
	return sent, received
}

func payForm(c *wantu.Client) error {
	_, err := c.PayForm(context.Background(), payFormRequest())
	return err
}

func TestTransportSeesTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		body, err := wantu.Encode(map[string]any{
			"return_code": "SUCCESS", "parameters": jsapi, "trade_id": 7, "x": []int{1}, "qrcode_url": "weixin://pay", "url": "https://pay",
			"data": "pay", "order_list": "[]",
		}, canary)
		if err != nil {
			t.Fatal(err)
		}
		slow := inMemory(func(string, wantu.Message) (int, string, error) {
			time.Sleep(2 * time.Second)
			return 200, string(body), nil
		})
		sent, received := observedCall(t, slow, payForm)
		equalFields(t, sent.Fields, withCommonFields("1", wantu.Fields{
			"total_fee": "100", "fee_type": "HKD", "subject": "票", "product_id": "1", "out_trade_no": "mall1",
			"notify_url": "[notify_url]", "open_id": "[open_id]", "app_id": "wx2421b1c1370e243b",
		}))
		if sent.Endpoint != "pay-form" || received.Status != 200 || received.Code != wantu.CodeSuccess ||
			received.Duration != 2*time.Second || received.Err != nil {
			t.Errorf("saw %+v, %+v", sent, received)
		}
		equalFields(t, received.Fields, wantu.Fields{
			"return_code": "SUCCESS", "trade_id": "7", "parameters": "[parameters]", "qrcode_url": "[qrcode_url]", "url": "[url]",
			"data": "[data]", "order_list": "[order_list]",
		})
	})
}

func TestTransportSeesFailures(t *testing.T) {
	t.Parallel()
	refused, err := wantu.Encode(map[string]any{"return_code": 400}, canary)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		gateway *http.Client
		want    wantu.Received
	}{
		"refused":      {alwaysAnswers(200, string(refused), nil), wantu.Received{Status: 200, Code: 400, Fields: wantu.Fields{"return_code": "400"}}},
		"not verified": {alwaysAnswers(200, `{"return_code":301}`, nil), wantu.Received{Status: 200, Code: 301}},
		"not JSON":     {alwaysAnswers(200, "", nil), wantu.Received{Status: 200}},
		"status":       {alwaysAnswers(502, "", nil), wantu.Received{Status: 502}},
		"no answer":    {alwaysAnswers(0, "", errors.New("broken")), wantu.Received{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got := observedCall(t, c.gateway, payForm)
			if got.Err == nil || got.Status != c.want.Status || got.Code != c.want.Code ||
				!maps.Equal(got.Fields, c.want.Fields) || (got.Fields == nil) != (c.want.Fields == nil) {
				t.Errorf("saw %+v, want %+v", got, c.want)
			}
		})
	}
}

type traceKey struct{}

// TestContextOfTheTransportReachesTheRequest: the request carries the Transport's context,
// and the Transport may return nil for both values.
func TestContextOfTheTransportReachesTheRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		transport wantu.Transport
		want      any
	}{
		"none": {nil, nil},
		"context": {func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
			clear(sent.Fields) // this is a copy, so the request does not change
			return context.WithValue(ctx, traceKey{}, "trace"), nil
		}, "trace"},
		"nothing": {func(context.Context, wantu.Sent) (context.Context, func(wantu.Received)) {
			return nil, nil
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := false
			client := newClient(t, wantu.Config{Transport: c.transport, HTTPClient: &http.Client{
				Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					asked = true
					if got := r.Context().Value(traceKey{}); got != c.want || r.ContentLength < 100 {
						t.Errorf("the request carries %v and %d bytes", got, r.ContentLength)
					}
					return nil, errors.New("broken")
				}),
			}})
			if _, err := query(client); err == nil || !asked {
				t.Errorf("error %v, asked %t", err, asked)
			}
		})
	}
}

func TestTransportIsNotCalledForAFieldError(t *testing.T) {
	t.Parallel()
	client := newClient(t, wantu.Config{Transport: func(context.Context, wantu.Sent) (context.Context, func(wantu.Received)) {
		t.Error("called, although nothing is sent")
		return nil, nil
	}})
	_, err := client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay})
	wantFieldError(t, err, "out_trade_no")
}
