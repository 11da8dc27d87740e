// Package pgtest starts a real PostgreSQL for tests, as a process of their own:
// [Start] for one that the test stops and kills, and [Database] for an empty
// database of the one that a test binary shares, which [Main] ends.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// errMissing says what to do where the tests find no server.
var errMissing = errors.New("PostgreSQL's initdb and postgres are neither in PATH nor in /usr/lib/postgresql: run `make tools`")

// patience bounds the start and the end of a server.
const patience = time.Minute

// Server is a PostgreSQL on a Unix socket in a folder of its own.
type Server struct {
	program
	folder, bin string
	settings    []string
}

// Start starts a server that ends with the test. Settings, such as
// "fsync=off", are postgres's.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := newServer(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// newServer makes a server's folder.
func newServer(settings []string) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pg") // short: a socket's path has 107 bytes at most
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, bin: bin, settings: settings}
	if err := giveAway(folder); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	if err := s.initdb(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s *Server) initdb() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "wantukit", // #nosec G204 -- PostgreSQL's own
		"-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	command.Dir, command.SysProcAttr = s.folder, unprivileged()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) start() error {
	args := []string{filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.folder, "-c", "listen_addresses=", "-c", "max_connections=200"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	if err := s.run(s.folder, args...); err != nil {
		return err
	}
	return s.await(s.URL("postgres"))
}

// URL names one of the server's databases.
func (s *Server) URL(database string) string {
	return "postgres://wantukit@/" + database + "?" + url.Values{"host": {s.folder}}.Encode()
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(ctx context.Context, name string) (string, error) {
	return s.URL(name), s.do(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// do runs a statement at the server.
func (s *Server) do(ctx context.Context, statement string) (err error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// Stop ends the server, whose connections break. Again starts it on the same
// data.
func (s *Server) Stop(t testing.TB) { s.signal(t, syscall.SIGINT) }

// Kill ends the server as a power cut would end its processes.
func (s *Server) Kill(t testing.TB) { s.signal(t, syscall.SIGQUIT) }

// Again starts a server that was stopped or killed.
func (s *Server) Again(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// signal tells the postmaster, whose process is the one that this started.
func (s *Server) signal(t testing.TB, with syscall.Signal) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Signal(with)
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(filepath.Join(s.data(), "postmaster.pid"))
		if process.Signal(syscall.Signal(0)) != nil || errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("postgres does not end")
		}
	}
	_ = s.end() // of a server that has ended by a signal
}

// remove ends the server and removes its folder.
func (s *Server) remove() error { return errors.Join(s.end(), os.RemoveAll(s.folder)) }

// findBin returns the folder of PostgreSQL's programs.
func findBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && has(filepath.Dir(path), "postgres") {
			return filepath.Dir(path), nil
		}
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	best, newest := "", 0
	for _, folder := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		if err == nil && version > newest && has(folder, "initdb") && has(folder, "postgres") {
			best, newest = folder, version
		}
	}
	if best == "" {
		return "", errMissing
	}
	return best, nil
}

func has(folder, program string) bool {
	info, err := os.Stat(filepath.Join(folder, program))
	return err == nil && info.Mode().IsRegular()
}
