package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// remote is a connection from an address.
type remote struct {
	net.Conn
	address net.Addr
}

func (r remote) RemoteAddr() net.Addr { return r.address }

// offered is a listener whose connections and errors come from the test.
type offered struct {
	conns  chan net.Conn
	errors chan error
}

func (o offered) Accept() (net.Conn, error) {
	select {
	case c, open := <-o.conns:
		if !open {
			return nil, net.ErrClosed
		}
		return c, nil
	case err := <-o.errors:
		return nil, err
	}
}

func (o offered) Close() error { close(o.conns); return nil }
func (offered) Addr() net.Addr { return &net.TCPAddr{} }

// crowd is the clients of a listener with few connections.
type crowd struct {
	*testing.T
	offered
	log *bytes.Buffer
}

// inCrowd runs a test with a limited listener in a synctest bubble. Its handler
// answers /wait when the request ends, takes the connection of /take over, and answers
// other paths at once.
func inCrowd(t *testing.T, limits limits, test func(*crowd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t, offered{make(chan net.Conn), make(chan error)}, &bytes.Buffer{}}
		l := listener{Listener: c.offered, limits: limits, trustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/wait":
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			case "/take":
				if _, _, err := http.NewResponseController(w).Hijack(); err != nil {
					t.Error(err)
				}
				return
			}
			_, _ = io.WriteString(w, "ok")
		})
		ctx, end := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- l.serve(ctx, handler, func() {}, slog.New(slog.NewTextHandler(c.log, nil))) }()
		test(c)
		end()
		<-served
	})
}

// connect opens a connection from an address.
func (c *crowd) connect(from string) net.Conn {
	client, server := net.Pipe()
	c.conns <- remote{server, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 1234))}
	c.Cleanup(func() { _ = client.Close() })
	synctest.Wait()
	return client
}

// send writes the beginning of a request, or all of it.
func (c *crowd) send(conn net.Conn, text string) {
	_, _ = io.WriteString(conn, text) // a connection that was closed takes nothing
	synctest.Wait()
}

const (
	waiting  = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
	taken    = "GET /take HTTP/1.1\r\nHost: x\r\n\r\n"
	halfSent = "GET /wait HTTP/1.1\r\nHost: "
	slowBody = "POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx"
)

// answered reports whether a request on the connection is answered.
func (c *crowd) answered(conn net.Conn) bool {
	if conn.SetDeadline(time.Now().Add(time.Second)) != nil {
		return false // it is closed
	}
	if _, err := fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(response.Body)
	return err == nil && string(body) == "ok"
}

func TestHostileSocketsThatAreHeldOpen(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"and say nothing": "", "and send half a request": halfSent, "and send a body slowly": slowBody, "and wait for an answer": waiting} {
		for of, client := range map[string]func(n int) string{
			"of one client":    func(int) string { return "198.51.100.7" },
			"of a few clients": func(n int) string { return fmt.Sprintf("198.51.100.%d", n%4) },
			"of a network":     func(n int) string { return fmt.Sprintf("2001:db8:1:2:%x::%x", n, n+1) },
			"of many clients":  func(n int) string { return fmt.Sprintf("198.51.100.%d", n) },
		} {
			t.Run(of+" "+name, func(t *testing.T) {
				t.Parallel()
				inCrowd(t, limits{connections: 20, perClient: 8}, func(c *crowd) {
					for n := range 100 {
						c.send(c.connect(client(n)), begin)
					}
					for range 3 {
						if !c.answered(c.connect("203.0.113.9")) {
							t.Error("another client is not answered")
						}
					}
					if n := strings.Count(c.log.String(), "because a limit is reached"); n != 1 {
						t.Errorf("the log says the limit %d times, want once a minute:\n%s", n, c.log)
					}
				})
			})
		}
	}
}

func TestConnectionsThatGiveWay(t *testing.T) {
	t.Parallel()
	few := limits{connections: 6, perClient: 3}
	const one, proxy = "198.51.100.7", "10.1.2.3"
	for name, test := range map[string]func(*crowd){
		"the one that has waited for longest": func(c *crowd) {
			resting, first, second := c.connect(one), c.connect(one), c.connect(one)
			if !c.answered(resting) { // and rests only now
				c.Error("a connection within the limit is not answered")
			}
			c.connect(one)
			if c.answered(first) || !c.answered(second) || !c.answered(resting) {
				c.Error("another connection gave way than the one that waited for longest")
			}
		},
		"not those that are busy: the client gets no other": func(c *crowd) {
			var busy []net.Conn
			for n := range few.perClient {
				busy = append(busy, c.connect(one))
				c.send(busy[n], []string{waiting, taken}[n%2])
			}
			if c.answered(c.connect(one)) {
				c.Error("a client has more connections than its share")
			}
			for _, conn := range busy {
				_ = conn.SetReadDeadline(time.Now().Add(time.Second))
				if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					c.Errorf("a busy connection was closed: %v", err)
				}
			}
		},
		"none of a proxy's, which has all its clients'": func(c *crowd) {
			for range few.connections {
				if !c.answered(c.connect(proxy)) {
					c.Error("a connection of the proxy is not answered")
				}
			}
			if strings.Contains(c.log.String(), "limit") {
				c.Errorf("the log says\n%s", c.log)
			}
		},
		"none once others have ended": func(c *crowd) {
			for range 10 * few.connections {
				conn := c.connect(one)
				if !c.answered(conn) {
					c.Error("a connection is not answered")
				}
				_ = conn.Close()
				synctest.Wait()
			}
			if strings.Contains(c.log.String(), "limit") {
				c.Errorf("the log says\n%s", c.log)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inCrowd(t, few, test)
		})
	}
}

// TestFailedAcceptIsSaid: a process without free descriptors logs that, but not a
// thousand times.
func TestFailedAcceptIsSaid(t *testing.T) {
	t.Parallel()
	inCrowd(t, limits{connections: 8, perClient: 8}, func(c *crowd) {
		for began := time.Now(); time.Since(began) < 150*time.Second; {
			c.errors <- acceptError{}
		}
		if n := strings.Count(c.log.String(), "level=ERROR msg=\"connections cannot be accepted\""); n != 3 {
			c.Errorf("the log says it %d times in 150 s, want 3:\n%s", n, c.log)
		}
		if !c.answered(c.connect("203.0.113.9")) {
			c.Error("nobody is answered afterwards")
		}
	})
}

// acceptError is a temporary error of accept.
type acceptError struct{}

func (acceptError) Error() string   { return "accept: too many open files" }
func (acceptError) Timeout() bool   { return false }
func (acceptError) Temporary() bool { return true }

func TestLimitsLeaveDescriptorsForTheRest(t *testing.T) {
	t.Parallel()
	for _, descriptors := range []int{256, 1024, 20000, maxDescriptors} {
		l := limitsFor(descriptors)
		rest := descriptors - l.connections
		if rest < descriptors/4 || l.connections-l.streams.Process < l.connections/4 {
			t.Errorf("of %d descriptors %d are for connections, %d for streams", descriptors, l.connections, l.streams.Process)
		}
		if l.perClient*3 > l.connections || l.streams.Client*2 > l.perClient {
			t.Errorf("of %d descriptors a client has %d, %d for streams", descriptors, l.perClient, l.streams.Client)
		}
	}
}
