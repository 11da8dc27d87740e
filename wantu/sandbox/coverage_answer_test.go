package sandbox_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// answer checks that the sandbox sends a field, and what the client does with it.
func (c *coverage) answer(t *testing.T) { c.checkAnswer(t, probes()[c.endpoint]) }

// weChatAnswer does the same as answer if the endpoint has another answer for WeChat.
func (c *coverage) weChatAnswer(t *testing.T) {
	c.checkAnswer(t, onChannel(probes()[c.endpoint], wantu.WeChat))
}

func (c *coverage) checkAnswer(t *testing.T, p probe) {
	b, request := p.ready(t)
	response, err := p.call(b.client, request)
	if err != nil {
		t.Fatal(err)
	}
	h := messageCheck{sent: b.sent, body: b.body, response: response, compared: "with what was sent", read: func(body []byte) (any, error) {
		return p.call((&replay{body: body}).client(t), request)
	}}
	switch c.field.Name {
	case "return_code":
		c.client = h.checkReturnCode(t)
	case "return_msg":
		c.client = h.checkReturnMsg(t)
	case "sign":
		c.client = h.checkSign(t)
	default:
		c.checkOwnField(t, h)
		return
	}
	c.sandbox = c.checkSent(t, h)
}

// checkOwnField checks a field that not every answer has.
func (c *coverage) checkOwnField(t *testing.T, h messageCheck) {
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
		c.sandbox = c.checkSent(t, h)
	}
	if _, nested := h.text(t, c.field.Name); nested {
		c.client = h.checkContainer(t, c.field.Name)
		return
	}
	c.client = h.checkField(t, c.field.Name)
}

// checkSent checks that the sandbox sends the field, and not longer than the manual says.
func (c *coverage) checkSent(t *testing.T, h messageCheck) string {
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

// checkReturnCode changes the return code into a refusal.
func (h messageCheck) checkReturnCode(t *testing.T) string {
	t.Helper()
	refuse := func(members map[string]any) { members["return_code"] = json.Number("402") }
	_, err := h.resend(t, sandbox.DefaultKey, refuse)
	var api *wantu.APIError
	if !errors.As(err, &api) || api.Code != wantu.CodeOrderInvalid || !errors.Is(err, wantu.ErrOrderInvalid) {
		t.Errorf("402: %v, want ErrOrderInvalid", err)
	}
	if _, err := h.resend(t, "", refuse); !errors.Is(err, wantu.ErrSignature) || errors.Is(err, wantu.ErrOrderInvalid) {
		t.Errorf("402 under the old signature: %v, want ErrSignature", err)
	}
	if _, err := h.resend(t, sandbox.DefaultKey, without("return_code")); !errors.Is(err, wantu.ErrMalformed) {
		t.Errorf("without it: %v, want ErrMalformed", err)
	}
	return "`APIError.Code`, found by its sentinel, signed, required"
}

// checkReturnMsg changes return_msg in a refusal, because the client shows it only there.
func (h messageCheck) checkReturnMsg(t *testing.T) string {
	t.Helper()
	_, err := h.resend(t, sandbox.DefaultKey, func(members map[string]any) {
		members["return_code"], members["return_msg"] = json.Number("402"), "reworded"
	})
	var api *wantu.APIError
	if !errors.As(err, &api) || api.Msg != "reworded" {
		t.Errorf("%v, want the text in APIError.Msg", err)
	}
	if _, err := h.resend(t, "", put("return_msg", "reworded")); !errors.Is(err, wantu.ErrSignature) {
		t.Errorf("under the old signature: %v, want ErrSignature", err)
	}
	response, err := h.resend(t, sandbox.DefaultKey, without("return_msg"))
	if err != nil || !reflect.DeepEqual(response, h.response) {
		t.Errorf("without it: %v", err)
	}
	return "`APIError.Msg`, signed, may be missing"
}

// checkSign removes the signature and makes it wrong.
func (h messageCheck) checkSign(t *testing.T) string {
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
		if _, err := h.resend(t, change.key, change.change); !errors.Is(err, wantu.ErrSignature) {
			t.Errorf("%s: %v, want ErrSignature", name, err)
		}
	}
	return "verified, required"
}
