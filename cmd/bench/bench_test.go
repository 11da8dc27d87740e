package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 2, 3}, 2.5}, {[]float64{never, 1, never}, never},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.values, got, c.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for i := 100; i > 0; i-- {
		times = append(times, time.Duration(i))
	}
	for share, want := range map[float64]time.Duration{0: 1, .5: 50, .99: 99, 1: 100} {
		if got := percentile(times, share); got != want {
			t.Errorf("percentile %v: %d, want %d", share, got, want)
		}
	}
	if got := percentile(nil, .5); got != 0 {
		t.Errorf("percentile of nothing: %d", got)
	}
}

// TestMissingIsNoFigure checks that what did not happen is not taken for a time.
func TestMissingIsNoFigure(t *testing.T) {
	t.Parallel()
	times := []time.Duration{time.Second, missing, 2 * time.Second}
	if got := millis(percentile(times, .99)); got != never {
		t.Errorf("the highest of %v is %v, want never", times, got)
	}
	if got := millis(percentile(times, .5)); got != 2000 {
		t.Errorf("the middle of %v is %v, want 2000", times, got)
	}
}

// TestBenchCleansUpAfterAFailure checks that a bench whose PostgreSQL does not start fails,
// and leaves nothing behind.
func TestBenchCleansUpAfterAFailure(t *testing.T) {
	programs, folder := t.TempDir(), t.TempDir()
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil { // #nosec G306 -- a program
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", programs)
	t.Setenv("TMPDIR", folder)
	town, err := newTown(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := town.open(t.Context(), place{engine: postgres}); err == nil {
		t.Error("a checkout has started")
	}
	if err := town.close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("the bench has left %v, %v", left, err)
	}
}

func TestCeilingIsOfWhatIsShort(t *testing.T) {
	t.Parallel()
	if got := ceiling(18_000, 60_000); got != 1000 {
		t.Errorf("with slow rows: %v", got)
	}
	if got := ceiling(1_800_000, 6000); got != 1000 {
		t.Errorf("with slow exchanges: %v", got)
	}
	if got := ceilingOfCommits(4000, 60_000); got != 1000 {
		t.Errorf("with a commit each: %v", got)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	r := results{}
	this, base := subject{"aaaaaaa", sqlite}, subject{"bbbbbbb", sqlite}
	for _, value := range []float64{1200, 1300.4, 900} {
		r.add(this, wholeRate, value)
	}
	r.add(base, wholeRate, 42.25)
	r.add(this, idleLatency, 5)
	r.add(base, idleLatency, 250)
	r.add(this, lastWebhook, 1.5)
	r.add(base, lastWebhook, never)
	r.add(machine, ceilingSQLite, 2400)
	lines := []line{
		{wholeRate, sqlite, perS, ceilingSQLite}, {idleLatency, sqlite, ms, ""}, {lastWebhook, sqlite, seconds, ""},
		{pagesRate, sqlite, perS, memoryPages}, {ceilingSQLite, "", perS, ""},
	}
	want := `| measured | aaaaaaa | bbbbbbb | times better | reference | share |
| --- | --- | --- | --- | --- | --- |
| whole payments | 1,200 | 42.2 | 28.40 | 2,400 payments that the machine allows in groups of 8 (SQLite) | 50 % |
| from notification to webhook, one at a time: median | 5 ms | 250 ms | 50.00 |  |  |
| the last webhook, after the last payment | 1.50 s | not within 10 s | ∞ |  |  |
| the machine: payments that the machine allows in groups of 8 (SQLite) |  |  |  | 2,400 |  |
`
	if got := tableOf(r, lines, []string{"aaaaaaa", "bbbbbbb"}); got != want {
		t.Errorf("the table is\n%s\nwant\n%s", got, want)
	}
	if got := tableOf(r, lines[:1], []string{"aaaaaaa"}); !strings.HasPrefix(got, "| measured | aaaaaaa | reference | share |\n") {
		t.Errorf("the table of one program is\n%s", got)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{0.123: "0.12 ms", 7: "7 ms", 46.25: "46.2 ms", 1234567.8: "1,234,568 ms", math.Inf(1): "not within 10 s"} {
		if got := ms.format(value); got != want {
			t.Errorf("%v is written %q, want %q", value, got, want)
		}
	}
}

func TestTableIsReplaced(t *testing.T) {
	t.Parallel()
	got, err := replaceTable("a\n"+beginMark+"\nold\n"+endMark+"\nb\n", "new\n")
	if want := "a\n" + beginMark + "\n\nnew\n\n" + endMark + "\nb\n"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, without := range []string{"", beginMark, endMark, endMark + beginMark} {
		if _, err := replaceTable(without, "new"); err == nil {
			t.Errorf("%q has no place for a table, and there is no error", without)
		}
	}
}
