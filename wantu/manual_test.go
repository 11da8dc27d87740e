package wantu_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// sameJSON compares the JSON of a value with the JSON from a file.
func sameJSON(t *testing.T, got any, want json.RawMessage) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	first, _ := json.Marshal(a)
	second, _ := json.Marshal(b)
	if string(first) != string(second) {
		t.Errorf("got\n%s, want\n%s", first, second)
	}
}

// TestManualExamples: the client reads the answers that the manual prints. The test signs
// them.
func TestManualExamples(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range examples(t) {
		seen[e.Endpoint] = true
		t.Run(e.Section, func(t *testing.T) {
			t.Parallel()
			config := e.config()
			config.HTTPClient = alwaysAnswers(200, string(e.Answer), nil)
			response, err := methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, response, e.Want)
		})
	}
	if all := slices.Collect(maps.Keys(methods())); len(all) != 13 || len(seen) != len(all) {
		t.Errorf("%d of %d endpoints have an example", len(seen), len(all))
	}
}

func TestManualNotification(t *testing.T) {
	t.Parallel()
	for _, e := range readTestdata[[]example](t, "manual.json") {
		if e.Endpoint == "notification" {
			n, err := newClient(t, e.config()).ParseNotification(e.Answer)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, n, e.Want)
			return
		}
	}
	t.Error("manual.json has no notification")
}

// TestPageURLsAreEncodedAsInABrowser: the manual's url contains the unescaped subject.
func TestPageURLsAreEncodedAsInABrowser(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]struct{ Name, URL, Want string }](t, "page.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			body, err := wantu.Encode(map[string]any{"return_code": 200, "url": v.URL}, canary)
			if err != nil {
				t.Fatal(err)
			}
			client := newClient(t, wantu.Config{HTTPClient: alwaysAnswers(200, string(body), nil)})
			page, err := client.Web(context.Background(), webRequest())
			if page.URL != v.Want || (err != nil) != (v.Want == "") {
				t.Errorf("got %q, %v, want %q", page.URL, err, v.Want)
			}
		})
	}
}
