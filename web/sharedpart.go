package web

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"hash/maphash"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/andybalholm/brotli/matchfinder"

	"github.com/wantukit/wantukit/templates"
)

// Pages of a shop begin with the same bytes: see templates.SharedLength. This shared part
// is almost half of a page. It is compressed once, at the highest level, and each page
// adds its rest. The rest is compressed alone: references to the shared part would save
// about 1 % of a page, and need an index of the shared part.

// coding compresses pages in one encoding.
type coding struct {
	// begin returns a stream that is complete but for its end, and ends with a whole
	// byte.
	begin func(part []byte) ([]byte, error)
	// end appends the end of a stream: page from the index rest on.
	end func(stream, page []byte, rest int) ([]byte, error)
}

var codings = map[string]coding{
	"br":   {beginBrotli, endBrotli},
	"gzip": {beginGzip, endGzip},
}

// compressPage returns a page in an encoding, "br" or "gzip".
func compressPage(encoding string, page []byte) ([]byte, error) {
	rest := templates.SharedLength(page)
	if rest == 0 || rest == len(page) || len(page)-rest > maxRest {
		return compress(encoding, page)
	}
	begun, err := beginnings.find(encoding, page[:rest])
	if err != nil {
		return nil, err
	}
	stream := append(make([]byte, 0, len(begun)+(len(page)-rest)/2), begun...)
	return codings[encoding].end(stream, page, rest)
}

// beginnings has the beginnings of all pages.
var beginnings = sharedParts{seed: maphash.MakeSeed(), known: map[partKey]*begun{}}

// sharedPartsKept bounds the memory of sharedParts. There is a part for each shop and
// language, and a part has about 3 kB in each encoding.
const sharedPartsKept = 8192

// sharedParts has compressed shared parts. It is safe for concurrent use.
type sharedParts struct {
	seed maphash.Seed

	mu    sync.Mutex
	known map[partKey]*begun
}

// partKey identifies a shared part in an encoding by a hash with a secret seed.
type partKey struct {
	encoding string
	length   int
	hash     uint64
}

// begun is the beginning of a stream.
type begun struct {
	once   sync.Once
	stream []byte
	err    error
}

// find returns the beginning of a stream for a shared part, which the caller must not
// change. The first caller compresses it, and callers at the same time wait.
func (s *sharedParts) find(encoding string, part []byte) ([]byte, error) {
	b := s.entry(partKey{encoding, len(part), maphash.Bytes(s.seed, part)})
	b.once.Do(func() { b.stream, b.err = codings[encoding].begin(part) })
	return b.stream, b.err
}

func (s *sharedParts) entry(key partKey) *begun {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.known[key]
	if !ok {
		if len(s.known) >= sharedPartsKept {
			clear(s.known)
		}
		b = &begun{}
		s.known[key] = b
	}
	return b
}

// brotliWindow is the window of a page's stream, as a power of two. The references in a
// rest are shorter, because a rest has at most maxRest bytes, as matchfinder.M0 needs.
const (
	brotliWindow = 18
	maxRest      = 1 << 16
)

func beginBrotli(part []byte) ([]byte, error) {
	var out bytes.Buffer
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: brotliWindow})
	if _, err := w.Write(part); err != nil {
		return nil, err
	}
	err := w.Flush()
	return out.Bytes(), err
}

// brotliRest compresses the rests of pages. Its encoder has no dictionary, so that its
// blocks may stand anywhere in a stream.
type brotliRest struct {
	encoder brotli.Encoder
	matches []matchfinder.Match
	out     []byte
}

var brotliRests = sync.Pool{New: func() any { return &brotliRest{} }}

func endBrotli(stream, page []byte, rest int) ([]byte, error) {
	r := brotliRests.Get().(*brotliRest) //nolint:forcetypeassert // the pool has no other type
	defer brotliRests.Put(r)
	r.encoder.Reset()
	// M0 is the fastest finder, and its table is small: others clear a megabyte for each
	// page, to make it 3 % smaller.
	r.matches = matchfinder.M0{}.FindMatches(r.matches[:0], page[rest:])
	r.out = r.encoder.Encode(r.out[:0], page[rest:], r.matches, true)
	return appendBlocks(stream, r.out), nil
}

// brotliHeader is the size of a brotli stream's header in bits, for the window that
// brotli.Encoder writes.
const brotliHeader = 4

// appendBlocks appends the blocks of a brotli stream to another stream, which has no last
// block and ends with a whole byte. It leaves the header out, which moves all bits.
func appendBlocks(stream, blocks []byte) []byte {
	last := len(blocks) - 1
	for i := range last {
		stream = append(stream, blocks[i]>>brotliHeader|blocks[i+1]<<(8-brotliHeader))
	}
	// The last bits of a stream are ones. If no bit is left, the last byte is not needed.
	if left := blocks[last] >> brotliHeader; left != 0 {
		stream = append(stream, left)
	}
	return stream
}

// gzipHeader is the header of a gzip stream without name and time (RFC 1952).
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

func beginGzip(part []byte) ([]byte, error) {
	out := bytes.NewBufferString(gzipHeader)
	w, err := flate.NewWriter(out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(part); err != nil {
		return nil, err
	}
	err = w.Flush()
	return out.Bytes(), err
}

var flateWriters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, gzipLevel) // the level is valid
	return w
}}

func endGzip(stream, page []byte, rest int) ([]byte, error) {
	w := flateWriters.Get().(*flate.Writer) //nolint:forcetypeassert // the pool has no other type
	defer flateWriters.Put(w)
	out := bytes.NewBuffer(stream)
	w.Reset(out)
	if _, err := w.Write(page[rest:]); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	stream = binary.LittleEndian.AppendUint32(out.Bytes(), crc32.ChecksumIEEE(page))
	return binary.LittleEndian.AppendUint32(stream, uint32(len(page))), nil //nolint:gosec // the format has the size modulo 2^32
}
