package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// manyOrders is the number of orders in these tests. Among 2000 random numbers of six
// digits two are equal with a probability of about 86 %. With the seed of these tests it is
// the 73rd.
const manyOrders = 2000

func TestTradeIDsOfOneSecondDiffer(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{Rand: sandbox.Seed(1)}, ackBody)
	first := map[string]string{}
	for i := range manyOrders {
		number := fmt.Sprint("n", i)
		openOrders(t, s, number)
		o, err := s.Order(number)
		if err != nil {
			t.Fatal(err)
		}
		if other, used := first[o.TradeID]; used {
			t.Fatalf("%s and %s have the trade_id %s", other, number, o.TradeID)
		}
		first[o.TradeID] = number
		query := map[string]any{"out_trade_no": "", "trade_id": o.TradeID}
		contains(t, callEndpoint(t, s, "query", query), `"out_trade_no":"`+number+`"`)
	}
}

func TestForgottenOrderFreesItsTradeID(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{MaxOrders: 1}, ackBody)
	openOrders(t, s, "n1")
	query := map[string]any{"out_trade_no": "", "trade_id": order(t, s).TradeID}
	openOrders(t, s, "n2")
	contains(t, callEndpoint(t, s, "query", query), `"return_code":402`)
}

// payCode pays with a merchant's code and returns the page that shows the result.
func payCode(t *testing.T, s *sandbox.Sandbox, path string) (status int, page string) {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, path+"/pay", strings.NewReader("amount=1.00"))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Header().Get("Location")
}

func TestNoPaymentAtAMerchantCodeIsLost(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{Rand: sandbox.Seed(1)}, ackBody)
	answer, err := wantu.Decode([]byte(callEndpoint(t, s, "merchant-qrcode", nil)))
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(answer.Text("qrcode_url"), "http://localhost")
	for i := range manyOrders {
		_, page := payCode(t, s, path)
		if status, _ := serve(t, s, "GET", page, ""); status != http.StatusOK {
			t.Fatalf("payment %d: its page %q has status %d", i+1, page, status)
		}
	}
	if n := len(s.Orders()); n != manyOrders {
		t.Errorf("%d payments of %d are remembered", n, manyOrders)
	}
}

// zeroReader is a source of random numbers that always returns zeros.
type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestRandomnessThatRepeatsItselfIsASystemError(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{Rand: zeroReader{}}, ackBody)
	openOrders(t, s, "n1")
	contains(t, callEndpoint(t, s, "create-qrcode", map[string]any{"out_trade_no": "n2"}), `"return_code":500`)
	contains(t, callEndpoint(t, s, "create-qrcode", nil), `"return_code":400`)
	answer, err := wantu.Decode([]byte(callEndpoint(t, s, "merchant-qrcode", nil)))
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := payCode(t, s, strings.TrimPrefix(answer.Text("qrcode_url"), "http://localhost")); status != http.StatusInternalServerError {
		t.Errorf("a payment without a number: status %d", status)
	}
}
