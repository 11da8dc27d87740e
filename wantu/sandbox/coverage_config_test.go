package sandbox_test

import (
	"crypto/md5"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// checkAccount checks an account number. The client and the sandbox have it from their
// configuration.
func (c *coverage) checkAccount(t *testing.T, p probe, b *bench) (client, wire string) {
	t.Helper()
	name := goName(wantu.Config{}, c.field.Name)
	longest := strings.Repeat("a", c.field.Max)
	at := p.accepted(t, func(served *sandbox.Config, calling *wantu.Config) {
		*served, *calling = with(*served, name, longest), with(*calling, name, longest)
	})
	if got := at.sent.Text(c.field.Name); got != longest {
		t.Errorf("the client sends %q", got)
	}
	for _, wrong := range []string{"", longest + "a"} {
		if _, err := wantu.New(with(clientConfig(&replay{}), name, wrong)); !namesField(err, name) {
			t.Errorf("%d characters: %v, want a FieldError for %s", len(wrong), err, name)
		}
	}
	if code, desc := b.refusal(t, c.endpoint, put(c.field.Name, "HKG1")); code != "302" || desc != c.field.Name {
		t.Errorf("another account: %s %s", code, desc)
	}
	client = fmt.Sprintf("`Config.%s`, required, at most %d characters", name, c.field.Max)
	return client, c.sandboxWithout(t, p, b) + ", 302 if it is another account"
}

// checkClientValue checks a field that the client sets by itself.
func (c *coverage) checkClientValue(t *testing.T, b *bench) string {
	t.Helper()
	want := map[string]struct{ text, cell string }{
		"send_time": {gatewayTime(fixedTime()), "`Config.Now` in UTC+8"},
		"version":   {"1.0", "always 1.0"},
	}[c.field.Name]
	if got := b.sent.Text(c.field.Name); got != want.text || got == "" {
		t.Errorf("the client sends %q, want %q", got, want.text)
	}
	return want.cell
}

// checkSignature checks that the client signs its requests, and that the sandbox verifies
// them.
func (c *coverage) checkSignature(t *testing.T, b *bench) (client, wire string) {
	t.Helper()
	fields := b.sent.Fields()
	if got, want := b.sent.Text("sign"), signedByHand(fields, sandbox.DefaultKey); got != want {
		t.Errorf("the client signs %s, want %s", got, want)
	}
	post := func(sign string) string {
		t.Helper()
		body := maps.Clone(fields)
		if sign != "" {
			body["sign"] = sign
		}
		_ = b.post(c.endpoint, marshal(t, body)).Body.Close()
		if got := b.answer.Text("return_desc"); got != "sign" {
			t.Errorf("return_desc names %q", got)
		}
		return b.answer.Text("return_code")
	}
	if code := post(""); code != "303" {
		t.Errorf("without it: %s", code)
	}
	for _, wrong := range []string{signedByHand(fields, "another key"), signedByHand(fields, ""), "x"} {
		if code := post(wrong); code != "301" {
			t.Errorf("wrong: %s", code)
		}
	}
	return "made with `Config.Key`", "303 if missing, 301 if wrong"
}

// signedByHand returns the signature of manual 1.3. It does not use the client's code.
func signedByHand(fields wantu.Fields, key string) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text.WriteString(name + "=" + fields[name] + "&")
	}
	return fmt.Sprintf("%X", md5.Sum([]byte(text.String()+"key="+key)))
}
