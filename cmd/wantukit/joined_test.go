package main

import (
	"errors"
	"net"
	"testing"
)

// TestJoinedListener: it accepts the connections of each listener, and its Close closes
// them all.
func TestJoinedListener(t *testing.T) {
	t.Parallel()
	var opened []net.Listener
	for range 2 {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, l)
	}
	joined := join(opened[0], opened[1:]...)
	for _, l := range opened {
		client, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := joined.Accept()
		if err != nil || conn.LocalAddr().String() != l.Addr().String() {
			t.Fatalf("accepted %v (%v), want a connection of %s", conn, err, l.Addr())
		}
		_, _ = client.Close(), conn.Close()
	}
	waiting := make(chan error, 1)
	go func() {
		_, err := joined.Accept()
		waiting <- err
	}()
	if err := joined.Close(); err != nil {
		t.Error(err)
	}
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept ends with %v, want net.ErrClosed", err)
	}
	for _, l := range opened {
		if conn, err := net.Dial("tcp", l.Addr().String()); err == nil {
			_ = conn.Close()
			t.Errorf("%s is still open", l.Addr())
		}
	}
}
