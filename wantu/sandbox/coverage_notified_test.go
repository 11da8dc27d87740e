package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// everyNotified shows the fields of the notification and of its answer.
func everyNotified(t *testing.T, doc *strings.Builder, tables manualTables) {
	t.Helper()
	doc.WriteString("\n### The notification (manual 2.6)\n\n| notification | manual | sandbox | client | test |\n|---|---|---|---|---|\n")
	for _, f := range tables.Notification {
		c := coverage{endpoint: "notification", field: f}
		t.Run("notification/answer/"+f.Name, c.notified)
		c.row(t, doc, "answer")
	}
	doc.WriteString("\n| acknowledgement | manual | client | sandbox | test |\n|---|---|---|---|---|\n")
	for _, f := range tables.Acknowledgement {
		c := coverage{endpoint: "notification", field: f}
		t.Run("notification/request/"+f.Name, c.acknowledged)
		c.row(t, doc, "request")
	}
}

// notify pays an order at a merchant that answers with reply, and returns the
// notification and the order.
func notify(t *testing.T, reply []byte) (body []byte, order sandbox.Order, b *bench) {
	t.Helper()
	b = newBenchWith(t, shop(func(r *http.Request) string {
		body = readAll(r.Body)
		return string(reply)
	}))
	paid(t, b)
	return body, b.mustOrder(t), b
}

func (c *coverage) notified(t *testing.T) {
	body, _, b := notify(t, wantu.AckSuccess())
	sent, err := wantu.Decode(body)
	if err != nil || sent.Text(c.field.Name) == "" {
		t.Fatalf("the sandbox does not send it (%v)", err)
	}
	c.sandbox = "sent"
	n, err := b.client.ParseNotification(body)
	if err != nil {
		t.Fatal(err)
	}
	switch c.field.Name {
	case "sign":
		c.client = "verified"
	case "return_msg":
		c.client = "left out: `ReturnCode` says it"
	default:
		c.client = readBy(t, n, c.field.Name)
	}
}

func (c *coverage) acknowledged(t *testing.T) {
	for _, reply := range []struct {
		body []byte
		took bool
	}{{wantu.AckSuccess(), true}, {wantu.AckFail("later"), false}} {
		message, err := wantu.Decode(reply.body)
		if err != nil || message.Text(c.field.Name) == "" {
			t.Fatalf("the client does not send it: %s (%v)", reply.body, err)
		}
		if _, order, _ := notify(t, reply.body); order.Acknowledged != reply.took {
			t.Errorf("%s is taken for an acknowledgement: %v", reply.body, order.Acknowledged)
		}
	}
	c.client = "`AckSuccess`, `AckFail`"
	c.sandbox = map[bool]string{true: "repeats unless it is 200 or SUCCESS", false: "not looked at"}[c.field.Required]
}
