// Package squeeze compresses files at the highest level, for content that is compressed
// once and served often.
package squeeze

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
)

// Brotli returns body compressed for Content-Encoding br. The window is as large as the
// body, because a larger window takes longer and does not help.
func Brotli(body []byte) ([]byte, error) {
	var out bytes.Buffer
	window := min(max(bits.Len(uint(len(body))), 14), 22)
	options := brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: window}
	return finish(&out, brotli.NewWriterOptions(&out, options), body)
}

// Gzip returns body compressed for Content-Encoding gzip.
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

// Lean returns a script without indentation, empty lines and comment lines. It is only
// for our own scripts, which have no string over several lines.
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
