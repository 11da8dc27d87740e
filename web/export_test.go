package web

import (
	"net/netip"
	"time"

	"github.com/wantukit/wantukit/templates"
)

// Routes returns the server's routes, such as "GET /c/:id".
func (s *Server) Routes() []string {
	var routes []string
	for _, r := range s.echo.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	return routes
}

// Limiter is a limiter with a clock of its own.
type Limiter struct{ l *limiter }

// LimiterClients is the least number of clients that a limiter remembers.
const LimiterClients = limiterClients

// NewLimiter returns a limiter without clients.
func NewLimiter(now func() time.Time) Limiter { return Limiter{newLimiter(now)} }

// Wait returns how long a client has to wait.
func (l Limiter) Wait(client netip.Prefix) time.Duration { return l.l.wait(client) }

// Charge counts a miss of a client.
func (l Limiter) Charge(client netip.Prefix) { l.l.charge(client) }

// Remembered returns the number of clients in memory.
func (l Limiter) Remembered() int { return len(l.l.recent) + len(l.l.older) }

// Streams counts the open live streams.
type Streams struct{ s *streams }

// NewStreams returns Streams without a stream.
func NewStreams(limits StreamLimits) Streams { return Streams{newStreams(limits)} }

// Begin counts a stream, or returns the name of the limit that is reached.
func (s Streams) Begin(client netip.Prefix, session string) (end func(), full string) {
	end, refused := s.s.begin(client, session)
	if refused != nil {
		return nil, refused.name
	}
	return end, ""
}

// Remembered returns the number of clients and sessions in memory.
func (s Streams) Remembered() int { return len(s.s.clients) + len(s.s.sessions) }

// PacePiece is the size of a piece in bytes, and PaceWait the time to read it.
const (
	PacePiece = pacePiece
	PaceWait  = paceWait
)

// Compress is compress, for tests.
var Compress = compress

// QRCodes draws and keeps QR codes.
type QRCodes struct{ q *qrCodes }

// CodesKept is the number of codes that are kept at least.
const CodesKept = codesKept

// NewQRCodes returns QRCodes without a code.
func NewQRCodes() QRCodes { return QRCodes{&qrCodes{drawNew: templates.DrawQRCode}} }

// Draw returns the code of text.
func (q QRCodes) Draw(text string) (*templates.QRCode, error) { return q.q.draw(text) }

// Kept returns the number of codes in memory.
func (q QRCodes) Kept() int { return len(q.q.recent) + len(q.q.older) }

// CompressPage is compressPage, for tests.
var CompressPage = compressPage
