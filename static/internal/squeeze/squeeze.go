// Package squeeze shortens scripts and compresses files at the highest level, for content
// that is compressed once and served often.
package squeeze

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/bits"

	"github.com/andybalholm/brotli"
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/js"
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

// scriptVersion is the newest ECMAScript version whose syntax Script may put in place of the
// script's own. A newer syntax would end the support of the oldest browsers that can read
// our scripts.
const scriptVersion = 2018

// Script returns a script without comments and blanks, and with short names for what its
// functions declare. It keeps the names of properties and of what the script declares
// outside of functions. It fails if the script has a syntax error.
func Script(script []byte) ([]byte, error) {
	var small bytes.Buffer
	minifier := js.Minifier{Version: scriptVersion}
	if err := minifier.Minify(minify.New(), &small, bytes.NewReader(script), nil); err != nil {
		return nil, err
	}
	return small.Bytes(), nil
}
