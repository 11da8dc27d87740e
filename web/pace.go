package web

import (
	"net/http"
	"time"
)

// A client may not read a response without end. Each response is written in pieces, and
// each piece has a write deadline; the connection is closed when a deadline passes. All
// routes have these deadlines, the live streams too. They use the system's clock, as
// all deadlines of connections do.
const (
	pacePiece = 16 << 10 // bytes
	paceWait  = 30 * time.Second
)

// paced is a ResponseWriter that sets a write deadline for each piece.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
}

// pace returns w with write deadlines. It sets the first one at once, for 100 Continue,
// which is written before the response.
func pace(w http.ResponseWriter) *paced {
	p := &paced{w, http.NewResponseController(w)}
	p.renew()
	return p
}

// renew sets the write deadline of the next piece. It ignores the error of a
// ResponseWriter without a connection, as in tests.
func (p *paced) renew() { _ = p.control.SetWriteDeadline(time.Now().Add(paceWait)) }

// WriteHeader implements http.ResponseWriter.
func (p *paced) WriteHeader(status int) {
	p.renew()
	p.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (p *paced) Write(b []byte) (written int, err error) {
	for {
		p.renew()
		n, err := p.ResponseWriter.Write(b[:min(len(b), pacePiece)])
		written += n
		b = b[n:]
		if err != nil || len(b) == 0 {
			return written, err
		}
	}
}

// Unwrap returns the inner writer to http.ResponseController.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }
