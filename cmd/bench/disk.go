package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/cmd/bench/internal/reference"
)

// The measures with a slow disk.
const (
	slowWholeRate measure = "whole payments, each fsync 1 ms slower"
	slowCommits   measure = "commits of one row, each fsync 1 ms slower (SQLite)"
)

// slowDisk runs a program with each fsync and fdatasync 1 ms slower. strace replaces
// itself by the program (-D), and stops nothing but these calls (--seccomp-bpf).
func slowDisk() []string {
	const syncs = "fsync,fdatasync"
	return []string{"strace", "-D", "-f", "-qq", "--seccomp-bpf", "-e", "trace=" + syncs, "-e", "inject=" + syncs + ":delay_exit=1000", "-o", "/dev/null"}
}

// onSlowDisk measures whole payments on a slow disk, in rounds as usual.
func (b *bench) onSlowDisk(ctx context.Context) error {
	if _, err := exec.LookPath("strace"); err != nil {
		return fmt.Errorf("a slow disk needs strace: run `make tools`: %w", err)
	}
	for round := range b.scale.rounds {
		commits, err := b.commitsOnSlowDisk(ctx)
		if err != nil {
			return err
		}
		b.results.add(machine, slowCommits, commits)
		for _, name := range b.names {
			b.progress("slow disk, round %d: %s", round+1, name)
			if err := b.slowWhole(ctx, subject{name, sqlite}); err != nil {
				return fmt.Errorf("%s on a slow disk: %w", name, err)
			}
		}
	}
	return nil
}

func (b *bench) slowWhole(ctx context.Context, of subject) (err error) {
	s, err := b.town.open(ctx, place{binary: b.paths[of.binary], engine: sqlite, wrapper: slowDisk()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return b.profiler(ctx, s)(slowWholeRate, func() error {
		rate, _, err := s.wholePayments(ctx, b.scale.whole)
		b.results.add(of, slowWholeRate, rate)
		return err
	})
}

// commitsOnSlowDisk runs the reference in a process of its own, because only a process
// can be made slow.
func (b *bench) commitsOnSlowDisk(ctx context.Context) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	args := append(slowDisk(), self, commitsCommand, b.town.folder)
	out, err := exec.CommandContext(ctx, args[0], args[1:]...).Output() // #nosec G204 -- this program
	if err != nil {
		return 0, fmt.Errorf("commits on a slow disk: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// commitsCommand is the argument with which this program measures commits in the folder
// of the next argument, and prints their rate.
const commitsCommand = "commits"

func printCommits(ctx context.Context, folder string) error {
	rate, err := reference.SQLiteRows(ctx, folder, 1, options{}.scale().reference)
	if err == nil {
		fmt.Println(rate)
	}
	return err
}
