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

// program is a server that runs until end is called.
type program struct {
	command *exec.Cmd
	life    io.Closer
	log     bytes.Buffer
}

// guarded runs a program for as long as its standard input is open, so that it
// ends with the tests however these end. PgBouncer ends at once by SIGTERM
// before its version 1.23, and by SIGQUIT since then.
const guarded = `"$@" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; kill -TERM $server 2>/dev/null; wait $server`

// run starts a program in a folder, not as root.
func (p *program) run(folder string, args ...string) error {
	p.command = exec.CommandContext(context.Background(), "/bin/sh", append([]string{"-c", guarded, "sh"}, args...)...) // #nosec G204 -- a server of the tests; end ends it
	p.command.Dir, p.command.SysProcAttr = folder, unprivileged()
	p.command.Stdout, p.command.Stderr = &p.log, &p.log
	life, err := p.command.StdinPipe()
	if err != nil {
		return err
	}
	p.life = life
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", args[0], err)
	}
	return nil
}

// await waits until the database at url answers.
func (p *program) await(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		if ctx.Err() != nil {
			ended := p.end() // and with it the writing of its log
			return errors.Join(fmt.Errorf("the server does not answer: %w\n%s", err, p.log.String()), ended)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// end ends the program at once.
func (p *program) end() error {
	if p.life == nil {
		return nil
	}
	closed := p.life.Close()
	p.life = nil
	_ = p.command.Wait() // its exit says that it was signalled
	return closed
}
