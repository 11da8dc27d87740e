package pgtest

import (
	"context"
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

// Main runs a package's tests and ends the shared server. It is the body of
// TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if s := shared.server; s != nil {
		if err := s.remove(); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "ending postgres:", err)
		}
	}
	os.Exit(code)
}

// Database returns the URL of an empty database that is gone when the test
// ends. The package's TestMain calls Main.
func Database(t testing.TB) string {
	t.Helper()
	s := sharedServer(t)
	name := "t" + strings.ToLower(rand.Text())
	url, err := s.NewDatabase(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.do(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
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
