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

// checkValues checks which values the client and the sandbox accept.
func (c *coverage) checkValues(t *testing.T, p probe) (client, wire string) {
	t.Helper()
	s, known := shapes()[c.field.Name]
	switch {
	case c.field.Name == "pay_channel":
		return c.checkChannels(t, p)
	case !known:
		t.Fatal("shapes has no values for this field")
		return "", ""
	case s.makeValue != nil:
		return c.checkLongestValue(t, p, s)
	case s.good == nil:
		return c.checkTime(t, p, s)
	default:
		return c.checkListedValues(t, p, s)
	}
}

// checkLongestValue sends the longest allowed value, and one that is too long.
func (c *coverage) checkLongestValue(t *testing.T, p probe, s shape) (client, wire string) {
	t.Helper()
	limit := cmp.Or(s.max, c.field.Max)
	longest, over := s.makeValue(limit), s.tooLong(limit)
	b, _, _ := c.fill(p, s, longest).run(t)
	if got := b.sent.Text(c.field.Name); got != longest {
		t.Errorf("the client sends %q, want %q", got, longest)
	}
	c.fill(p, s, over).refused(t, c.field.Name)
	client, wire = fmt.Sprintf("at most %d characters", limit), fmt.Sprintf("304 if longer than %d characters", limit)
	if s.digits {
		client, wire = "at most "+longest, fmt.Sprintf("304 if longer than %d digits", limit)
	}
	// The sandbox accepts an app with this number, so that only the length is wrong.
	other := newBench(t, servingAppOf(c.fill(p, s, over).request))
	other.sent = b.sent
	if code, desc := other.refusal(t, c.endpoint, put(c.field.Name, over)); code != "304" || desc != c.field.Name {
		t.Errorf("%d characters: the sandbox answers %s %s", len([]rune(over)), code, desc)
	}
	return client, c.checkLongest(t, b, wire)
}

// fill sets the field. A refund must not exceed the order, so total_fee is large enough.
func (c *coverage) fill(p probe, s shape, text string) probe {
	if c.field.Name == "refund_fee" {
		p = p.with("TotalFee", wantu.MaxTotalFee)
	}
	return p.with(goName(p.request, c.field.Name), s.value(text))
}

// checkLongest checks the answer of the sandbox to the longest value.
func (c *coverage) checkLongest(t *testing.T, b *bench, wire string) string {
	t.Helper()
	code := b.answer.Text("return_code")
	switch c.field.Name {
	case "open_id":
		if code != "304" {
			t.Errorf("%d characters: the sandbox answers %s", c.field.Max, code)
		}
		return c.checkBadValues(t, b, shape{
			bad:   []string{openID[:27], openID + "a", "x" + openID[1:], openID[:27] + "."},
			words: fmt.Sprintf("%d characters that begin with o", len(openID)),
		})
	case "trade_id": // those of the sandbox are shorter
		if code != "402" {
			t.Errorf("unknown trade_id: the sandbox answers %s", code)
		}
		return "402 if unknown, " + wire
	case "app_id":
		if code, desc := b.refusal(t, c.endpoint, put("app_id", "wx1")); code != "304" || desc != "app_id" {
			t.Errorf("another app: the sandbox answers %s %s", code, desc)
		}
		wire += " or if it is another app"
	}
	if code != "200" {
		t.Errorf("the longest value: the sandbox answers %s", code)
	}
	return wire
}

// checkBadValues checks that the sandbox answers 304 to each bad value.
func (c *coverage) checkBadValues(t *testing.T, b *bench, s shape) string {
	t.Helper()
	for _, bad := range s.bad {
		if code, desc := b.refusal(t, c.endpoint, put(c.field.Name, bad)); code != "304" || desc != c.field.Name {
			t.Errorf("%s: the sandbox answers %s %s", bad, code, desc)
		}
	}
	if len(s.bad) == 0 {
		t.Error("shapes has no bad values for this field")
	}
	return "304 unless " + s.words
}

// checkTime checks a time. In Go it cannot have a wrong format.
func (c *coverage) checkTime(t *testing.T, p probe, s shape) (client, wire string) {
	t.Helper()
	b := p.accepted(t) // the method request compares it with the time in UTC+8
	return "in UTC+8", c.checkBadValues(t, b, s)
}

// checkListedValues sends each good and each bad value.
func (c *coverage) checkListedValues(t *testing.T, p probe, s shape) (client, wire string) {
	t.Helper()
	var b *bench
	for _, good := range s.good {
		var err error
		b, _, err = p.with(goName(p.request, c.field.Name), good).run(t)
		if got := b.sent.Text(c.field.Name); got != good {
			t.Errorf("the client sends %q, want %q", got, good)
		}
		// The order of the refund was paid in HKD.
		refused := c.field.Name == "refund_fee_type" && good != "HKD"
		if errors.Is(err, wantu.ErrParam) != refused || err != nil && !refused {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range s.bad {
		p.with(goName(p.request, c.field.Name), bad).refused(t, c.field.Name)
	}
	wire = c.checkBadValues(t, b, s)
	switch c.field.Name {
	case "fee_type":
		if code, desc := b.refusal(t, c.endpoint, put("fee_type", "XXX")); code != "509" || desc != "fee_type" {
			t.Errorf("XXX: the sandbox answers %s %s", code, desc)
		}
		wire += ", 509 if not supported"
	case "refund_fee_type":
		wire = "304 unless that of the order"
	}
	return s.words, wire
}

// checkChannels tries each channel, and other numbers.
func (c *coverage) checkChannels(t *testing.T, p probe) (client, wire string) {
	t.Helper()
	var accepted []string
	b := p.accepted(t)
	for channel := -1; channel <= 10; channel++ {
		if channel == 0 {
			continue // means that the field is missing
		}
		of, gateway := onChannel(p, wantu.PayChannel(channel)), &replay{}
		if _, err := p.call(gateway.client(t), of.request); !namesField(err, "pay_channel") {
			b = of.accepted(t)
			accepted = append(accepted, strconv.Itoa(channel))
			continue
		}
		of.refused(t, "pay_channel")
		c.checkBadValues(t, b, shape{bad: []string{strconv.Itoa(channel)}})
	}
	if want := c.manualChannels(); !slices.Equal(accepted, want) {
		t.Errorf("accepted: %s, want %s", accepted, want)
	}
	words := strings.Join(accepted, " or ")
	return words, "304 unless " + words
}

// manualChannels returns the channels of the endpoint in the manual.
func (c *coverage) manualChannels() []string {
	switch c.endpoint {
	case "web", "wap":
		return []string{"2"}
	case "pay-form":
		return []string{"1"}
	default:
		return []string{"1", "2"}
	}
}

// onChannel sets the channel of a request. Only a request for Alipay has payment_inst.
func onChannel(p probe, channel wantu.PayChannel) probe {
	if goName(p.request, "payment_inst") != "" && channel == wantu.WeChat {
		p = p.with("PaymentInst", nil)
	}
	return p.with("PayChannel", channel)
}
