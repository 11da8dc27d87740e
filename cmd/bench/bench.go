package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience is how long the bench waits for the last webhook of a burst, and for the last
// page that shows its payment.
const patience = 10 * time.Second

// scale is how much is measured.
type scale struct {
	rounds int
	// phase is how long a rate is measured, whole that of whole payments, and reference
	// that of a reference.
	phase, whole, reference time.Duration
	// burst is the number of payments of a sale, alone that of payments one by one.
	burst, alone int
	// streams is the number of open pages, and slowClients that of slow clients.
	streams, slowClients int
	engines              []engine
	// parts are what is measured: see bench.parts.
	parts []string
}

func (o options) scale() scale {
	s := scale{
		rounds: 3, phase: 1500 * time.Millisecond, whole: 3 * time.Second, reference: 500 * time.Millisecond, burst: 3000, alone: 50,
		streams: 8000, slowClients: 5000,
		engines: []engine{sqlite, postgres}, parts: []string{"rates", "disk", "browser", "streams", "disturbed"},
	}
	if o.quick {
		s.rounds, s.phase, s.whole, s.burst, s.alone, s.parts = 1, time.Second, 2*time.Second, 300, 20, []string{"rates"}
	}
	if o.only != "" {
		s.parts = []string{o.only}
	}
	return s
}

// bench is one run.
type bench struct {
	options
	scale   scale
	town    *town
	results results
	// names are those of the checkouts, and paths their programs.
	names []string
	paths map[string]string
	// page is a page of the checkout, and request gets it.
	page, request []byte
}

func newBench(ctx context.Context, o options) (*bench, error) {
	b := &bench{options: o, scale: o.scale(), results: results{}, paths: map[string]string{}}
	for _, binary := range []string{o.binary, o.base} {
		if binary == "" {
			continue
		}
		path, err := filepath.Abs(binary)
		if err != nil {
			return nil, err
		}
		name, err := commitOf(ctx, path)
		if err != nil {
			return nil, err
		}
		if b.paths[name] != "" {
			name += " (BASE)"
		}
		b.names, b.paths[name] = append(b.names, name), path
	}
	var err error
	b.town, err = newTown(ctx)
	return b, err
}

// commitOf returns the commit that a program was built from, or that of the folder that
// it is in if the program does not tell. A + after it says that files had been changed.
func commitOf(ctx context.Context, path string) (string, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: run `make build`", err)
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 7:
			commit = s.Value[:7]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if commit != "" {
		return commit + changed, nil
	}
	describe := exec.CommandContext(ctx, "git", "describe", "--always", "--abbrev=7", "--exclude=*", "--dirty=+")
	describe.Dir = filepath.Dir(path)
	out, err := describe.Output()
	if err != nil {
		return "unknown", nil //nolint:nilerr // the program is outside a repository
	}
	return strings.TrimSpace(string(out)), nil
}

func (b *bench) measures(e engine) bool {
	return slices.Contains(b.scale.engines, e)
}

// part is a part of the bench, with the functions that measure it.
type part struct {
	name string
	run  func(context.Context) error
}

// parts are all parts, in the order in which they are run.
func (b *bench) parts() []part {
	return []part{{"rates", b.rounds}, {"disk", b.onSlowDisk}, {"browser", b.inBrowser}, {"streams", b.streams}, {"disturbed", b.disturbed}}
}

// run measures the parts that are wanted.
func (b *bench) run(ctx context.Context) error {
	for _, p := range b.parts() {
		if !slices.Contains(b.scale.parts, p.name) {
			continue
		}
		if err := p.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rounds measures the rates.
func (b *bench) rounds(ctx context.Context) error {
	for round := range b.scale.rounds {
		if err := b.round(ctx, round); err != nil {
			return err
		}
	}
	b.results.derive()
	return nil
}

// round measures each checkout once, and the references before them.
func (b *bench) round(ctx context.Context, round int) error {
	b.progress("round %d: the machine", round+1)
	if err := b.references(ctx); err != nil {
		return err
	}
	for _, e := range b.scale.engines {
		for _, name := range b.names {
			b.progress("round %d: %s on %s", round+1, name, e)
			if err := b.rates(ctx, subject{name, e}); err != nil {
				return fmt.Errorf("%s on %s: %w", name, e, err)
			}
		}
	}
	return b.memoryPages(ctx)
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// rates measures the rates of one checkout, from an empty database.
func (b *bench) rates(ctx context.Context, of subject) (err error) {
	s, err := b.town.open(ctx, place{binary: b.paths[of.binary], engine: of.engine})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r := &rates{
		sale: s, scale: b.scale, skipBurst: b.results.isNever(of, lastWebhook),
		report: func(m measure, value float64) { b.results.add(of, m, value) }, profile: b.profiler(ctx, s),
		keepPage: func(page []byte, session string) { b.page, b.request = page, pageRequest("localhost", session) },
	}
	return r.run(ctx)
}
