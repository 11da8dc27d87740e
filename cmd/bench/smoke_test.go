package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestBenchMeasuresTheProgram runs the rates for an instant: each has a figure.
func TestBenchMeasuresTheProgram(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "wantukit")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../wantukit").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := newBench(t.Context(), options{binary: binary, quick: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.town.close(); err != nil {
			t.Error(err)
		}
	})
	const instant = 100 * time.Millisecond
	b.scale = scale{rounds: 1, phase: instant, whole: instant, reference: instant, burst: 10, alone: 2, engines: []engine{sqlite}, parts: []string{"rates"}}
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	of := subject{b.names[0], sqlite}
	for _, m := range []measure{
		sessionsRate, pagesRate, pageSize, booksRate, wholeRate, gatewayCalls, idleLatency, busyLatency, webhooksRate, startTime, restMemory,
	} {
		if value, _ := b.results.of(of, m); value <= 0 {
			t.Errorf("%s: %v", m, value)
		}
	}
	if value, measured := b.results.of(of, lastWebhook); !measured || value == never {
		t.Errorf("%s: %v", lastWebhook, value)
	}
	for _, m := range []measure{singleCommits, groupedRows, exchanges, memoryPages, signatures, riverJobs, ceilingSQLite} {
		if value, _ := b.results.of(machine, m); value <= 0 {
			t.Errorf("the machine: %s: %v", m, value)
		}
	}
}
