package sandbox_test

import (
	"strings"
	"testing"
)

// request shows what becomes of a field that is there, missing, just long
// enough, too long, or wrong.
func (c *coverage) request(t *testing.T) {
	p := probes()[c.endpoint]
	b, request := p.ready(t)
	if _, err := p.call(b.client, request); err != nil {
		t.Fatal(err)
	}
	name := goName(request, c.field.Name)
	switch {
	case strings.HasSuffix(c.field.Name, "_account"):
		c.client, c.sandbox = c.account(t, p, b)
		return
	case c.field.Name == "sign":
		c.client, c.sandbox = c.signature(t, b)
		return
	case name == "":
		c.client = c.made(t, b)
		c.sandbox = c.missing(t, p, b) + ", " + c.refuses(t, b, shapes()[c.field.Name])
		return
	}
	if got, want := b.sent.Text(c.field.Name), textOf(goValue(request, c.field.Name)); got != want {
		t.Errorf("the client sends %q, want %q", got, want)
	}
	client, wire := c.limits(t, p)
	c.client = "`" + name + "`, " + c.leftOut(t, p) + ", " + client
	c.sandbox = c.missing(t, p, b) + ", " + wire
}

// demands holds what was seen without the field to the manual. Where the manual
// contradicts itself either will do.
func (c *coverage) demands(t *testing.T, seen bool) {
	t.Helper()
	if c.field.But == "" && seen != c.field.Required {
		t.Errorf("required: %v, want %v", seen, c.field.Required)
	}
}

// leftOut shows what the client does without the field.
func (c *coverage) leftOut(t *testing.T, p probe) string {
	t.Helper()
	p = p.with(goName(p.request, c.field.Name), nil)
	b, _, err := p.run(t)
	switch text := b.sent.Text(c.field.Name); {
	case err != nil:
		c.demands(t, true)
		p.refused(t, c.field.Name)
		return "required"
	case b.calls == 1 && text != "":
		return text + " when left out"
	default:
		c.demands(t, false)
		return c.instead(t, p, b)
	}
}

// missing shows what the sandbox does without the field.
func (c *coverage) missing(t *testing.T, p probe, b *bench) string {
	t.Helper()
	other, _ := p.ready(t)
	other.sent = b.sent
	code, desc := other.refusal(t, c.endpoint, without(c.field.Name))
	switch {
	case code == "200":
		c.demands(t, false)
		if another := c.otherNumber(); another != "" {
			if code, _ := other.refusal(t, c.endpoint, without(c.field.Name, another)); code != "303" {
				t.Errorf("without both: %s", code)
			}
			return beside(another) + ", 303 without both"
		}
		return "may be left out"
	case code == "303" && desc == c.field.Name:
		c.demands(t, true)
		return "303 without"
	default:
		t.Errorf("without it: %s %s", code, desc)
		return ""
	}
}

// otherNumber is what names the order as well.
func (c *coverage) otherNumber() string {
	if c.endpoint != "query" && c.endpoint != "refund" {
		return ""
	}
	return map[string]string{"out_trade_no": "trade_id", "trade_id": "out_trade_no"}[c.field.Name]
}

// instead says which field must be there when this one is not. p leaves it out.
func (c *coverage) instead(t *testing.T, p probe, b *bench) string {
	t.Helper()
	if b.sent.Has(c.field.Name) {
		t.Error("the client sends it all the same")
	}
	another := c.otherNumber()
	if another == "" {
		return "may be left out"
	}
	p.with(goName(p.request, another), nil).refused(t, "out_trade_no")
	return beside(another)
}

func beside(another string) string { return "may be left out beside `" + another + "`" }
