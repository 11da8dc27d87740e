package sandbox_test

import (
	"strings"
	"testing"
)

// request checks what the client and the sandbox do with a field that has a value, is
// missing, has the greatest length, is too long, or is wrong.
func (c *coverage) request(t *testing.T) {
	p := probes()[c.endpoint]
	b, request := p.ready(t)
	if _, err := p.call(b.client, request); err != nil {
		t.Fatal(err)
	}
	name := goName(request, c.field.Name)
	switch {
	case strings.HasSuffix(c.field.Name, "_account"):
		c.client, c.sandbox = c.checkAccount(t, p, b)
		return
	case c.field.Name == "sign":
		c.client, c.sandbox = c.checkSignature(t, b)
		return
	case name == "":
		c.client = c.checkClientValue(t, b)
		c.sandbox = c.sandboxWithout(t, p, b) + ", " + c.checkBadValues(t, b, shapes()[c.field.Name])
		return
	}
	if got, want := b.sent.Text(c.field.Name), textOf(goValue(request, c.field.Name)); got != want {
		t.Errorf("the client sends %q, want %q", got, want)
	}
	client, wire := c.checkValues(t, p)
	c.client = "`" + name + "`, " + c.clientWithout(t, p) + ", " + client
	c.sandbox = c.sandboxWithout(t, p, b) + ", " + wire
}

// checkRequired compares whether a field is required with the manual. If the manual
// contradicts itself, both are right.
func (c *coverage) checkRequired(t *testing.T, seen bool) {
	t.Helper()
	if c.field.But == "" && seen != c.field.Required {
		t.Errorf("required: %v, want %v", seen, c.field.Required)
	}
}

// clientWithout checks what the client does without the field.
func (c *coverage) clientWithout(t *testing.T, p probe) string {
	t.Helper()
	p = p.with(goName(p.request, c.field.Name), nil)
	b, _, err := p.run(t)
	switch text := b.sent.Text(c.field.Name); {
	case err != nil:
		c.checkRequired(t, true)
		p.refused(t, c.field.Name)
		return "required"
	case b.calls == 1 && text != "":
		return text + " if left out"
	default:
		c.checkRequired(t, false)
		return c.otherNumberWithout(t, p, b)
	}
}

// sandboxWithout checks what the sandbox does without the field.
func (c *coverage) sandboxWithout(t *testing.T, p probe, b *bench) string {
	t.Helper()
	other, _ := p.ready(t)
	other.sent = b.sent
	code, desc := other.refusal(t, c.endpoint, without(c.field.Name))
	switch {
	case code == "200":
		c.checkRequired(t, false)
		if another := c.otherNumber(); another != "" {
			if code, _ := other.refusal(t, c.endpoint, without(c.field.Name, another)); code != "303" {
				t.Errorf("without both: %s", code)
			}
			return beside(another) + ", 303 if both are missing"
		}
		return "may be left out"
	case code == "303" && desc == c.field.Name:
		c.checkRequired(t, true)
		return "303 if missing"
	default:
		t.Errorf("without it: %s %s", code, desc)
		return ""
	}
}

// otherNumber returns the other field that names the order.
func (c *coverage) otherNumber() string {
	if c.endpoint != "query" && c.endpoint != "refund" {
		return ""
	}
	return map[string]string{"out_trade_no": "trade_id", "trade_id": "out_trade_no"}[c.field.Name]
}

// otherNumberWithout checks that the client needs the other number of the order if this
// field is left out. p leaves it out.
func (c *coverage) otherNumberWithout(t *testing.T, p probe, b *bench) string {
	t.Helper()
	if b.sent.Has(c.field.Name) {
		t.Error("the client sends the field, although it is left out")
	}
	another := c.otherNumber()
	if another == "" {
		return "may be left out"
	}
	p.with(goName(p.request, another), nil).refused(t, "out_trade_no")
	return beside(another)
}

func beside(another string) string { return "may be left out if `" + another + "` is set" }
