package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// paidAndNotified pays an order of a merchant that answers notifications with reply. It
// returns the bench and the notifications. More are added when the clock moves.
func paidAndNotified(t *testing.T, reply []byte) (b *bench, bodies *[][]byte) {
	t.Helper()
	bodies = &[][]byte{}
	b = newBench(t, func(served *sandbox.Config, _ *wantu.Config) {
		served.HTTPClient = &http.Client{Transport: shop(func(r *http.Request) string {
			*bodies = append(*bodies, readAll(r.Body))
			return string(reply)
		})}
	})
	paid(t, b)
	if len(*bodies) == 0 {
		t.Fatal("there was no notification")
	}
	return b, bodies
}

// notified checks that the sandbox sends a field of the notification, and what the client
// does with it.
func (c *coverage) notified(t *testing.T) {
	b, bodies := paidAndNotified(t, wantu.AckSuccess())
	h := messageCheck{body: (*bodies)[0], compared: "with `Config`", read: func(body []byte) (any, error) {
		return b.client.ParseNotification(body)
	}}
	var err error
	if h.response, err = h.read(h.body); err != nil {
		t.Fatal(err)
	}
	c.sandbox = c.checkSent(t, h)
	if c.field.Name == "sign" {
		c.client = h.checkSign(t)
		return
	}
	c.client = h.checkField(t, c.field.Name)
}

// acknowledged checks what the sandbox does with the merchant's answer.
func (c *coverage) acknowledged(t *testing.T) {
	for _, ack := range [][]byte{wantu.AckSuccess(), wantu.AckFail("later")} {
		if message, err := wantu.Decode(ack); err != nil || message.Text(c.field.Name) == "" {
			t.Fatalf("the client does not send it: %s (%v)", ack, err)
		}
	}
	if message, _ := wantu.Decode(wantu.AckFail("later")); message.Text("return_code") != "FAIL" || message.Text("return_msg") != "later" {
		t.Errorf("%s", wantu.AckFail("later"))
	}
	c.client = "`AckSuccess`, `AckFail`"
	taken := []string{
		string(wantu.AckSuccess()), `{"return_code":"200","return_msg":"SUCCESS"}`, `{"return_code":"SUCCESS","return_msg":"SUCCESS"}`,
	}
	refused := []string{
		string(wantu.AckFail("later")), `{"return_msg":"SUCCESS"}`, `{"return_code":500,"return_msg":"SUCCESS"}`, `{"return_code":"OK"}`,
	}
	c.sandbox = "repeated unless 200 or SUCCESS"
	if c.field.Name == "return_msg" {
		taken = []string{`{"return_code":200}`, `{"return_code":200,"return_msg":"FAIL"}`, `{"return_code":200,"return_msg":""}`}
		refused = []string{`{"return_code":"FAIL"}`, `{"return_code":"FAIL","return_msg":"SUCCESS"}`}
		c.sandbox = "not read"
	}
	for _, reply := range taken {
		checkStops(t, reply, true)
	}
	for _, reply := range refused {
		checkStops(t, reply, false)
	}
}

// checkStops checks whether a reply stops the notifications.
func checkStops(t *testing.T, reply string, want bool) {
	t.Helper()
	b, bodies := paidAndNotified(t, []byte(reply))
	b.clock.Advance(time.Minute)
	if got := b.mustOrder(t, "n1").Acknowledged; got != want || len(*bodies) > 1 == want {
		t.Errorf("%s: acknowledged: %v, %d notifications", reply, got, len(*bodies))
	}
}
