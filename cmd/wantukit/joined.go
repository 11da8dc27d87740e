package main

import (
	"net"
	"sync"
)

// joinedListener accepts the connections of several listeners.
type joinedListener struct {
	// Listener is the first one. Addr returns its address.
	net.Listener
	accepted chan accepted
	done     chan struct{}
	close    func() error
}

// accepted is what Accept of one listener returned.
type accepted struct {
	conn net.Conn
	err  error
}

// join returns one listener for all. It owns them: its Close closes them.
func join(first net.Listener, others ...net.Listener) net.Listener {
	if len(others) == 0 {
		return first
	}
	l := &joinedListener{Listener: first, accepted: make(chan accepted), done: make(chan struct{})}
	l.close = sync.OnceValue(func() error {
		close(l.done)
		return closeAll(append(others, first))
	})
	for _, one := range append(others, first) {
		go l.forward(one)
	}
	return l
}

// forward passes on what one listener accepts, until the joined one is closed.
func (l *joinedListener) forward(one net.Listener) {
	for {
		conn, err := one.Accept()
		select {
		case l.accepted <- accepted{conn, err}:
		case <-l.done:
			if conn != nil {
				_ = conn.Close()
			}
			return
		}
	}
}

// Accept implements net.Listener.
func (l *joinedListener) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *joinedListener) Close() error { return l.close() }
