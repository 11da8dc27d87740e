// Package squeeze compresses a file as small as it gets, for content that is
// compressed once and served often.
package squeeze

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
)

// Brotli returns body for Content-Encoding br. Its window is as large as the
// body: a larger one takes longer and wins nothing.
func Brotli(body []byte) ([]byte, error) {
	var out bytes.Buffer
	window := min(max(bits.Len(uint(len(body))), 14), 22)
	options := brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: window}
	return finish(&out, brotli.NewWriterOptions(&out, options), body)
}

// Gzip returns body for Content-Encoding gzip.
func Gzip(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	return finish(&out, w, body)
}

func finish(out *bytes.Buffer, w io.WriteCloser, body []byte) ([]byte, error) {
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Lean drops the indentation and the comments that have lines of their own from
// a script. It is for scripts of ours, which have no text over several lines.
func Lean(script []byte) []byte {
	var lean bytes.Buffer
	for line := range bytes.Lines(script) {
		line = bytes.TrimLeft(line, " \t")
		if len(bytes.TrimSpace(line)) > 0 && !bytes.HasPrefix(line, []byte("//")) {
			lean.Write(line)
		}
	}
	return lean.Bytes()
}
