package sandbox_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// faultCases returns bodies for POST /sandbox/faults with the fields of the fault that is
// set, or with the name of the wrong field.
func faultCases(t testing.TB) []struct {
	Fault json.RawMessage
	Set   map[string]any
	Wrong string
} {
	t.Helper()
	var cases []struct {
		Fault json.RawMessage
		Set   map[string]any
		Wrong string
	}
	raw, err := os.ReadFile("testdata/faults.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestFaultsAreCheckedAndCompleted(t *testing.T) {
	t.Parallel()
	for _, c := range faultCases(t) {
		s := start(t, sandbox.Config{})
		status, body := serve(t, s, "POST", "/sandbox/faults", string(c.Fault))
		answer := decode[map[string]any](t, body)
		if c.Wrong != "" {
			if status != http.StatusBadRequest || answer["field"] != c.Wrong || !strings.Contains(body, c.Wrong) {
				t.Errorf("%s: status %d, %s, want 400 and %s", c.Fault, status, body, c.Wrong)
			}
			continue
		}
		for name, want := range c.Set {
			if answer[name] != want {
				t.Errorf("%s: %s is %v, want %v", c.Fault, name, answer[name], want)
			}
		}
		if status != http.StatusCreated || answer["id"] != "f1" {
			t.Errorf("%s: status %d, %s", c.Fault, status, body)
		}
		_, list := serve(t, s, "GET", "/sandbox/faults", "")
		if list != "["+strings.TrimSpace(body)+"]\n" {
			t.Errorf("set as %s, listed as %s", body, list)
		}
	}
}

func TestFaultBodiesThatAreNotFaults(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	for body, want := range map[string]int{
		"": 400, "[]": 400, "null": 400, `{"kind":"cut"} {}`: 400, `{"kind":"cut","kind":"late"}`: 400,
		`{"kind":"cut","Kind":"late"}`: 400, strings.Repeat(`{"a":`, 10_000): 400,
		`{"kind":"` + strings.Repeat("x", 70_000) + `"}`: 413,
	} {
		if status, answer := serve(t, s, "POST", "/sandbox/faults", body); status != want {
			t.Errorf("%.40s: status %d, want %d: %s", body, status, want, answer)
		}
	}
	if set := s.Faults(); len(set) != 0 {
		t.Errorf("set %+v", set)
	}
}

func TestFaultInGo(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	_, err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultLate})
	var field *wantu.FieldError
	if !errors.As(err, &field) || field.Field != "delay" {
		t.Errorf("error %v, want one about delay", err)
	}
	set, err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultLate, Delay: time.Second, Times: 2})
	if err != nil || set.ID != "f1" || set.When != sandbox.After || set.On != sandbox.OnAnswer {
		t.Errorf("set %+v, %v", set, err)
	}
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	if back := decode[sandbox.Fault](t, string(raw)); back != set {
		t.Errorf("%s is read as %+v", raw, back)
	}
	var none sandbox.Fault
	if err := json.Unmarshal([]byte(`{"kind":1,"rain":2}`), &none); !errors.As(err, &field) || field.Field != "rain" {
		t.Errorf("error %v, want one about rain", err)
	}
}

func TestFaultsAreRemoved(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	for range 3 {
		serve(t, s, "POST", "/sandbox/faults", `{"kind":"drop"}`)
	}
	for _, step := range []struct {
		path         string
		status, left int
	}{
		{"/f2", 204, 2}, {"/f2", 404, 2}, {"/f1", 204, 1}, {"", 204, 0}, {"", 204, 0},
	} {
		status, body := serve(t, s, "DELETE", "/sandbox/faults"+step.path, "")
		if left := s.Faults(); status != step.status || len(left) != step.left {
			t.Errorf("%s: status %d, %d left, want %d and %d: %s", step.path, status, len(left), step.status, step.left, body)
		}
	}
	if err := s.RemoveFault("f3"); !errors.Is(err, sandbox.ErrUnknownFault) {
		t.Errorf("error %v", err)
	}
}

func TestNumberOfFaultsIsLimited(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	if _, err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultRefuse, Times: 1}); err != nil {
		t.Fatal(err)
	}
	for range 99 {
		if _, err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultDrop}); err != nil {
			t.Fatal(err)
		}
	}
	if status, body := serve(t, s, "POST", "/sandbox/faults", `{"kind":"drop"}`); status != http.StatusConflict {
		t.Errorf("status %d for one too many: %s", status, body)
	}
	callEndpoint(t, s, "query", nil) // after this f1 is spent
	f, err := s.AddFault(sandbox.Fault{Kind: sandbox.FaultDrop})
	if all := s.Faults(); err != nil || f.ID != "f101" || len(all) != 100 || all[0].ID != "f2" {
		t.Errorf("%+v, %v, %d faults", f, err, len(all))
	}
}

func FuzzFaultBody(f *testing.F) {
	for _, c := range faultCases(f) {
		f.Add([]byte(c.Fault))
	}
	f.Add([]byte(`{"kind":"late","delay":"9999999h","times":1e3}`))
	f.Add([]byte("\xff{"))
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, body []byte) {
		status, answer := serve(t, s, "POST", "/sandbox/faults", string(body))
		if status != http.StatusCreated && (status < 400 || status > 499) {
			t.Errorf("status %d: %s", status, answer)
		}
		for _, set := range s.Faults() {
			if again, err := s.AddFault(set); err != nil || again.Kind != set.Kind {
				t.Errorf("%+v cannot be set again: %v", set, err)
			}
		}
		s.ClearFaults()
	})
}
