package pgtest

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// shared is the server that the tests of one binary share. It does not wait
// for the disk: it is for what tests ask, and not for what survives a crash.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs a package's tests and then calls End. It is the body of TestMain.
func Main(m *testing.M) {
	code := m.Run()
	End()
	os.Exit(code)
}

// End ends the shared server, where there is one, after the tests.
func End() {
	if s := shared.server; s != nil {
		if err := s.remove(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "ending postgres:", err)
		}
	}
}

// Database returns the URL of an empty database of the test's own, which goes
// with the server: to drop it would take seconds. The package's TestMain calls
// Main, or End.
func Database(t testing.TB) string {
	t.Helper()
	url, err := sharedServer(t).NewDatabase(t.Context(), "t"+strings.ToLower(rand.Text()))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func sharedServer(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() {
		s, err := newServer([]string{"fsync=off", "full_page_writes=off"})
		if err == nil {
			err = s.start()
			shared.server = s
		}
		shared.err = err
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}
