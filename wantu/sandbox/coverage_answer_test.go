package sandbox_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// answer shows that the sandbox sends a field, and what the client makes of it.
func (c *coverage) answer(t *testing.T) { c.answerTo(t, probes()[c.endpoint]) }

// weChatAnswer is answer where the endpoint answers otherwise for WeChat.
func (c *coverage) weChatAnswer(t *testing.T) {
	c.answerTo(t, onChannel(probes()[c.endpoint], wantu.WeChat))
}

func (c *coverage) answerTo(t *testing.T, p probe) {
	b, request := p.ready(t)
	response, err := p.call(b.client, request)
	if err != nil {
		t.Fatal(err)
	}
	h := hearing{sent: b.sent, body: b.body, response: response, compared: "with what was sent", read: func(body []byte) (any, error) {
		return p.call((&replay{body: body}).client(t), request)
	}}
	switch c.field.Name {
	case "return_code":
		c.client = h.returnCode(t)
	case "return_msg":
		c.client = h.returnMsg(t)
	case "sign":
		c.client = h.sign(t)
	default:
		c.hear(t, h)
		return
	}
	c.sandbox = c.sent(t, h)
}

// hear is for the fields that are an endpoint's own.
func (c *coverage) hear(t *testing.T, h hearing) {
	t.Helper()
	twin, alias := map[string]string{
		"order_list.out_trade_id": "order_list.out_trade_no", "order_list.out_refund_id": "order_list.out_refund_no",
		"refund_fee=type": "refund_fee_type",
	}[c.field.Name]
	if alias {
		if text, _ := h.text(t, c.field.Name); text != "" {
			t.Error("the sandbox sends both spellings")
		}
		h = h.renamed(t, twin, c.field.Name)
		c.sandbox = "sends `" + lastOf(twin) + "`"
	} else {
		c.sandbox = c.sent(t, h)
	}
	if _, nested := h.text(t, c.field.Name); nested {
		c.client = h.container(t, c.field.Name)
		return
	}
	c.client = h.field(t, c.field.Name)
}

// sent shows that the field is there, and no longer than the manual says.
func (c *coverage) sent(t *testing.T, h hearing) string {
	t.Helper()
	text, nested := h.text(t, c.field.Name)
	if text == "" && !nested {
		t.Error("the sandbox does not send it")
	}
	tooLong := c.field.Max > 0 && len([]rune(text)) > c.field.Max
	if tooLong && c.field.But == "" {
		t.Errorf("the sandbox sends %d characters", len([]rune(text)))
	}
	return "sent"
}

// returnCode changes it into a refusal.
func (h hearing) returnCode(t *testing.T) string {
	t.Helper()
	refuse := func(members map[string]any) { members["return_code"] = json.Number("402") }
	_, err := h.again(t, sandbox.DefaultKey, refuse)
	var api *wantu.APIError
	if !errors.As(err, &api) || api.Code != wantu.CodeOrderInvalid || !errors.Is(err, wantu.ErrOrderInvalid) {
		t.Errorf("402: %v, want ErrOrderInvalid", err)
	}
	if _, err := h.again(t, "", refuse); !errors.Is(err, wantu.ErrSignature) || errors.Is(err, wantu.ErrOrderInvalid) {
		t.Errorf("402 under the old signature: %v, want ErrSignature", err)
	}
	if _, err := h.again(t, sandbox.DefaultKey, without("return_code")); !errors.Is(err, wantu.ErrMalformed) {
		t.Errorf("without it: %v, want ErrMalformed", err)
	}
	return "`APIError.Code`, found by its sentinel, signed, required"
}

// returnMsg changes it in a refusal, for nothing else shows it.
func (h hearing) returnMsg(t *testing.T) string {
	t.Helper()
	_, err := h.again(t, sandbox.DefaultKey, func(members map[string]any) {
		members["return_code"], members["return_msg"] = json.Number("402"), "reworded"
	})
	var api *wantu.APIError
	if !errors.As(err, &api) || api.Msg != "reworded" {
		t.Errorf("%v, want the text in APIError.Msg", err)
	}
	if _, err := h.again(t, "", put("return_msg", "reworded")); !errors.Is(err, wantu.ErrSignature) {
		t.Errorf("under the old signature: %v, want ErrSignature", err)
	}
	response, err := h.again(t, sandbox.DefaultKey, without("return_msg"))
	if err != nil || !reflect.DeepEqual(response, h.response) {
		t.Errorf("without it: %v", err)
	}
	return "`APIError.Msg`, signed, may be missing"
}

// sign leaves it out and makes it wrong.
func (h hearing) sign(t *testing.T) string {
	t.Helper()
	for name, change := range map[string]struct {
		key    string
		change func(map[string]any)
	}{
		"missing":               {"", without("sign")},
		"empty":                 {"", put("sign", "")},
		"another digit":         {"", func(members map[string]any) { members["sign"] = otherText(members["sign"]) }},
		"another key":           {"another key", without()},
		"another key, no field": {"another key", without("return_msg")},
	} {
		if _, err := h.again(t, change.key, change.change); !errors.Is(err, wantu.ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	return "verified, required"
}
