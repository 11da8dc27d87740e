package store_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// TestPayloadsTellEachID checks that the payloads of many ids are small enough for
// PostgreSQL, and that their receiver is told of each id once.
func TestPayloadsTellEachID(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for i := range 1000 {
		want[fmt.Sprintf("cs_%026d", i)] = true
	}
	all, got := store.Payloads(want), map[string]bool{}
	if len(all) != 4 {
		t.Errorf("%d payloads, want 4", len(all))
	}
	for _, payload := range all {
		if len(payload) >= 8000 {
			t.Errorf("a payload has %d bytes, and PostgreSQL refuses 8000", len(payload))
		}
		store.TellChanged(payload, func(id string) {
			if got[id] {
				t.Errorf("%s is told twice", id)
			}
			got[id] = true
		})
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d ids are told, want %d", len(got), len(want))
	}
}

// TestPayloadOfAnySession checks that "any session" stands for all ids.
func TestPayloadOfAnySession(t *testing.T) {
	t.Parallel()
	var told []string
	for _, payload := range store.Payloads(map[string]bool{"*": true, "cs_1": true}) {
		store.TellChanged(payload, func(id string) { told = append(told, id) })
	}
	if len(told) != 1 || told[0] != "" {
		t.Errorf("told %q, want only the empty id", told)
	}
}
