package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

func target(t *testing.T, f http.HandlerFunc) wire.Target {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return wire.Target(strings.TrimPrefix(s.URL, "http://"))
}

func dial(t *testing.T, to wire.Target) *wire.Conn {
	t.Helper()
	c, err := wire.Dial(t.Context(), string(to), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAnswersAreRead(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a long body ", 1000)
	n := 0
	c := dial(t, target(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n++; n {
		case 1:
			_, _ = w.Write([]byte("short"))
		case 2:
			w.WriteHeader(http.StatusNoContent)
		case 3:
			for range 2 { // in chunks
				_, _ = w.Write([]byte(long))
				_ = http.NewResponseController(w).Flush()
			}
		default:
			http.Error(w, "no", http.StatusBadRequest)
		}
	}))
	for _, want := range []struct {
		status int
		body   string
	}{{200, "short"}, {204, ""}, {200, long + long}, {400, "no\n"}} {
		r, err := c.Do([]byte(request))
		if err != nil || r.Status != want.status || string(r.Body) != want.body {
			t.Errorf("status %d, %d bytes, %v, want status %d, %d bytes", r.Status, len(r.Body), err, want.status, len(want.body))
		}
	}
}

func TestLinesOfAStream(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	c := dial(t, target(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, "data: one\n\ndata: t")
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = fmt.Fprint(w, "wo\n\n")
	}))
	if err := c.Send([]byte(request)); err != nil {
		t.Fatal(err)
	}
	var got []string
	read := func(line []byte) bool {
		if strings.HasPrefix(string(line), "data: ") || strings.HasPrefix(string(line), "wo") {
			got = append(got, string(line))
		}
		return true
	}
	if err := c.Lines(time.Now().Add(300*time.Millisecond), read); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a stream that is silent: %v", err)
	}
	close(more)
	if err := c.Lines(time.Now().Add(10*time.Second), read); !errors.Is(err, io.EOF) {
		t.Errorf("a stream has ended: %v", err)
	}
	if len(got) != 3 || got[0] != "data: one" {
		t.Errorf("the lines are %q", got)
	}
}

func TestClosedLoopCallsEachNumberOnce(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	to := target(t, func(http.ResponseWriter, *http.Request) { served.Add(1) })
	seen := make([]int, 100)
	n, err := to.Closed(t.Context(), 8, len(seen), func(c *wire.Conn, n int) error {
		seen[n]++
		_, err := c.Do([]byte(request))
		return err
	})
	if err != nil || n != 100 || served.Load() != 100 || slices.Max(seen) != 1 {
		t.Errorf("%d calls, %d served, %v, each at most %d times", n, served.Load(), err, slices.Max(seen))
	}
}

func TestOpenLoopKeepsItsRate(t *testing.T) {
	t.Parallel()
	to := target(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begin := time.Now()
	inFlight := make(chan struct{})
	n, _, err := to.Open(ctx, 100, 3, func(_ *wire.Conn, n int) error {
		if due := begin.Add(time.Duration(n) * 10 * time.Millisecond); time.Now().Before(due) {
			t.Errorf("call %d begins before its time", n)
		}
		switch {
		case n == 2:
			close(inFlight)
		case n > 9:
			cancel()
		}
		<-inFlight // the first three calls are in flight together
		return nil
	})
	if err != nil || n < 11 {
		t.Errorf("%d calls, %v", n, err)
	}
}

// A busy machine may open no connection before the load's end: the rate has to be that of
// a slow program, and not an error.
func TestLoadWhoseTimeIsOverMakesOneCall(t *testing.T) {
	t.Parallel()
	to := target(t, func(http.ResponseWriter, *http.Request) {})
	over, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	call := func(c *wire.Conn, _ int) error { _, err := c.Do([]byte(request)); return err }
	if n, err := to.Closed(over, 4, 0, call); err != nil || n != 4 {
		t.Errorf("closed: %d calls of 4 clients, %v", n, err)
	}
	if n, _, err := to.Open(over, 100, 4, call); err != nil || n != 1 {
		t.Errorf("open: %d calls, %v", n, err)
	}
}

func TestLoadStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	to := target(t, func(http.ResponseWriter, *http.Request) {})
	fails := func(*wire.Conn, int) error { return broken }
	if _, err := to.Closed(t.Context(), 4, 0, fails); !errors.Is(err, broken) {
		t.Errorf("closed: %v", err)
	}
	if _, _, err := to.Open(t.Context(), 100, 4, fails); !errors.Is(err, broken) {
		t.Errorf("open: %v", err)
	}
}
