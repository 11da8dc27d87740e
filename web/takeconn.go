package web

import (
	"bytes"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// takeConn takes the connection over from the HTTP server: the caller writes the whole
// answer, and closes the connection. took is false where that cannot be: with HTTP/2, and
// where a middleware around the Server hides the connection.
func takeConn(c echo.Context) (conn net.Conn, took bool) {
	if c.Request().ProtoMajor != 1 { // there the Hijack of some middleware panics
		return nil, false
	}
	conn, _, err := c.Response().Hijack()
	if err != nil { // which error this is depends on the middleware
		return nil, false
	}
	c.Response().Committed = true // so that Echo writes nothing
	return conn, true
}

// streamHead returns the head of an answer that lasts until the connection is closed, with
// the headers that are set.
func streamHead(c echo.Context) []byte {
	h := c.Response().Header()
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	r := c.Request()
	head := http.Response{
		StatusCode: http.StatusOK, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor, Header: h, ContentLength: -1, Close: true,
	}
	var text bytes.Buffer
	_ = head.Write(&text) // a buffer returns no error
	return text.Bytes()
}
