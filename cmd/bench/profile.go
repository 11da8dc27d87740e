package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// profileFolder has the profiles.
const profileFolder = "artifacts"

// profiler returns a function that runs f, and takes a profile of the checkout
// meanwhile, if -profile names the measure. It needs perf, which reads the stacks of
// any Go program. The event cpu-clock is there on virtual machines too.
func (b *bench) profiler(ctx context.Context, s *sale) func(measure, func() error) error {
	return func(m measure, f func() error) error {
		if string(m) != b.profile {
			return f()
		}
		if err := os.MkdirAll(profileFolder, 0o750); err != nil {
			return err
		}
		path := filepath.Join(profileFolder, strings.ReplaceAll(string(m), " ", "-")+"-"+filepath.Base(s.plan.Folder)+".perf")
		perf := exec.CommandContext(ctx, "perf", "record", "-q", "-g", "-e", "cpu-clock", "-F", "499", "-p", strconv.Itoa(s.node.PID()), "-o", path) // #nosec G204 -- perf
		perf.Stderr = os.Stderr
		if err := perf.Start(); err != nil {
			return fmt.Errorf("taking a profile: %w", err)
		}
		err := f()
		_ = perf.Process.Signal(syscall.SIGINT)
		_ = perf.Wait() // the signal's status
		b.progress("profile: perf report --no-children -i %s", path)
		return err
	}
}
