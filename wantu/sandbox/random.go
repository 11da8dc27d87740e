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

// source makes random texts. It has a lock because Config.Rand may not be safe for
// concurrent use.
type source struct {
	mu     sync.Mutex
	reader io.Reader
}

// text returns n random characters of alphabet. If the length of alphabet divides 256,
// all characters are equally likely. For decimals they are not quite, and that does no
// harm.
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
	tokenAlphabet = "abcdefghijkmnpqrstuvwxyz23456789" // 32 characters that are not easily confused
	hexDigits     = "0123456789abcdef"
	decimals      = "0123456789"
)

func (s *source) token(n int) (string, error) { return s.text(n, tokenAlphabet) }

// Seed returns a source for [Config].Rand that always gives the same bytes for the same
// seed. It is for tests only: with the seed anybody can predict every token.
func Seed(seed uint64) io.Reader {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}
