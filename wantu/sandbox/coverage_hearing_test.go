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

// hearing is a message to the client that can be changed on its way.
type hearing struct {
	body     []byte // as the sandbox sent it
	response any    // what the client made of that
	read     func(body []byte) (any, error)
	compared string        // with what the client compares it
	sent     wantu.Message // of a call
}

// again changes the message and signs it anew under key; without a key the old
// signature stays.
func (h hearing) again(t *testing.T, key string, change func(map[string]any)) (any, error) {
	t.Helper()
	return h.read(h.changed(t, key, change))
}

func (h hearing) changed(t *testing.T, key string, change func(map[string]any)) []byte {
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

func (h hearing) members(t *testing.T) map[string]any {
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
func (h hearing) text(t *testing.T, path string) (text string, nested bool) {
	t.Helper()
	inner, name := within(h.members(t), path)
	switch value := inner[name].(type) {
	case nil:
		return "", false
	case map[string]any, []any:
		return "", true
	default:
		return fmt.Sprint(value), false
	}
}

// within finds the object that a path leads into: in a list, the last.
func within(members map[string]any, path string) (inner map[string]any, name string) {
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

// changing gives a field another text and leaves its kind.
func changing(path string) func(map[string]any) {
	return func(members map[string]any) {
		inner, name := within(members, path)
		if number, is := inner[name].(json.Number); is {
			inner[name] = json.Number(otherText(number))
			return
		}
		inner[name] = otherText(inner[name])
	}
}

func removing(path string) func(map[string]any) {
	return func(members map[string]any) {
		inner, name := within(members, path)
		delete(inner, name)
	}
}

// otherText is another text that is as good: another last digit, or one letter
// more.
func otherText(value any) string {
	text := fmt.Sprint(value)
	last := text[len(text)-1]
	switch {
	case text == "-1": // the type of a refund, which has no other neighbour
		return "1"
	case last >= '1' && last <= '9':
		return text[:len(text)-1] + string(last-1)
	case last == '0':
		return text[:len(text)-1] + "1"
	default:
		return text + "x"
	}
}

// renamed returns the hearing of a message that spells a name otherwise.
func (h hearing) renamed(t *testing.T, from, to string) hearing {
	t.Helper()
	h.body = h.changed(t, sandbox.DefaultKey, func(members map[string]any) {
		inner, name := within(members, from)
		inner[lastOf(to)] = inner[name]
		delete(inner, name)
	})
	var err error
	if h.response, err = h.read(h.body); err != nil {
		t.Fatal(err)
	}
	return h
}

// field changes a text or a number, and leaves it out.
func (h hearing) field(t *testing.T, path string) string {
	t.Helper()
	words := append(h.follows(t, path), h.signed(t, path, changing(path)))
	return strings.Join(append(words, h.needed(t, path)), ", ")
}

// follows shows that the client has the text, and that it has another when the
// message has: or else that it refuses it.
func (h hearing) follows(t *testing.T, path string) (words []string) {
	t.Helper()
	text, _ := h.text(t, path)
	inner, prefix, name := member(h.response, path)
	field := goName(inner, name)
	if field != "" {
		words = append(words, "`"+prefix+field+"`")
		if got, want := textOf(goValue(inner, name)), handedOn(path, text); got != want {
			t.Errorf("the client reads %q, want %q", got, want)
		}
	}
	response, err := h.again(t, sandbox.DefaultKey, changing(path))
	switch {
	case errors.Is(err, wantu.ErrMismatch):
		return append(words, "compared "+h.compared)
	case h.decides(path):
		t.Errorf("another text: %v, want ErrMismatch", err)
	case err != nil:
		t.Errorf("another text: %v", err)
		return nil
	case field == "" && path == "return_msg" && reflect.DeepEqual(response, h.response):
		return []string{"not read"}
	}
	after, _, _ := member(response, path)
	if got, want := textOf(goValue(after, name)), handedOn(path, otherText(text)); got != want {
		t.Errorf("the client reads %q, want %q", got, want)
	}
	return words
}

// handedOn is a text as the client hands it on: a page's address has the
// subject in it as a browser would send it.
func handedOn(path, text string) string {
	if path != "url" {
		return text
	}
	return strings.ReplaceAll(text, "票", "%E7%A5%A8")
}

// decides reports whether the field says what the answer is about, so that it
// must agree with what was sent.
func (h hearing) decides(path string) bool {
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

// signed changes the message under its old signature. No signature covers what
// is in an object or a list.
func (h hearing) signed(t *testing.T, path string, change func(map[string]any)) string {
	t.Helper()
	_, nested := h.text(t, path)
	nested = nested || strings.Contains(path, ".")
	_, err := h.again(t, "", change)
	if got := errors.Is(err, wantu.ErrSignature); got == nested {
		t.Errorf("under the old signature: %v, ErrSignature: %v, want %v", err, got, !nested)
	}
	if nested {
		return "not signed"
	}
	return "signed"
}

// needed leaves the field out.
func (h hearing) needed(t *testing.T, path string) string {
	t.Helper()
	response, err := h.again(t, sandbox.DefaultKey, removing(path))
	if errors.Is(err, wantu.ErrMalformed) {
		return "required"
	}
	outer, _, nested := strings.Cut(path, ".")
	if err != nil || nested && outer != "order_list" {
		t.Errorf("without it: %v", err) // a wallet needs all of its parameters
		return ""
	}
	inner, _, name := member(response, path)
	if value := goValue(inner, name); value != nil && !reflect.ValueOf(value).IsZero() {
		t.Errorf("without it: %v", value)
	}
	return "may be missing"
}

// container sends an object or a list as it is, as a text that holds it, and
// not at all. What is in it has rows of its own.
func (h hearing) container(t *testing.T, path string) string {
	t.Helper()
	name := path
	if path == "data" {
		name = "parameters"
	}
	if value := goValue(h.response, name); value == nil || reflect.ValueOf(value).IsZero() {
		t.Errorf("the client does not read it")
	}
	response, err := h.again(t, sandbox.DefaultKey, func(members map[string]any) {
		members[path] = string(marshal(t, members[path]))
	})
	if err != nil || !reflect.DeepEqual(response, h.response) {
		t.Errorf("as a text: %v", err)
	}
	words := []string{"`" + goName(h.response, name) + "`", "also as a text", h.signed(t, path, removing(path)), h.needed(t, path)}
	return strings.Join(words, ", ")
}
