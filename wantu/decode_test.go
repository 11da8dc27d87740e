package wantu_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

func TestDecodeVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]decodeVector](t, "decode.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			message, err := wantu.Decode(v.bytes(t))
			if v.Refused {
				if !errors.Is(err, wantu.ErrMalformed) {
					t.Errorf("error %v, want ErrMalformed", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range v.Text {
				if got := message.Text(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestDecodeBounds(t *testing.T) {
	t.Parallel()
	fits := `{"a":"` + strings.Repeat("x", wantu.MaxBody-8) + `"}`
	if _, err := wantu.Decode([]byte(fits)); err != nil {
		t.Errorf("%d bytes: %v", len(fits), err)
	}
	for name, body := range map[string]string{
		"one byte too many":     fits[:6] + "x" + fits[6:],
		"10 MB":                 `{"a":"` + strings.Repeat("x", 10<<20) + `"}`,
		"10000 levels":          strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"10000 open arrays":     strings.Repeat("[", 10_000),
		"many names, one twice": `{` + manyNames(6000) + `"n1":0}`,
	} {
		if _, err := wantu.Decode([]byte(body)); !errors.Is(err, wantu.ErrMalformed) {
			t.Errorf("%s: error %v, want ErrMalformed", name, err)
		}
	}
}

func manyNames(n int) string {
	var names strings.Builder
	for i := range n {
		fmt.Fprintf(&names, `"n%d":0,`, i)
	}
	return names.String()
}

func TestMessageObject(t *testing.T) {
	t.Parallel()
	message, err := wantu.Decode([]byte(`{"o":{"a":1},"s":"{\"a\":2}","l":[1],"n":null,"t":"text","d":"{\"a\":1,\"a\":1}","x":5}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"o": "1", "s": "2"} {
		object, err := message.Object(name)
		if err != nil || object.Text("a") != want {
			t.Errorf("%s: a is %q, %v, want %q", name, object.Text("a"), err, want)
		}
	}
	for _, name := range []string{"l", "n", "t", "d", "x", "missing"} {
		if _, err := message.Object(name); !errors.Is(err, wantu.ErrMalformed) {
			t.Errorf("%s: error %v, want ErrMalformed", name, err)
		}
	}
}

// FuzzDecode compares Decode with encoding/json: encoding/json accepts what Decode
// accepts, and reads the same texts.
func FuzzDecode(f *testing.F) {
	for _, v := range readTestdata[[]decodeVector](f, "decode.json") {
		f.Add(v.bytes(f))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		message, err := wantu.Decode(body)
		if err != nil {
			return
		}
		var members map[string]any
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		if err := decoder.Decode(&members); err != nil {
			t.Fatalf("accepted, although encoding/json returns %v", err)
		}
		for name, member := range members {
			want := ""
			switch member := member.(type) {
			case string:
				want = member
			case json.Number:
				want = member.String()
			case bool:
				want = map[bool]string{true: "true", false: "false"}[member]
			}
			if got := message.Text(name); got != want {
				t.Errorf("%q is %q, want %q", name, got, want)
			}
		}
	})
}

// FuzzVerify: a message verifies under its key and not under another one, also after it
// is encoded again.
func FuzzVerify(f *testing.F) {
	for _, v := range readTestdata[signVectors](f, "sign.json").Vectors {
		f.Add([]byte(v.Body), canary)
	}
	f.Fuzz(func(t *testing.T, body []byte, key string) {
		message, err := wantu.Decode(body)
		if err != nil || key == "" {
			return
		}
		fields := message.Fields()
		sign := wantu.Sign(fields, key)
		if !wantu.Verify(fields, sign, key) || wantu.Verify(fields, sign, key+"x") {
			t.Error("Sign and Verify disagree")
		}
		object := map[string]any{}
		for name, text := range fields {
			object[name] = text
		}
		encoded, err := wantu.Encode(object, key)
		if err != nil {
			if !errors.Is(err, wantu.ErrMalformed) { // for example, Encode adds "sign" beside a "Sign"
				t.Error(err)
			}
			return
		}
		again, err := wantu.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Verify(key); err != nil || again.Text("sign") != sign {
			t.Errorf("encoded again: %v", err)
		}
	})
}
