package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLighthouse scores each state on a phone with slow 4G, prints a table and
// demands 100 in every category. `make lighthouse` runs it.
func TestLighthouse(t *testing.T) {
	program := os.Getenv("WANTUKIT_LIGHTHOUSE")
	if program == "" {
		t.Skip("takes minutes, and a machine that does nothing else: run `make lighthouse`")
	}
	browser, err := chromiumPath()
	if err != nil {
		t.Fatal(err)
	}
	l := lighthouse{program, browser, t.TempDir()}
	var table strings.Builder
	fmt.Fprintf(&table, "%-18s %12s %14s %15s %8s %6s %5s %8s\n",
		"state", "performance", "accessibility", "best practices", "FCP", "CLS", "runs", "machine")
	for _, e := range newGallery(t).exhibits {
		v := l.best(t, e)
		fmt.Fprintf(&table, "%-18s %12d %14d %15d %6.2f s %6.3f %5d %8.0f\n",
			e.name, v.Performance, v.Accessibility, v.BestPractices, v.FCP/1000, v.CLS, v.Runs, v.Machine)
		if min(v.Performance, v.Accessibility, v.BestPractices) < perfect {
			t.Errorf("%s is not perfect: %s", e.name, strings.Join(v.Complaints, "; "))
		}
		if v.FCP > soonEnough {
			t.Errorf("%s is first seen after %.0f ms, want at most %d", e.name, v.FCP, soonEnough)
		}
	}
	t.Logf("\n%s", table.String())
}

const (
	perfect = 100
	// soonEnough is the latest time at which a page must be painted with its QR
	// code, in ms.
	soonEnough = 1000
)

// lighthouse is the program and the Chromium that it uses.
type lighthouse struct{ program, browser, folder string }

// verdict is Lighthouse's result for a page: scores up to 100, times in ms.
type verdict struct {
	Performance, Accessibility, BestPractices int
	FCP, CLS                                  float64
	Runs                                      int
	// Machine is Lighthouse's measure of the machine's speed. It is about 1500 on
	// an idle machine.
	Machine float64
	// Complaints are the audits that lowered a score.
	Complaints []string
}

// tries is how often a page with faults is measured.
const tries = 5

// best returns the best of several runs, and stops at the first without faults.
// Other load on the machine can only make a page look slower.
func (l lighthouse) best(t *testing.T, e exhibit) verdict {
	t.Helper()
	var best verdict
	for runs := 1; runs <= tries; runs++ {
		if v := l.run(t, e); runs == 1 || v.better(best) {
			best = v
		}
		best.Runs = runs
		if best.faultless() {
			break
		}
	}
	return best
}

func (v verdict) better(other verdict) bool {
	if v.Performance != other.Performance {
		return v.Performance > other.Performance
	}
	return v.FCP < other.FCP
}

func (v verdict) faultless() bool {
	return min(v.Performance, v.Accessibility, v.BestPractices) == perfect && v.FCP <= soonEnough
}

// run measures a page once, with Lighthouse's default: a phone with slow 4G and a
// quarter of the processor's speed.
func (l lighthouse) run(t *testing.T, e exhibit) verdict {
	t.Helper()
	report := filepath.Join(l.folder, e.name+".json")
	command := exec.CommandContext(t.Context(), "node", l.program, e.url, "--quiet", "--output=json", "--output-path="+report,
		"--only-categories=performance,accessibility,best-practices", "--emulatedUserAgent="+e.device.userAgent,
		"--chrome-flags=--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "+
			"--disable-component-update --disable-sync")
	command.Env = append(os.Environ(), "CHROME_PATH="+l.browser)
	if out, err := command.CombinedOutput(); err != nil {
		return verdict{Complaints: []string{string(out)}} // its trace is lost now and then
	}
	return readVerdict(t, report)
}

// lighthouseReport is the part of Lighthouse's JSON that the test reads.
type lighthouseReport struct {
	Categories map[string]struct {
		Score     float64
		AuditRefs []struct {
			ID     string
			Weight float64
		}
	}
	Environment struct{ BenchmarkIndex float64 }
	Audits      map[string]struct {
		Title, DisplayValue string
		Score               *float64
		NumericValue        float64
	}
}

func readVerdict(t *testing.T, path string) verdict {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r lighthouseReport
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	score := func(category string) int { return int(r.Categories[category].Score*perfect + .5) }
	v := verdict{
		Performance: score("performance"), Accessibility: score("accessibility"), BestPractices: score("best-practices"),
		FCP: r.Audits["first-contentful-paint"].NumericValue, CLS: r.Audits["cumulative-layout-shift"].NumericValue,
		Machine: r.Environment.BenchmarkIndex,
	}
	for _, c := range r.Categories {
		for _, ref := range c.AuditRefs {
			if a := r.Audits[ref.ID]; ref.Weight > 0 && a.Score != nil && *a.Score < 1 {
				v.Complaints = append(v.Complaints, fmt.Sprintf("%s (%s %s: %.2f)", ref.ID, a.Title, a.DisplayValue, *a.Score))
			}
		}
	}
	return v
}
