package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/web"
)

const (
	// benchStreams is the number of open streams, each of another session. Both ends
	// of a connection are in this process, so it opens twice as many files.
	benchStreams = 2000
	// streamGoal is the largest memory of a stream in kB. The process may have 48: the rest
	// is what the garbage collector has not freed yet.
	streamGoal = 16
)

// anyStore is a store that returns a session for every ID.
type anyStore struct{ noStore }

func (anyStore) SessionWithAttempts(_ context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	session := checkout.Session{ID: id, Merchant: "shop", Status: checkout.StatusOpen, ExpiresAt: time.Now().Add(time.Hour)}
	return session, nil, nil
}

// BenchmarkStreamMemory keeps live streams open and reports the memory of one stream in
// kB: heap and stacks of the process, without the kernel's buffers.
func BenchmarkStreamMemory(b *testing.B) {
	server := benchServer(b)
	for b.Loop() {
		before := memoryInUse()
		var clients []net.Conn
		for n := range benchStreams {
			clients = append(clients, openRaw(b, server, n))
		}
		each := float64(memoryInUse()-before) / benchStreams / 1000
		b.ReportMetric(each, "kB/stream")
		if each > streamGoal {
			b.Errorf("a stream uses %.1f kB, want %d at most", each, streamGoal)
		}
		for _, c := range clients {
			_ = c.Close()
		}
	}
}

// memoryInUse returns the bytes that the process uses after a garbage collection.
func memoryInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// openRaw opens a stream as a browser does, and reads its first event.
func openRaw(b *testing.B, address string, n int) net.Conn {
	b.Helper()
	c, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	id := "cs_" + strings.Map(letter, fmt.Sprintf("%026d", n))
	long := strings.Repeat("x", 16<<10) // a stream keeps no text of its request
	_, err = fmt.Fprintf(c, "GET /c/%s/events?%s HTTP/1.1\r\nHost: pay.example\r\nUser-Agent: %s\r\nAccept: text/event-stream\r\n"+
		"Accept-Language: zh-HK,zh;q=0.9,en;q=0.8,%s\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nCache-Control: no-cache\r\n"+
		"Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nReferer: http://pay.example/c/%s\r\n\r\n", id, long, windows, long, id)
	if err != nil {
		b.Fatal(err)
	}
	told := make([]byte, 0, 4096)
	for !bytes.Contains(told, []byte("data: ")) {
		n, err := c.Read(told[len(told):cap(told)])
		if told = told[:len(told)+n]; err != nil || len(told) == cap(told) {
			b.Fatalf("no stream, but %q: %v", told, err)
		}
	}
	return c
}

// letter returns the letter for a digit in an ID.
func letter(digit rune) rune { return 'a' + digit - '0' }

// benchServer starts a server and returns its address.
func benchServer(b *testing.B) (address string) {
	b.Helper()
	limits := web.StreamLimits{Process: 2 * benchStreams, Client: 2 * benchStreams}
	handler := newBareServer(anyStore{}, must(static.New(static.Config{})), limits)
	l := must((&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0"))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	b.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}
