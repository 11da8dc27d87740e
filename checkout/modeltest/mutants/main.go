// Command mutants changes the money's code in one place at a time, in a copy,
// and runs the tests that must see it: the model, then the suites of the store
// and of the checkout. `make mutants` runs it.
//
// The changes are in mutants.txt. One that no longer applies, that does not
// compile, or that no test finds is a failure, and so is one that the model was
// to find and did not.
package main

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed mutants.txt
var list string

func main() {
	seed := flag.Uint64("seed", 1, "the seed of the model's runs")
	only := flag.String("only", "", "run only mutants whose name contains this")
	apply := flag.Bool("apply", false, "only look whether each still applies")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *seed, *only, *apply); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1)
	}
}

// run prints what became of each mutant, and returns an error where one was
// not found as it must be.
func run(ctx context.Context, seed uint64, only string, applyOnly bool) error {
	all, err := parse(list)
	if err != nil {
		return err
	}
	if problems := stale(all); len(problems) > 0 {
		return fmt.Errorf("these mutants have to be written anew:\n%s", strings.Join(problems, "\n"))
	}
	if applyOnly {
		fmt.Printf("all %d mutants apply\n", len(all))
		return nil
	}
	copied, err := copyOfModule(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(copied.Close(), os.RemoveAll(copied.Name())) }()
	b := bench{root: copied, seed: seed}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !strings.Contains(m.name, only) })
	if text, passes := b.passes(ctx, all); !passes {
		return fmt.Errorf("the tests fail without a mutant:\n%s", text)
	}
	r := report{}
	for _, m := range all {
		r.add(m, b.try(ctx, m))
	}
	return r.end()
}

// stale says which mutants no longer apply to the code.
func stale(all []mutant) (problems []string) {
	for _, m := range all {
		text, err := os.ReadFile(m.file)
		if err == nil {
			_, err = m.mutate(string(text))
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("  %s: %v", m.name, err))
		}
	}
	return problems
}

// copyOfModule copies what git knows of the module, as it is now.
func copyOfModule(ctx context.Context) (*os.Root, error) {
	out, err := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("listing the files: %w", err)
	}
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // it was removed, and that is not committed
		}
		if err == nil {
			err = root.MkdirAll(path.Dir(name), 0o750)
		}
		if err == nil {
			err = root.WriteFile(name, text, 0o600)
		}
		if err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return root, nil
}

// report counts what was found.
type report struct {
	tried, killed, byModel int
	problems               []string
}

func (r *report) add(m mutant, f finding) {
	r.tried++
	if f.by != "" {
		r.killed++
	}
	if f.checks > 0 {
		r.byModel++
	}
	fmt.Printf("%-52s %-44s %s\n", m.name, f, f.took.Round(time.Second))
	switch {
	case f.by == "":
		r.problems = append(r.problems, m.name+": "+cmp.Or(f.problem, "no test finds it"))
	case m.checks > 0 && f.checks == 0:
		r.problems = append(r.problems, fmt.Sprintf("%s: the model does not find it within %d checks", m.name, m.checks))
	}
}

// end prints the rates.
func (r *report) end() error {
	if r.tried == 0 {
		return errors.New("no mutant has such a name")
	}
	fmt.Printf("found: %d of %d (%d%%), by the model %d (%d%%)\n",
		r.killed, r.tried, 100*r.killed/r.tried, r.byModel, 100*r.byModel/r.tried)
	if len(r.problems) > 0 {
		return fmt.Errorf("not all is found:\n  %s", strings.Join(r.problems, "\n  "))
	}
	return nil
}

// command runs a program of the copy and returns what it said.
func command(ctx context.Context, folder, name string, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	c := exec.CommandContext(ctx, name, args...) //nolint:gosec // it runs go and the tests that go built
	c.Dir = folder
	out, err := c.CombinedOutput()
	return string(out), err
}
