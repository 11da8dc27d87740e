// Package wire sends HTTP/1.1 requests at little cost, because the load of a benchmark
// shares the processors with what it measures. A request is prebuilt bytes, and a
// connection is kept. Make a [Conn] with [Dial] and send requests with [Conn.Do].
package wire

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// timeout limits each exchange, and each connection's opening.
const timeout = 30 * time.Second

// Conn is a kept connection. It is not safe for concurrent use.
type Conn struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte
}

// Response is an answer. Body is valid until the next call of the Conn.
type Response struct {
	Status int
	Body   []byte
	// Head is the size of the status line and the headers in bytes.
	Head int
}

// Dial opens a connection to a host and port, from the local address from, or from any
// address for "". It fails if the address is wrong or does not answer within 30 s.
func Dial(ctx context.Context, addr, from string) (*Conn, error) {
	dialer := net.Dialer{Timeout: timeout}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, reader: bufio.NewReaderSize(conn, 4<<10)}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Do sends a request and reads the answer. It fails if the connection breaks, if the
// answer is not HTTP/1.1 with a length or in chunks, or after 30 s.
func (c *Conn) Do(request []byte) (Response, error) {
	if err := c.Send(request); err != nil {
		return Response{}, err
	}
	r, length, err := c.head()
	if err != nil {
		return Response{}, err
	}
	if length == chunked {
		err = c.readChunks()
	} else {
		err = c.readBody(length)
	}
	r.Body = c.body
	return r, err
}

// Send sends bytes and reads nothing. The deadline of the connection is 30 s later.
func (c *Conn) Send(request []byte) error {
	if err := c.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(request)
	return err
}

// Lines reads the answer's headers and then the lines of its body, until f returns false.
// It is for a stream of server-sent events, in chunks or until the connection is closed: f
// also gets the lines between the chunks. Lines returns io.EOF at the stream's end, and
// another error if the connection breaks or deadline is over. It can be called again after
// a deadline.
func (c *Conn) Lines(deadline time.Time, f func(line []byte) bool) error {
	if c.body == nil {
		if err := c.beginStream(deadline); err != nil {
			return err
		}
	}
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	for {
		line, err := c.reader.ReadSlice('\n')
		c.body = append(c.body, line...) // a deadline may cut a line
		if err != nil {
			return err
		}
		text := bytes.TrimRight(c.body, "\r\n")
		if string(text) == lastChunk {
			return io.EOF
		}
		more := f(text)
		if c.body = c.body[:0]; !more {
			return nil
		}
	}
}

func (c *Conn) beginStream(deadline time.Time) error {
	if err := c.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	r, _, err := c.head()
	if err == nil && r.Status != 200 {
		err = fmt.Errorf("a stream is refused with status %d", r.Status)
	}
	c.body = []byte{}
	return err
}

// lastChunk is the line that ends a body in chunks.
const lastChunk = "0"

// chunked is the length of a body in chunks.
const chunked = -1

// head reads the status line and the headers. It returns the length of the body.
func (c *Conn) head() (r Response, length int, err error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return r, 0, err
	}
	r.Head = len(line)
	if r.Status, err = status(line); err != nil {
		return r, 0, err
	}
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return r, 0, err
		}
		r.Head += len(line)
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		switch {
		case len(name) == 0:
			return r, length, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = chunked
		}
		if err != nil {
			return r, 0, err
		}
	}
}

func status(line []byte) (int, error) {
	if len(line) < len("HTTP/1.1 200") {
		return 0, errors.New("no HTTP/1.1 answer")
	}
	return strconv.Atoi(string(line[9:12]))
}

func (c *Conn) readBody(length int) error {
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	_, err := io.ReadFull(c.reader, c.body)
	return err
}

func (c *Conn) readChunks() error {
	c.body = c.body[:0]
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return err
		}
		begin := len(c.body)
		c.body = append(c.body, make([]byte, size+2)...)
		if _, err := io.ReadFull(c.reader, c.body[begin:]); err != nil {
			return err
		}
		c.body = c.body[:len(c.body)-2] // without the line's end
		if size == 0 {
			return nil
		}
	}
}
