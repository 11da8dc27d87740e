package rig

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// Proxy passes the bytes of connections on to another address, and watches for the
// first answer that contains a text.
type Proxy struct {
	// Addr is where the proxy listens.
	Addr string

	listener net.Listener
	to       string
	text     []byte

	mu   sync.Mutex
	seen chan time.Time
}

// NewProxy starts a proxy on a free port. It passes connections on once To was called.
// text is what it watches for.
func NewProxy(ctx context.Context, text string) (*Proxy, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &Proxy{Addr: l.Addr().String(), listener: l, text: []byte(text)}, nil
}

// To sets the address to which connections are passed on, and begins.
func (p *Proxy) To(addr string) {
	p.to = addr
	go func() {
		for {
			conn, err := p.listener.Accept()
			if err != nil {
				return
			}
			go p.pass(conn)
		}
	}()
}

// Close stops the proxy.
func (p *Proxy) Close() error { return p.listener.Close() }

// Next returns a channel on which the time of the next answer with the text comes.
func (p *Proxy) Next() <-chan time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = make(chan time.Time, 1)
	return p.seen
}

func (p *Proxy) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", p.to) //nolint:noctx // the connection of a page, which ends with it
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, io.TeeReader(server, watcher{p}))
}

// watcher sees the answers of a connection. A text that two reads share is not seen.
type watcher struct{ *Proxy }

// Write implements io.Writer.
func (w watcher) Write(piece []byte) (int, error) {
	if bytes.Contains(piece, w.text) {
		w.mu.Lock()
		defer w.mu.Unlock()
		select {
		case w.seen <- time.Now():
		default: // it came before, or nobody waits
		}
	}
	return len(piece), nil
}
