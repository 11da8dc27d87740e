package sandbox_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// limits shows which values the client and the sandbox take, and which they
// refuse.
func (c *coverage) limits(t *testing.T, p probe) (client, wire string) {
	t.Helper()
	s, known := shapes()[c.field.Name]
	switch {
	case c.field.Name == "pay_channel":
		return c.channels(t, p)
	case !known:
		t.Fatal("the test does not know what its values look like")
		return "", ""
	case s.of != nil:
		return c.longest(t, p, s)
	case s.good == nil:
		return c.moment(t, p, s)
	default:
		return c.listed(t, p, s)
	}
}

// longest sends a value that is as long as may be, and one that is longer.
func (c *coverage) longest(t *testing.T, p probe, s shape) (client, wire string) {
	t.Helper()
	limit := cmp.Or(s.max, c.field.Max)
	longest, over := s.of(limit), s.over(limit)
	b, _, _ := c.fill(p, s, longest).run(t)
	if got := b.sent.Text(c.field.Name); got != longest {
		t.Errorf("the client sends %q, want %q", got, longest)
	}
	c.fill(p, s, over).refused(t, c.field.Name)
	client, wire = fmt.Sprintf("at most %d characters", limit), fmt.Sprintf("304 beyond %d characters", limit)
	if s.digits {
		client, wire = "at most "+longest, fmt.Sprintf("304 beyond %d digits", limit)
	}
	// The sandbox serves the app of this value, so that its length alone is wrong.
	other := newBench(t, serving(c.fill(p, s, over).request))
	other.sent = b.sent
	if code, desc := other.refusal(t, c.endpoint, put(c.field.Name, over)); code != "304" || desc != c.field.Name {
		t.Errorf("%d characters: the sandbox answers %s %s", len([]rune(over)), code, desc)
	}
	return client, c.verdict(t, b, wire)
}

// fill sets the field. What is given back is never more than was paid.
func (c *coverage) fill(p probe, s shape, text string) probe {
	if c.field.Name == "refund_fee" {
		p = p.with("TotalFee", wantu.MaxTotalFee)
	}
	return p.with(goName(p.request, c.field.Name), s.value(text))
}

// verdict looks at what the sandbox answered to the longest value.
func (c *coverage) verdict(t *testing.T, b *bench, wire string) string {
	t.Helper()
	code := b.answer.Text("return_code")
	switch c.field.Name {
	case "open_id":
		if code != "304" {
			t.Errorf("%d characters: the sandbox answers %s", c.field.Max, code)
		}
		return c.refuses(t, b, shape{
			bad:   []string{openID[:27], openID + "a", "x" + openID[1:], openID[:27] + "."},
			words: fmt.Sprintf("%d characters that begin with o", len(openID)),
		})
	case "trade_id": // the sandbox's own are shorter
		if code != "402" {
			t.Errorf("nobody's: the sandbox answers %s", code)
		}
		return "402 when nobody's, " + wire
	case "app_id":
		if code, desc := b.refusal(t, c.endpoint, put("app_id", "wx1")); code != "304" || desc != "app_id" {
			t.Errorf("another app: the sandbox answers %s %s", code, desc)
		}
		wire += " or when another's"
	}
	if code != "200" {
		t.Errorf("the longest: the sandbox answers %s", code)
	}
	return wire
}

// refuses shows that the sandbox answers 304 to each bad value.
func (c *coverage) refuses(t *testing.T, b *bench, s shape) string {
	t.Helper()
	for _, bad := range s.bad {
		if code, desc := b.refusal(t, c.endpoint, put(c.field.Name, bad)); code != "304" || desc != c.field.Name {
			t.Errorf("%s: the sandbox answers %s %s", bad, code, desc)
		}
	}
	if len(s.bad) == 0 {
		t.Error("the test knows no bad values")
	}
	return "304 unless " + s.words
}

// moment is for what is a time in Go, which cannot be written wrong.
func (c *coverage) moment(t *testing.T, p probe, s shape) (client, wire string) {
	t.Helper()
	b := p.accepted(t) // request compares it with the time in UTC+8
	return "in UTC+8", c.refuses(t, b, s)
}

// listed sends each of the good and of the bad values.
func (c *coverage) listed(t *testing.T, p probe, s shape) (client, wire string) {
	t.Helper()
	var b *bench
	for _, good := range s.good {
		var err error
		b, _, err = p.with(goName(p.request, c.field.Name), good).run(t)
		if got := b.sent.Text(c.field.Name); got != good {
			t.Errorf("the client sends %q, want %q", got, good)
		}
		// The order that is given back was paid in HKD.
		refused := c.field.Name == "refund_fee_type" && good != "HKD"
		if errors.Is(err, wantu.ErrParam) != refused || err != nil && !refused {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range s.bad {
		p.with(goName(p.request, c.field.Name), bad).refused(t, c.field.Name)
	}
	wire = c.refuses(t, b, s)
	switch c.field.Name {
	case "fee_type":
		if code, desc := b.refusal(t, c.endpoint, put("fee_type", "XXX")); code != "509" || desc != "fee_type" {
			t.Errorf("XXX: the sandbox answers %s %s", code, desc)
		}
		wire += ", 509 unless served"
	case "refund_fee_type":
		wire = "304 unless the order's"
	}
	return s.words, wire
}

// channels tries each wallet, and numbers that are none.
func (c *coverage) channels(t *testing.T, p probe) (client, wire string) {
	t.Helper()
	var taken []string
	b := p.accepted(t)
	for channel := -1; channel <= 10; channel++ {
		if channel == 0 {
			continue // which is none at all
		}
		of, road := onChannel(p, wantu.PayChannel(channel)), &replay{}
		if _, err := p.call(road.client(t), of.request); !named(err, "pay_channel") {
			b = of.accepted(t)
			taken = append(taken, strconv.Itoa(channel))
			continue
		}
		of.refused(t, "pay_channel")
		c.refuses(t, b, shape{bad: []string{strconv.Itoa(channel)}})
	}
	if want := c.served(); !slices.Equal(taken, want) {
		t.Errorf("taken: %s, want %s", taken, want)
	}
	words := strings.Join(taken, " or ")
	return words, "304 unless " + words
}

// served are the wallets that the manual has the endpoint for.
func (c *coverage) served() []string {
	switch c.endpoint {
	case "web", "wap":
		return []string{"2"}
	case "pay-form":
		return []string{"1"}
	default:
		return []string{"1", "2"}
	}
}

// onChannel asks for a wallet. Which Alipay it is goes with Alipay alone.
func onChannel(p probe, channel wantu.PayChannel) probe {
	if goName(p.request, "payment_inst") != "" && channel == wantu.WeChat {
		p = p.with("PaymentInst", nil)
	}
	return p.with("PayChannel", channel)
}
