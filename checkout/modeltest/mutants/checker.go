package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// checker runs the tests of mutants in a copy of the module.
type checker struct {
	root *os.Root
	seed uint64
}

// result says which tests found a mutant.
type result struct {
	// foundBy is the profile or package whose tests failed, or "" for none. problem is
	// the output of these tests, or why no tests could run.
	foundBy, problem string
	// checks is how many checks the model needed, 0 if it did not find the mutant.
	checks int
	took   time.Duration
}

// String implements fmt.Stringer.
func (f result) String() string {
	switch {
	case f.checks > 0:
		return fmt.Sprintf("found by the model (%s) within %d checks", f.foundBy, f.checks)
	case f.foundBy != "":
		return "found by the tests of " + f.foundBy
	case f.problem != "":
		return f.problem
	default:
		return "SURVIVES"
	}
}

// profiles are the model's tests, one for each profile, on SQLite.
var profiles = []struct{ name, run string }{
	{"refunds", "^TestRefundsAreMadeOnce$/^part_0$"},
	{"late and twice", "^TestLateAndSecondPayments$/^part_0$"},
	{"anything", "^TestNothingIsLostOrDoubledOnSQLite$/^part_0$"},
}

// minChecks is how many checks of each profile are run for every mutant, because the
// model may also find mutants that are for the other tests.
const minChecks = 30

// testTimeout ends tests that a mutant makes hang.
const testTimeout = 5 * time.Minute

// suites are the packages whose tests run if the model finds nothing.
var suites = []string{"./checkout/store", "./checkout"}

// passesUnchanged runs the tests without a mutant. It returns their output and whether
// they pass.
func (b checker) passesUnchanged(ctx context.Context, all []mutant) (string, bool) {
	checks := minChecks
	for _, m := range all {
		checks = max(checks, m.checks)
	}
	f := b.check(ctx, checks)
	return f.problem + f.foundBy, f.foundBy == "" && f.problem == ""
}

// try applies a mutant to the copy, runs the tests, and undoes the mutant.
func (b checker) try(ctx context.Context, m mutant) (f result) {
	start := time.Now()
	defer func() { f.took = time.Since(start) }()
	text, err := b.root.ReadFile(m.file)
	if err != nil {
		return result{problem: err.Error()}
	}
	changed, err := m.mutate(string(text))
	if err == nil {
		err = b.root.WriteFile(m.file, []byte(changed), 0o600)
	}
	if err != nil {
		return result{problem: err.Error()}
	}
	defer func() { _ = b.root.WriteFile(m.file, text, 0o600) }()
	return b.check(ctx, max(m.checks, minChecks))
}

// check runs the model, and the suites if the model finds nothing.
func (b checker) check(ctx context.Context, checks int) result {
	program := filepath.Join(b.root.Name(), "model.test")
	if text, err := command(ctx, b.root.Name(), "go", "test", "-c", "-o", program, "./checkout/modeltest"); err != nil {
		return result{problem: "the mutant does not compile:\n" + text}
	}
	for _, p := range profiles {
		if f := b.runProfile(ctx, program, p.name, p.run, checks); f.foundBy != "" {
			return f
		}
	}
	for _, suite := range suites {
		if text, err := command(ctx, b.root.Name(), "go", "test", "-count=1", "-failfast", suite); err != nil {
			return result{foundBy: suite, problem: lastLines(text)}
		}
	}
	return result{}
}

var failedAfter = regexp.MustCompile(`(?:failed|panic) after (\d+) tests`)

// runProfile runs one profile of the model.
func (b checker) runProfile(ctx context.Context, program, name, run string, checks int) result {
	text, err := command(ctx, filepath.Join(b.root.Name(), "checkout", "modeltest"), program, "-test.run", run,
		"-rapid.checks="+strconv.Itoa(checks), "-rapid.seed="+strconv.FormatUint(b.seed, 10), "-rapid.shrinktime=0s", "-rapid.nofailfile")
	if err == nil {
		return result{}
	}
	f := result{foundBy: name, checks: checks}
	if m := failedAfter.FindStringSubmatch(text); m != nil {
		f.checks, _ = strconv.Atoi(m[1]) // digits
		f.checks++
	}
	return f
}

// lastLines returns the end of the output of tests.
func lastLines(text string) string {
	const most = 2000
	return text[max(0, len(text)-most):]
}
