package sandbox

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
)

const (
	tokenLength  = 10 // 50 bits: short enough for a qrcode_url
	maxQRCodeURL = 64 // manual 2.2
)

// source makes random texts. Config.Rand need not be safe for concurrent use.
type source struct {
	mu     sync.Mutex
	reader io.Reader
}

// text returns n characters, each drawn from alphabet. A length of 256 divided
// by a power of two leaves no bias; digits have a slight one, which is no harm.
func (s *source) text(n int, alphabet string) (string, error) {
	raw := make([]byte, n)
	s.mu.Lock()
	_, err := io.ReadFull(s.reader, raw)
	s.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("sandbox: read randomness: %w", err)
	}
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw), nil
}

const (
	tokenAlphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32, none mistaken for another
	hexDigits     = "0123456789abcdef"
	decimals      = "0123456789"
)

func (s *source) token(n int) (string, error) { return s.text(n, tokenAlphabet) }

// Seed returns a source for [Config.Rand] that gives the same bytes for the
// same seed. Who knows the seed knows every token, as a test wants to.
func Seed(seed uint64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}
