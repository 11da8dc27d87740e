package web

import (
	"sync"

	"github.com/wantukit/wantukit/templates"
)

// codesKept is the number of codes that qrCodes keeps at least. A code has 3 to 6 kB.
const codesKept = 1024

// qrCodes draws QR codes of one kind and keeps the latest. A page is requested again
// while its shopper pays, and to draw a code takes longer than to render the rest of the
// page. It keeps at most twice codesKept, and then forgets the codes that were drawn or
// found the longest ago. It is safe for concurrent use.
type qrCodes struct {
	// drawNew draws a code that is not kept.
	drawNew func(text string) (*templates.QRCode, error)

	mu            sync.Mutex
	recent, older map[string]*templates.QRCode
}

// draw returns the code of text, which the caller must not change. It fails for a text
// that is too long.
func (q *qrCodes) draw(text string) (*templates.QRCode, error) {
	if known := q.find(text); known != nil {
		return known, nil
	}
	code, err := q.drawNew(text)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.keep(text, code)
	return code, nil
}

// find returns the code of text and keeps it among the recent ones. It returns nil for a
// text whose code is not kept.
func (q *qrCodes) find(text string) *templates.QRCode {
	q.mu.Lock()
	defer q.mu.Unlock()
	if code, ok := q.recent[text]; ok {
		return code
	}
	code, ok := q.older[text]
	if ok {
		q.keep(text, code)
	}
	return code
}

func (q *qrCodes) keep(text string, code *templates.QRCode) {
	if q.recent == nil || len(q.recent) >= codesKept {
		q.older, q.recent = q.recent, map[string]*templates.QRCode{}
	}
	q.recent[text] = code
}
