package web

import (
	"net/http"
	"time"
)

// Nobody may take for ever to read an answer. Each answer is written in pieces,
// and the client's connection has to take each piece in time, or it is closed.
// This holds for every route, the live streams included. It goes by the
// system's own clock, as the deadlines of connections do.
const (
	pacePiece = 16 << 10 // bytes
	paceWait  = 30 * time.Second
)

// paced is a ResponseWriter whose client has to keep up.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
}

// pace bounds what is written before the answer too: 100 Continue.
func pace(w http.ResponseWriter) *paced {
	p := &paced{w, http.NewResponseController(w)}
	p.renew()
	return p
}

// renew gives the client its time for the next piece. A ResponseWriter without
// a connection, as in tests, has no deadline.
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

// Unwrap is for http.ResponseController.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }
