package pgtest

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// shared is the server that all tests of a binary share. It does not sync to the
// disk, so it is not for tests of crashes.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs a package's tests and calls End. It is the body of TestMain.
func Main(m *testing.M) {
	code := m.Run()
	End()
	os.Exit(code)
}

// End stops the shared server if there is one. Call it after the tests.
func End() {
	if s := shared.server; s != nil {
		if err := s.Remove(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "stopping postgres:", err)
		}
	}
}

// Database returns the URL of a new empty database on the shared server. The database
// is not dropped, because that would take seconds. The package's TestMain must call
// Main or End.
func Database(t testing.TB) string {
	t.Helper()
	url, err := sharedServer(t).NewDatabase(t.Context(), "t"+strings.ToLower(rand.Text()))
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// sharedServer returns the shared server, and starts it at the first call.
func sharedServer(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() {
		shared.server, shared.err = Run("fsync=off", "full_page_writes=off")
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}
