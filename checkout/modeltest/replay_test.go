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

// TestRunsAreReproducible makes runs twice from the same draws, and checks that both have
// the same log. So a seed reproduces a failure.
func TestRunsAreReproducible(t *testing.T) {
	t.Parallel()
	const runs = 12
	for name, p := range map[string]profile{"anything": anythingProfile, "refunds": refundsProfile, "late and twice": lateProfile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := onSQLite(t)
			for seed := range uint64(runs) {
				t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
					first, second := p.runLog(t, open, seed), p.runLog(t, open, seed)
					if len(first) < 20 {
						t.Fatalf("the log of the run is too short: %q", first)
					}
					for i := range max(len(first), len(second)) {
						if line, other := lineAt(first, i), lineAt(second, i); line != other {
							t.Fatalf("line %d of %d is %q, and %q in the second run", i, len(first), line, other)
						}
					}
				})
			}
		})
	}
}

// runInOrder runs a goroutine for each name, one after the other. Each has its own task.
func runInOrder(ts *threads, do func(name string), names ...string) {
	for _, name := range names {
		done := make(chan struct{})
		go func() {
			defer close(done)
			ts.startTask(name)
			do(name)
		}()
		<-done
	}
}

// TestRandomBitsDoNotDependOnGoroutineOrder checks that a goroutine gets the same random
// bits in any order, because Go wakes goroutines in any order.
func TestRandomBitsDoNotDependOnGoroutineOrder(t *testing.T) {
	t.Parallel()
	drawn := func(names ...string) map[string][4]byte {
		all, ts := map[string][4]byte{}, &threads{}
		runInOrder(ts, func(name string) {
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

// TestOrderOfWaitingCalls checks that calls of one name are sorted by their thread, and
// not by which came first.
func TestOrderOfWaitingCalls(t *testing.T) {
	t.Parallel()
	waiting := func(names ...string) (order []string) {
		g := &gate{}
		p := &process{gate: g}
		runInOrder(&g.threads, func(string) {
			c := &call{process: p, thread: g.threads.current(context.Background(), "Session"), name: "Session"}
			c.thread.task = "sweep"
			g.add(c)
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

// lineAt returns a line, or "" after the last.
func lineAt(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// runLog makes one run from a seed and returns its log.
func (p profile) runLog(t *testing.T, open newDatabase, seed uint64) (did []string) {
	t.Helper()
	draws := make([]byte, 8<<17) // more than a run needs
	source := rand.New(rand.NewPCG(seed, 0))
	for i := 0; i < len(draws); i += 8 {
		binary.LittleEndian.PutUint64(draws[i:], source.Uint64())
	}
	rapid.MakeFuzz(func(rt *rapid.T) { did = p.run(rt, open, newRecord(t)).lines() })(t, draws)
	return did
}
