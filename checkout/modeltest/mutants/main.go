// Command mutants checks that the tests find wrong code. It applies one wrong change at
// a time to a copy of the module, and runs the tests: the model, then the packages store
// and checkout. `make mutants` runs it.
//
// The changes are in mutants.txt. It is a failure if a change no longer applies, if it
// does not compile, if no test finds it, or if the model does not find it although
// mutants.txt says so.
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
var mutantList string

func main() {
	seed := flag.Uint64("seed", 1, "the seed of the model's runs")
	only := flag.String("only", "", "run only mutants whose name contains this")
	apply := flag.Bool("apply", false, "only check that each mutant still applies")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *seed, *only, *apply); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1)
	}
}

// run tries all mutants and prints the result of each. It returns an error if a mutant
// was not found as it must be.
func run(ctx context.Context, seed uint64, only string, applyOnly bool) error {
	all, err := parse(mutantList)
	if err != nil {
		return err
	}
	if problems := outdated(all); len(problems) > 0 {
		return fmt.Errorf("these mutants no longer apply and must be rewritten:\n%s", strings.Join(problems, "\n"))
	}
	if applyOnly {
		fmt.Printf("all %d mutants apply\n", len(all))
		return nil
	}
	copied, err := copyModule(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(copied.Close(), os.RemoveAll(copied.Name())) }()
	b := checker{root: copied, seed: seed}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !strings.Contains(m.name, only) })
	if text, passes := b.passesUnchanged(ctx, all); !passes {
		return fmt.Errorf("the tests fail without a mutant:\n%s", text)
	}
	r := summary{}
	for _, m := range all {
		r.add(m, b.try(ctx, m))
	}
	return r.finish()
}

// outdated returns the mutants that no longer apply to the code.
func outdated(all []mutant) (problems []string) {
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

// copyModule copies the files of the working tree that git does not ignore.
func copyModule(ctx context.Context) (*os.Root, error) {
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
			continue // the removal is not committed yet
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

// summary counts the results.
type summary struct {
	tried, killed, byModel int
	problems               []string
}

// add prints the result of a mutant and counts it.
func (r *summary) add(m mutant, f result) {
	r.tried++
	if f.foundBy != "" {
		r.killed++
	}
	if f.checks > 0 {
		r.byModel++
	}
	fmt.Printf("%-52s %-44s %s\n", m.name, f, f.took.Round(time.Second))
	switch {
	case f.foundBy == "":
		r.problems = append(r.problems, m.name+": "+cmp.Or(f.problem, "no test finds it"))
	case m.checks > 0 && f.checks == 0:
		r.problems = append(r.problems, fmt.Sprintf("%s: the model does not find it within %d checks", m.name, m.checks))
	}
}

// finish prints the rates. It returns an error if there were problems.
func (r *summary) finish() error {
	if r.tried == 0 {
		return errors.New("no mutant has this name")
	}
	fmt.Printf("found: %d of %d (%d%%), by the model %d (%d%%)\n",
		r.killed, r.tried, 100*r.killed/r.tried, r.byModel, 100*r.byModel/r.tried)
	if len(r.problems) > 0 {
		return fmt.Errorf("not all mutants were found:\n  %s", strings.Join(r.problems, "\n  "))
	}
	return nil
}

// command runs a program in a folder and returns its output.
func command(ctx context.Context, folder, name string, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, testTimeout)
	defer stop()
	c := exec.CommandContext(ctx, name, args...) //nolint:gosec // it runs go and the tests that go built
	c.Dir = folder
	out, err := c.CombinedOutput()
	return string(out), err
}
