// Package pgtest runs a PostgreSQL server for tests. [Database] returns an empty
// database on a server that all tests of a binary share, and [Main] stops that server.
// [Start] starts a server for one test, which can stop and kill it.
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

// errMissing tells the developer how to install PostgreSQL.
var errMissing = errors.New("initdb and postgres are neither in PATH nor in /usr/lib/postgresql: run `make tools`")

// serverTimeout limits how long a server takes to start or to stop.
const serverTimeout = time.Minute

// Server is a PostgreSQL server. Its data and its Unix socket are in a folder of its
// own.
type Server struct {
	program
	folder, bin string
	settings    []string
}

// Start starts a server that stops when the test ends. settings are settings of
// postgres, such as "fsync=off".
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := Run(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run starts a server that runs until Remove is called. It is for a program that is no
// test.
func Run(settings ...string) (*Server, error) {
	s, err := newServer(settings)
	if err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// newServer makes a server's folder and its data.
func newServer(settings []string) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pg") // a short name: the path of a socket is limited to 107 bytes
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, bin: bin, settings: settings}
	if err := chownToServer(folder); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	if err := s.initdb(); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

func (s *Server) initdb() error {
	ctx, cancel := context.WithTimeout(context.Background(), serverTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", "wantukit", // #nosec G204 -- a program of PostgreSQL
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
	return s.awaitReady(s.URL("postgres"))
}

// URL returns the URL of a database on the server.
func (s *Server) URL(database string) string {
	return "postgres://wantukit@/" + database + "?" + url.Values{"host": {s.folder}}.Encode()
}

// NewDatabase makes an empty database and returns its URL.
func (s *Server) NewDatabase(ctx context.Context, name string) (string, error) {
	return s.URL(name), s.do(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
}

// do runs a statement in the database postgres.
func (s *Server) do(ctx context.Context, statement string) (err error) {
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// Stop stops the server and breaks its connections. Restart starts it again.
func (s *Server) Stop(t testing.TB) { s.signal(t, syscall.SIGINT) }

// Kill ends the server's processes without a shutdown.
func (s *Server) Kill(t testing.TB) { s.signal(t, syscall.SIGQUIT) }

// Restart starts a server again that was stopped or killed. Its data stays.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// signal sends a signal to the server's main process and waits until it has ended.
func (s *Server) signal(t testing.TB, sig syscall.Signal) {
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
		err = process.Signal(sig)
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(serverTimeout); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(filepath.Join(s.data(), "postmaster.pid"))
		if process.Signal(syscall.Signal(0)) != nil || errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("postgres has not ended after %s", serverTimeout)
		}
	}
	_ = s.stop() // the server has ended already
}

// Remove stops the server and removes its folder.
func (s *Server) Remove() error { return errors.Join(s.stop(), os.RemoveAll(s.folder)) }

// findBin returns the folder of initdb and postgres: that of PATH, or the newest
// version of Debian's packages.
func findBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && hasProgram(filepath.Dir(path), "postgres") {
			return filepath.Dir(path), nil
		}
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	newest, newestVersion := "", 0
	for _, folder := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		if err == nil && version > newestVersion && hasProgram(folder, "initdb") && hasProgram(folder, "postgres") {
			newest, newestVersion = folder, version
		}
	}
	if newest == "" {
		return "", errMissing
	}
	return newest, nil
}

func hasProgram(folder, program string) bool {
	info, err := os.Stat(filepath.Join(folder, program))
	return err == nil && info.Mode().IsRegular()
}
