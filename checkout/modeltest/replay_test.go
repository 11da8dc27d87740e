package modeltest

import (
	"context"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestARunIsTheSameTwice makes runs twice from the same draws, and holds that
// both do the same, call by call: a failure can be had again from its seed.
func TestARunIsTheSameTwice(t *testing.T) {
	t.Parallel()
	const runs = 12
	for name, p := range map[string]profile{"anything": anything, "refunds": refunds, "late and twice": lateAndTwice} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := onSQLite(t)
			for seed := range uint64(runs) {
				t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
					first, second := p.did(t, open, seed), p.did(t, open, seed)
					if len(first) < 20 {
						t.Fatalf("the run did hardly anything: %q", first)
					}
					for i := range max(len(first), len(second)) {
						if one, other := at(first, i), at(second, i); one != other {
							t.Fatalf("step %d of %d was %q, and then %q", i, len(first), one, other)
						}
					}
				})
			}
		})
	}
}

// inOrder runs goroutines one after the other, each with a task of its own, in the
// order of their names.
func inOrder(ts *threads, do func(name string), names ...string) {
	for _, name := range names {
		done := make(chan struct{})
		go func() {
			defer close(done)
			ts.begin(name)
			do(name)
		}()
		<-done
	}
}

// TestRandomBitsDoNotDependOnWhoIsFirst: Go lets goroutines that wake at one
// moment run in any order.
func TestRandomBitsDoNotDependOnWhoIsFirst(t *testing.T) {
	t.Parallel()
	drawn := func(names ...string) map[string][4]byte {
		all, ts := map[string][4]byte{}, &threads{}
		inOrder(ts, func(name string) {
			var bits [4]byte
			if _, err := ts.Read(bits[:]); err != nil {
				t.Error(err)
			}
			all[name] = bits
		}, names...)
		return all
	}
	one, other := drawn("a", "b"), drawn("b", "a")
	if !maps.Equal(one, other) || one["a"] == one["b"] {
		t.Errorf("a before b: %v, b before a: %v", one, other)
	}
}

// TestWaitingCallsStandInOneOrder: calls of one name are told apart by who makes
// them, and not by who came first.
func TestWaitingCallsStandInOneOrder(t *testing.T) {
	t.Parallel()
	waiting := func(names ...string) (order []string) {
		g := &gate{}
		l := &life{gate: g}
		inOrder(&g.threads, func(string) {
			c := &call{life: l, thread: g.threads.of(context.Background(), "Session"), name: "Session"}
			c.thread.task = "sweep"
			g.park(c)
		}, names...)
		for _, c := range g.waiting() {
			order = append(order, c.thread.name)
		}
		return order
	}
	if one, other := waiting("a", "b"), waiting("b", "a"); !slices.Equal(one, other) {
		t.Errorf("a before b: %v, b before a: %v", one, other)
	}
}

// at returns a line, or "" after the last.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// did makes one run from draws that a seed gives, and returns what it did.
func (p profile) did(t *testing.T, open opener, seed uint64) (did []string) {
	t.Helper()
	draws := make([]byte, 8<<17) // more than a run takes
	source := rand.New(rand.NewPCG(seed, 0))
	for i := 0; i < len(draws); i += 8 {
		binary.LittleEndian.PutUint64(draws[i:], source.Uint64())
	}
	rapid.MakeFuzz(func(rt *rapid.T) { did = p.run(rt, open, newRecord(t)).lines() })(t, draws)
	return did
}
