package worker_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestHostileAnswers checks that every answer is read up to a limit, and for 15
// seconds at most.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	const headers = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"
	for name, c := range map[string]struct {
		first string
		then  func(net.Conn) error
		want  string
		takes time.Duration
	}{
		"an endless answer is cut off":           {headers, writeChunks(strings.Repeat("a", 1024), 0), "delivered", 0},
		"a 1-byte-a-second answer is cut off":    {headers, writeChunks("a", time.Second), "delivered", 15 * time.Second},
		"a 1-byte-a-second failure is cut off":   {strings.Replace(headers, "200", "500", 1), writeChunks("a", time.Second), "failed", 15 * time.Second},
		"an answer that stops is cut off":        {headers, writeChunks("a", time.Hour), "delivered", 15 * time.Second},
		"endless headers are cut off":            {"HTTP/1.1 200 OK\r\n", writeChunks("A: "+strings.Repeat("a", 1000)+"\r\n", 0), "failed", 0},
		"one endless header is cut off":          {"HTTP/1.1 200 OK\r\nA: ", writeChunks(strings.Repeat("a", 1024), 0), "failed", 0},
		"1-byte-a-second headers are cut off":    {"HTTP/1.1 200 OK\r\nA: ", writeChunks("a", time.Second), "failed", 15 * time.Second},
		"endless early hints are cut off":        {"", writeChunks("HTTP/1.1 103 Early Hints\r\n\r\n", time.Second), "failed", 15 * time.Second},
		"a missing answer times out":             {"", writeChunks("", time.Hour), "failed", 15 * time.Second},
		"an answer that is no HTTP is a failure": {"SSH-2.0-canary\r\n", writeChunks("a", 0), "failed", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent := 0
				transport := &http.Transport{
					MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true,
					DialContext: func(context.Context, string, string) (net.Conn, error) {
						client, server := net.Pipe()
						go serveHostile(server, c.first, c.then)
						return &countingConn{client, &sent}, nil
					},
				}
				defer transport.CloseIdleConnections()
				start := time.Now()
				try := newTrier(t, &fakeEvents{}, plaintext{transport})(t.Context(), 1)
				if got, took := outcome(try.Err), time.Since(start); got != c.want || took != c.takes {
					t.Errorf("the try is %s (%v) after %s, want %s after %s", got, try.Err, took, c.want, c.takes)
				}
				time.Sleep(2 * time.Hour) // the shop's goroutine ends
				synctest.Wait()
				if sent > 256<<10 {
					t.Errorf("%d bytes were read, want at most 256 KiB", sent)
				}
			})
		})
	}
}

// serveHostile reads a request, writes first, and calls then until it fails.
func serveHostile(c net.Conn, first string, then func(net.Conn) error) {
	defer c.Close()
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	_, err = io.WriteString(c, first)
	for err == nil {
		err = then(c)
	}
}

// writeChunks returns a function that pauses and then writes text, or ends the
// answer for "".
func writeChunks(text string, pause time.Duration) func(net.Conn) error {
	return func(c net.Conn) error {
		time.Sleep(pause)
		_, err := io.WriteString(c, text)
		if text == "" {
			return io.EOF
		}
		return err
	}
}

// countingConn counts the bytes that are read.
type countingConn struct {
	net.Conn
	read *int
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	*c.read += n
	return n, err
}

// plaintext sends https requests as http, because the pipe has no certificate.
type plaintext struct{ http.RoundTripper }

func (p plaintext) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme = "http"
	return p.RoundTripper.RoundTrip(r)
}
