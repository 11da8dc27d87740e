package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/jackc/pgx/v5"
)

// program is a server process that runs until stop is called.
type program struct {
	command *exec.Cmd
	stdin   io.Closer
	log     bytes.Buffer
}

// guardScript runs a program while the script's standard input is open, so that the
// program ends when the tests end in any way. It sends two signals, because
// PgBouncer stops at once on SIGTERM before version 1.23, and on SIGQUIT since then.
const guardScript = `"$@" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; kill -TERM $server 2>/dev/null; wait $server`

// run starts a program in a folder. It does not run as root.
func (p *program) run(folder string, args ...string) error {
	p.command = exec.CommandContext(context.Background(), "/bin/sh", append([]string{"-c", guardScript, "sh"}, args...)...) // #nosec G204 -- a server for tests, which stop ends
	p.command.Dir, p.command.SysProcAttr = folder, unprivileged()
	p.command.Stdout, p.command.Stderr = &p.log, &p.log
	stdin, err := p.command.StdinPipe()
	if err != nil {
		return err
	}
	p.stdin = stdin
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", args[0], err)
	}
	return nil
}

// awaitReady waits until the database at url answers, or fails after serverTimeout.
func (p *program) awaitReady(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), serverTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			stopped := p.stop() // before its log is read
			return errors.Join(fmt.Errorf("the server does not answer: %w\n%s", err, p.log.String()), stopped)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// stop stops the program at once. It does nothing if the program does not run.
func (p *program) stop() error {
	if p.stdin == nil {
		return nil
	}
	closed := p.stdin.Close()
	p.stdin = nil
	_ = p.command.Wait() // an error, because a signal ended it
	return closed
}
