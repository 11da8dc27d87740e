package wantu_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// same compares what was read with what a file holds, through JSON: decimals
// and times count as they are written there.
func same(t *testing.T, got any, want json.RawMessage) {
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

// TestManualExamples: the manual's answers, as printed but signed, decode to
// the right values.
func TestManualExamples(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, e := range examples(t) {
		seen[e.Endpoint] = true
		t.Run(e.Section, func(t *testing.T) {
			t.Parallel()
			config := e.config()
			config.HTTPClient = always(200, string(e.Answer), nil)
			response, err := methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
			if err != nil {
				t.Fatal(err)
			}
			same(t, response, e.Want)
		})
	}
	if all := slices.Collect(maps.Keys(methods())); len(all) != 13 || len(seen) != len(all) {
		t.Errorf("%d of %d endpoints have an example", len(seen), len(all))
	}
}

func TestManualNotification(t *testing.T) {
	t.Parallel()
	for _, e := range read[[]example](t, "manual.json") {
		if e.Endpoint == "notification" {
			n, err := newClient(t, e.config()).ParseNotification(e.Answer)
			if err != nil {
				t.Fatal(err)
			}
			same(t, n, e.Want)
			return
		}
	}
	t.Error("manual.json holds no notification")
}

// TestPagesAreTakenAsABrowserWould: the subject stands raw in the manual's url.
func TestPagesAreTakenAsABrowserWould(t *testing.T) {
	t.Parallel()
	for _, v := range read[[]struct{ Name, URL, Want string }](t, "page.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			body, err := wantu.Encode(map[string]any{"return_code": 200, "url": v.URL}, canary)
			if err != nil {
				t.Fatal(err)
			}
			client := newClient(t, wantu.Config{HTTPClient: always(200, string(body), nil)})
			page, err := client.Web(context.Background(), webRequest())
			if page.URL != v.Want || (err != nil) != (v.Want == "") {
				t.Errorf("got %q, %v, want %q", page.URL, err, v.Want)
			}
		})
	}
}
