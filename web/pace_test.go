package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/web"
)

// noStore is a store with one open session and nothing else.
type noStore struct{ checkout.Store }

const onlySession = "cs_aaaaaaaaaaaaaaaaaaaaaaaaaa"

func (noStore) Attempts(context.Context, string) ([]checkout.Attempt, error) { return nil, nil }

func (noStore) Session(_ context.Context, id string) (checkout.Session, error) {
	if id != onlySession {
		return checkout.Session{}, checkout.ErrNotFound
	}
	return checkout.Session{ID: id, Merchant: "shop", Status: checkout.StatusOpen, ExpiresAt: time.Now().Add(time.Hour)}, nil
}

func (s noStore) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	session, err := s.Session(ctx, id)
	return session, nil, err
}

type noGateway struct{ checkout.Gateway }

// newBareServer returns a server of one shop with a store and without a gateway.
func newBareServer(store checkout.Store, assets *static.Assets, limits web.StreamLimits) *web.Server {
	const publicURL = "http://pay.example"
	service := must(checkout.New(checkout.Config{
		Store: store, Gateway: noGateway{}, Clock: &clock{}, Random: rand.Reader,
		Merchants: map[string]checkout.Merchant{"shop": {ID: "shop", Name: "Shop"}}, Routes: web.NewRoutes(publicURL), Returns: &web.ReturnPolicy{},
	}))
	return must(web.New(web.Config{
		Service: service, Assets: assets, Merchants: map[string]web.Merchant{"shop": {}}, PublicURL: publicURL,
		Secret: bytes.Repeat([]byte{7}, 32), Ready: func(context.Context) error { return nil },
		Streams: limits, Logger: slog.New(slog.DiscardHandler),
	}))
}

// pipes is a listener of connections without a buffer, so that the server notices a
// client that does not read at the first byte.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (pipes) Close() error   { return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// withPipeServer runs a test with a server in a synctest bubble.
func withPipeServer(t *testing.T, test func(*testing.T, *pipeServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		picture := append([]byte("<svg/>"), bytes.Repeat([]byte(" "), 10*web.PacePiece)...)
		s := &pipeServer{T: t, pipes: make(pipes), assets: must(static.New(static.Config{Images: map[string][]byte{"big.svg": picture}}))}
		handler := newBareServer(noStore{}, s.assets, web.StreamLimits{})
		server := &http.Server{Handler: handler, ReadTimeout: 10 * time.Minute, IdleTimeout: 2 * time.Hour}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(s.pipes)
		}()
		test(t, s)
		close(s.pipes)
		<-served
		_ = server.Close()
	})
}

type pipeServer struct {
	*testing.T
	pipes  pipes
	assets *static.Assets
}

// connect opens a connection. closed is closed when the server closes the connection.
func (s *pipeServer) connect() (client net.Conn, closed chan struct{}) {
	client, server := net.Pipe()
	c := &notifyingConn{Conn: server, closed: make(chan struct{})}
	s.pipes <- c
	s.Cleanup(func() { _ = client.Close() })
	return client, c.closed
}

// notifyingConn is a connection that closes a channel when it is closed.
type notifyingConn struct {
	net.Conn
	closed chan struct{}
}

func (c *notifyingConn) Close() error {
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	return c.Conn.Close()
}

func (s *pipeServer) request(c net.Conn, path string) {
	s.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: pay.example\r\nAccept-Encoding: identity\r\n\r\n", path); err != nil {
		s.Fatal(err)
	}
}

func TestHostileAnswerThatIsNeverRead(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]func(*static.Assets) string{
		"health":           func(*static.Assets) string { return "/healthz" },
		"an asset":         func(a *static.Assets) string { return a.URL("big.svg") },
		"a page":           func(*static.Assets) string { return "/c/" + onlySession },
		"a status":         func(*static.Assets) string { return "/c/" + onlySession + "/status" },
		"a stream":         func(*static.Assets) string { return "/c/" + onlySession + "/events" },
		"a missing page":   func(*static.Assets) string { return "/c/cs_bbbbbbbbbbbbbbbbbbbbbbbbbb" },
		"no route":         func(*static.Assets) string { return "/none" },
		"the merchant API": func(*static.Assets) string { return "/v1/checkout/sessions/" + onlySession },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withPipeServer(t, func(t *testing.T, s *pipeServer) {
				client, closed := s.connect()
				s.request(client, path(s.assets))
				began := time.Now()
				select {
				case <-closed:
				case <-time.After(time.Hour):
					t.Fatal("the connection is open after an hour")
				}
				if took := time.Since(began); took > web.PaceWait+time.Second {
					t.Errorf("the connection was closed after %s, want %s", took, web.PaceWait)
				}
			})
		})
	}
}

func TestHostileStreamThatIsReadNoMore(t *testing.T) {
	t.Parallel()
	withPipeServer(t, func(t *testing.T, s *pipeServer) {
		client, closed := s.connect()
		s.request(client, "/c/"+onlySession+"/events")
		lines := bufio.NewReader(client)
		for line := ""; line != ": still here\n"; {
			var err error
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		<-closed
		if took := time.Since(began); took > 2*web.PaceWait {
			t.Errorf("the stream was closed %s after the last read, want %s at most", took, 2*web.PaceWait)
		}
	})
}

func TestStreamLastsForTenMinutes(t *testing.T) {
	t.Parallel()
	withPipeServer(t, func(t *testing.T, s *pipeServer) {
		client, _ := s.connect()
		s.request(client, "/c/"+onlySession+"/events")
		began := time.Now()
		response := must(http.ReadResponse(bufio.NewReader(client), nil))
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Errorf("the stream ends with the error %v", err)
		}
		if took := time.Since(began); took != 10*time.Minute {
			t.Errorf("the stream lasted for %s, want 10 minutes", took)
		}
	})
}

// TestStreamOfAClientThatSendsMore checks that a stream goes on when a proxy sends the end
// of an empty body after the request, and that it takes no endless body.
func TestStreamOfAClientThatSendsMore(t *testing.T) {
	t.Parallel()
	withPipeServer(t, func(t *testing.T, s *pipeServer) {
		client, closed := s.connect()
		s.request(client, "/c/"+onlySession+"/events")
		lines := bufio.NewReader(client)
		for line := ""; line != ": still here\n"; {
			line = must(lines.ReadString('\n'))
			if strings.HasPrefix(line, "data: ") {
				if _, err := io.WriteString(client, "0\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
			}
		}
		go func() { _, _ = io.Copy(io.Discard, lines) }()
		sent := 0
		for err := error(nil); err == nil && sent < 1<<20; sent++ {
			_, err = client.Write([]byte("x"))
		}
		if <-closed; sent == 1<<20 {
			t.Error("the stream takes an endless body")
		}
	})
}

// TestSlowReaderGetsTheWholeAnswer checks that a client that reads slowly gets the whole
// response, and another one on the same connection after an hour.
func TestSlowReaderGetsTheWholeAnswer(t *testing.T) {
	t.Parallel()
	withPipeServer(t, func(t *testing.T, s *pipeServer) {
		client, _ := s.connect()
		buffer := bufio.NewReaderSize(client, 4096)
		for range 2 {
			s.request(client, s.assets.URL("big.svg"))
			response := must(http.ReadResponse(buffer, nil))
			read := 0
			for {
				n, err := io.CopyN(io.Discard, response.Body, web.PacePiece/2)
				read += int(n)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("after %d bytes: %v", read, err)
				}
				time.Sleep(web.PaceWait / 3)
			}
			if read < 10*web.PacePiece {
				t.Errorf("the response has %d bytes, want %d at least", read, 10*web.PacePiece)
			}
			time.Sleep(time.Hour)
		}
	})
}

// formHead is the head of a form whose body is sent after 100 Continue.
const formHead = "POST /c/" + onlySession + "/attempts HTTP/1.1\r\nHost: pay.example\r\n" +
	"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n"

func TestHostileClientThatDoesNotReadThatItMayContinue(t *testing.T) {
	t.Parallel()
	withPipeServer(t, func(t *testing.T, s *pipeServer) {
		client, closed := s.connect()
		if _, err := io.WriteString(client, formHead); err != nil {
			t.Fatal(err)
		}
		select {
		case <-closed: // also because the body does not come in time
		case <-time.After(time.Hour):
			t.Fatal("the connection is open after an hour")
		}
	})
}

// TestResponseAfterALongPause checks that the deadline of a response does not end the next
// one, whose request has a late body.
func TestResponseAfterALongPause(t *testing.T) {
	t.Parallel()
	withPipeServer(t, func(t *testing.T, s *pipeServer) {
		client, _ := s.connect()
		answers := bufio.NewReader(client)
		s.request(client, "/healthz")
		if _, err := io.Copy(io.Discard, must(http.ReadResponse(answers, nil)).Body); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if _, err := io.WriteString(client, formHead); err != nil {
			t.Fatal(err)
		}
		if response, err := http.ReadResponse(answers, nil); err != nil || response.StatusCode != http.StatusContinue {
			t.Fatalf("the server does not send 100 Continue: %v", err)
		}
		time.Sleep(2 * web.PaceWait)
		if _, err := io.WriteString(client, "token=x"); err != nil {
			t.Fatal(err)
		}
		if response, err := http.ReadResponse(answers, nil); err != nil || response.StatusCode != http.StatusSeeOther {
			t.Errorf("the server does not redirect: %v", err)
		}
	})
}
