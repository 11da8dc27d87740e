package wantu_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// tampered returns changed messages as JSON. In each of them one signed field is changed,
// removed, added, renamed or repeated.
func tampered(t testing.TB, fields wantu.Fields, sign string) map[string]string {
	t.Helper()
	bodies := map[string]string{}
	write := func(what string, fields wantu.Fields, more string) {
		bodies[what] = strings.TrimSuffix(signedJSON(t, fields, sign), "}") + more + "}"
	}
	longest := 0
	for name, value := range fields {
		longest = max(longest, len(name))
		for what, other := range map[string]string{
			"longer": value + "0", "shorter": value[:len(value)-1], "changed": "x" + value, "empty": "",
		} {
			changed := maps.Clone(fields)
			changed[name] = strings.ToValidUTF8(other, "")
			write(name+" "+what, changed, "")
		}
		missing := maps.Clone(fields)
		delete(missing, name)
		write(name+" missing", missing, "")
		missing[name+"_"] = value
		write(name+" renamed", missing, "")
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		write(name+" twice", fields, fmt.Sprintf(`,%s:""`, quoted))
		write(name+" nested", missing, fmt.Sprintf(`,%s:{"a":1}`, quoted))
	}
	added := maps.Clone(fields)
	added[strings.Repeat("z", longest+1)] = "1" // a name that the message does not have
	write("one added", added, "")
	return bodies
}

func signedJSON(t testing.TB, fields wantu.Fields, sign string) string {
	t.Helper()
	object := map[string]string{"sign": sign}
	maps.Copy(object, fields)
	body, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// checkNothingElseVerifies checks that a message verifies, and no changed message does.
func checkNothingElseVerifies(t testing.TB, fields wantu.Fields, key string) {
	t.Helper()
	sign := wantu.Sign(fields, key)
	if message, err := wantu.Decode([]byte(signedJSON(t, fields, sign))); err != nil || message.Verify(key) != nil {
		t.Errorf("%v does not verify: %v", fields, err)
	}
	for what, body := range tampered(t, fields, sign) {
		message, err := wantu.Decode([]byte(body))
		if err == nil && message.Verify(key) == nil {
			t.Errorf("%s verifies: %s", what, body)
		}
	}
}

// TestChangedMessagesDoNotVerify: a message with a changed, missing or repeated field does
// not verify.
func TestChangedMessagesDoNotVerify(t *testing.T) {
	t.Parallel()
	for _, e := range readTestdata[[]example](t, "manual.json") {
		t.Run(e.Section, func(t *testing.T) {
			t.Parallel()
			message, err := wantu.Decode(e.Answer)
			if err != nil {
				t.Fatal(err)
			}
			checkNothingElseVerifies(t, message.Fields(), canary)
		})
	}
}

// FuzzSign does the same as TestChangedMessagesDoNotVerify with any values that this
// package sends.
func FuzzSign(f *testing.F) {
	f.Add("total_fee", "100", "subject", "票", "key")
	f.Add("a", "b", "A1", "0.10", canary)
	f.Add("attach", "k=v", "zz", "1", "k")
	f.Fuzz(func(t *testing.T, name, value, second, other, key string) {
		texts := []string{name, value, second, other, key}
		// With & or = the same signed string could be read as other fields. So this
		// package sends neither where it may choose.
		if slices.Contains(texts, "") || strings.ContainsAny(strings.Join(texts, ""), "&=") {
			t.Skip()
		}
		fields := wantu.Fields{name: value, second: other}
		if _, err := wantu.Decode([]byte(signedJSON(t, fields, "x"))); err != nil || len(fields) < 2 || fields["sign"] != "" {
			t.Skip() // the names differ only in case
		}
		for _, text := range texts {
			if strings.ToValidUTF8(text, "") != text {
				t.Skip()
			}
		}
		checkNothingElseVerifies(t, fields, key)
	})
}
