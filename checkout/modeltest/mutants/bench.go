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

// bench is a copy of the module in which mutants are tried.
type bench struct {
	root *os.Root
	seed uint64
}

// finding is which suite found a mutant.
type finding struct {
	// by is the suite, or "" for none; problem says why nobody could look.
	by, problem string
	// checks is how many the model needed, 0 where it did not find it.
	checks int
	took   time.Duration
}

func (f finding) String() string {
	switch {
	case f.checks > 0:
		return fmt.Sprintf("found by the model (%s) within %d checks", f.by, f.checks)
	case f.by != "":
		return "found by the tests of " + f.by
	case f.problem != "":
		return f.problem
	default:
		return "SURVIVES"
	}
}

// profiles are the model's tests, one for each profile, on SQLite.
var profiles = []struct{ name, run string }{
	{"refunds", "^TestRefundsAreMadeOnce$/^part_0$"},
	{"late and twice", "^TestWhatComesLateOrTwiceIsTold$/^part_0$"},
	{"anything", "^TestNothingIsLostOrDoubledOnSQLite$/^part_0$"},
}

// mostChecks is how many checks of each profile a mutant is given that is left
// to the other suites: the model may find it all the same.
const mostChecks = 30

// limit ends tests that a mutant keeps from ending.
const limit = 5 * time.Minute

// suites are the packages whose tests look where the model finds nothing.
var suites = []string{"./checkout/store", "./checkout"}

// passes runs without a mutant what is run for each, with the most checks of any.
func (b bench) passes(ctx context.Context, all []mutant) (string, bool) {
	checks := mostChecks
	for _, m := range all {
		checks = max(checks, m.checks)
	}
	f := b.look(ctx, checks)
	return f.problem + f.by, f.by == "" && f.problem == ""
}

// try puts a mutant into the copy, has it looked for, and takes it out again.
func (b bench) try(ctx context.Context, m mutant) (f finding) {
	began := time.Now()
	defer func() { f.took = time.Since(began) }()
	text, err := b.root.ReadFile(m.file)
	if err != nil {
		return finding{problem: err.Error()}
	}
	changed, err := m.mutate(string(text))
	if err == nil {
		err = b.root.WriteFile(m.file, []byte(changed), 0o600)
	}
	if err != nil {
		return finding{problem: err.Error()}
	}
	defer func() { _ = b.root.WriteFile(m.file, text, 0o600) }()
	return b.look(ctx, max(m.checks, mostChecks))
}

// look runs the model, and where it finds nothing the suites.
func (b bench) look(ctx context.Context, checks int) finding {
	program := filepath.Join(b.root.Name(), "model.test")
	if text, err := command(ctx, b.root.Name(), "go", "test", "-c", "-o", program, "./checkout/modeltest"); err != nil {
		return finding{problem: "it does not compile:\n" + text}
	}
	for _, p := range profiles {
		if f := b.model(ctx, program, p.name, p.run, checks); f.by != "" {
			return f
		}
	}
	for _, suite := range suites {
		if text, err := command(ctx, b.root.Name(), "go", "test", "-count=1", "-failfast", suite); err != nil {
			return finding{by: suite, problem: lastLines(text)}
		}
	}
	return finding{}
}

var failedAfter = regexp.MustCompile(`(?:failed|panic) after (\d+) tests`)

// model runs one profile.
func (b bench) model(ctx context.Context, program, name, run string, checks int) finding {
	text, err := command(ctx, filepath.Join(b.root.Name(), "checkout", "modeltest"), program, "-test.run", run,
		"-rapid.checks="+strconv.Itoa(checks), "-rapid.seed="+strconv.FormatUint(b.seed, 10), "-rapid.shrinktime=0s", "-rapid.nofailfile")
	if err == nil {
		return finding{}
	}
	f := finding{by: name, checks: checks}
	if m := failedAfter.FindStringSubmatch(text); m != nil {
		f.checks, _ = strconv.Atoi(m[1]) // digits
		f.checks++
	}
	return f
}

// lastLines is the end of what tests said.
func lastLines(text string) string {
	const most = 2000
	return text[max(0, len(text)-most):]
}
