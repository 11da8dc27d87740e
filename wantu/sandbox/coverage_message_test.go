package sandbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// messageCheck changes a message to the client, and checks what the client does.
type messageCheck struct {
	body     []byte                         // the message of the sandbox
	response any                            // what the client read from it
	read     func(body []byte) (any, error) // lets the client read a body
	compared string                         // what the client compares the message with
	sent     wantu.Message                  // the request, if the message is an answer
}

// resend changes the message, signs it with key and lets the client read it. If key is
// empty, the message keeps its old signature.
func (h messageCheck) resend(t *testing.T, key string, change func(map[string]any)) (any, error) {
	t.Helper()
	return h.read(h.changed(t, key, change))
}

func (h messageCheck) changed(t *testing.T, key string, change func(map[string]any)) []byte {
	t.Helper()
	members := h.members(t)
	change(members)
	if key == "" {
		return marshal(t, members)
	}
	body, err := wantu.Encode(members, key)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func (h messageCheck) members(t *testing.T) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(h.body))
	decoder.UseNumber()
	members := map[string]any{}
	if err := decoder.Decode(&members); err != nil {
		t.Fatal(err)
	}
	return members
}

// text returns the text of a field, and whether it is an object or a list.
func (h messageCheck) text(t *testing.T, path string) (text string, nested bool) {
	t.Helper()
	inner, name := innerObject(h.members(t), path)
	switch value := inner[name].(type) {
	case nil:
		return "", false
	case map[string]any, []any:
		return "", true
	default:
		return fmt.Sprint(value), false
	}
}

// innerObject returns the object that has the last name of a path. In a list it is the
// last element.
func innerObject(members map[string]any, path string) (inner map[string]any, name string) {
	outer, name, nested := strings.Cut(path, ".")
	if !nested {
		return members, path
	}
	if rows, is := members[outer].([]any); is && len(rows) > 0 {
		inner, _ = rows[len(rows)-1].(map[string]any)
		return inner, name
	}
	inner, _ = members[outer].(map[string]any)
	return inner, name
}

func lastOf(path string) string { return path[strings.LastIndex(path, ".")+1:] }

// changeField gives a field another text. A number stays a number.
func changeField(path string) func(map[string]any) {
	return func(members map[string]any) {
		inner, name := innerObject(members, path)
		if number, is := inner[name].(json.Number); is {
			inner[name] = json.Number(otherText(number))
			return
		}
		inner[name] = otherText(inner[name])
	}
}

func removeField(path string) func(map[string]any) {
	return func(members map[string]any) {
		inner, name := innerObject(members, path)
		delete(inner, name)
	}
}

// otherText returns another valid text: with another last digit, or with one more letter.
func otherText(value any) string {
	text := fmt.Sprint(value)
	last := text[len(text)-1]
	switch {
	case text == "-1": // the type of a refund: only 1 is also valid
		return "1"
	case last >= '1' && last <= '9':
		return text[:len(text)-1] + string(last-1)
	case last == '0':
		return text[:len(text)-1] + "1"
	default:
		return text + "x"
	}
}

// renamed returns the check of a message that has another name for a field.
func (h messageCheck) renamed(t *testing.T, from, to string) messageCheck {
	t.Helper()
	h.body = h.changed(t, sandbox.DefaultKey, func(members map[string]any) {
		inner, name := innerObject(members, from)
		inner[lastOf(to)] = inner[name]
		delete(inner, name)
	})
	var err error
	if h.response, err = h.read(h.body); err != nil {
		t.Fatal(err)
	}
	return h
}

// checkField changes and removes a text or a number.
func (h messageCheck) checkField(t *testing.T, path string) string {
	t.Helper()
	words := append(h.checkValue(t, path), h.checkSigned(t, path, changeField(path)))
	return strings.Join(append(words, h.checkMissing(t, path)), ", ")
}

// checkValue checks that the client returns the text of the field. If the text changes,
// the client must return the new text or ErrMismatch.
func (h messageCheck) checkValue(t *testing.T, path string) (words []string) {
	t.Helper()
	text, _ := h.text(t, path)
	inner, prefix, name := member(h.response, path)
	field := goName(inner, name)
	if field != "" {
		words = append(words, "`"+prefix+field+"`")
		if got, want := textOf(goValue(inner, name)), readByClient(path, text); got != want {
			t.Errorf("the client reads %q, want %q", got, want)
		}
	}
	response, err := h.resend(t, sandbox.DefaultKey, changeField(path))
	switch {
	case errors.Is(err, wantu.ErrMismatch):
		return append(words, "compared "+h.compared)
	case h.mustMatch(path):
		t.Errorf("another text: %v, want ErrMismatch", err)
	case err != nil:
		t.Errorf("another text: %v", err)
		return nil
	case field == "" && path == "return_msg" && reflect.DeepEqual(response, h.response):
		return []string{"not read"}
	}
	after, _, _ := member(response, path)
	if got, want := textOf(goValue(after, name)), readByClient(path, otherText(text)); got != want {
		t.Errorf("the client reads %q, want %q", got, want)
	}
	return words
}

// readByClient returns a text as the client returns it: in the URL of a page the client
// escapes the subject.
func readByClient(path, text string) string {
	if path != "url" {
		return text
	}
	return strings.ReplaceAll(text, "票", "%E7%A5%A8")
}

// mustMatch reports whether the field must be the same as in the request.
func (h messageCheck) mustMatch(path string) bool {
	switch path {
	case "parameters.appId", "merchant_account":
		return true
	case "store_account", "out_trade_no", "trade_id", "out_refund_no",
		"total_fee", "fee_type", "refund_fee", "refund_fee_type", "refund_fee=type":
		return h.sent.Has(strings.ReplaceAll(path, "=", "_"))
	default:
		return false
	}
}

// checkSigned changes the message but not its signature. No signature covers the contents
// of an object or a list.
func (h messageCheck) checkSigned(t *testing.T, path string, change func(map[string]any)) string {
	t.Helper()
	_, nested := h.text(t, path)
	nested = nested || strings.Contains(path, ".")
	_, err := h.resend(t, "", change)
	if got := errors.Is(err, wantu.ErrSignature); got == nested {
		t.Errorf("under the old signature: %v, ErrSignature: %v, want %v", err, got, !nested)
	}
	if nested {
		return "not signed"
	}
	return "signed"
}

// checkMissing removes the field.
func (h messageCheck) checkMissing(t *testing.T, path string) string {
	t.Helper()
	response, err := h.resend(t, sandbox.DefaultKey, removeField(path))
	if errors.Is(err, wantu.ErrMalformed) {
		return "required"
	}
	outer, _, nested := strings.Cut(path, ".")
	if err != nil || nested && outer != "order_list" {
		t.Errorf("without it: %v", err) // the parameters for a wallet are all required
		return ""
	}
	inner, _, name := member(response, path)
	if value := goValue(inner, name); value != nil && !reflect.ValueOf(value).IsZero() {
		t.Errorf("without it: %v", value)
	}
	return "may be missing"
}

// checkContainer sends an object or a list as a text, changes it and removes it. Its
// contents have their own rows.
func (h messageCheck) checkContainer(t *testing.T, path string) string {
	t.Helper()
	name := path
	if path == "data" {
		name = "parameters"
	}
	if value := goValue(h.response, name); value == nil || reflect.ValueOf(value).IsZero() {
		t.Errorf("the client does not read it")
	}
	response, err := h.resend(t, sandbox.DefaultKey, func(members map[string]any) {
		members[path] = string(marshal(t, members[path]))
	})
	if err != nil || !reflect.DeepEqual(response, h.response) {
		t.Errorf("as a text: %v", err)
	}
	words := []string{"`" + goName(h.response, name) + "`", "also as a text", h.checkSigned(t, path, removeField(path)), h.checkMissing(t, path)}
	return strings.Join(words, ", ")
}
