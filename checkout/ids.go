package checkout

import (
	"encoding/base32"
	"errors"
	"io"
)

// idEncoding writes 128 bits as 26 lower-case letters and digits. They need no escaping
// in a URL, a file name or the gateway's out_trade_no.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const idLength = 26

// NewID returns prefix and 128 random bits as 26 lower-case letters and digits. It
// fails where random does.
func NewID(random io.Reader, prefix string) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", errors.New("reading random bits: " + err.Error())
	}
	return prefix + idEncoding.EncodeToString(b[:]), nil
}

// newIDs returns n IDs without a prefix.
func newIDs(random io.Reader, n int) ([]string, error) {
	ids := make([]string, n)
	for i := range ids {
		id, err := NewID(random, "")
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

// SessionPrefix is the beginning of every session ID.
const SessionPrefix = "cs_"

// validID reports whether s has the form of an ID with this prefix. A malformed ID is
// then not looked up in the store.
func validID(s, prefix string) bool {
	if len(s) != len(prefix)+idLength || s[:len(prefix)] != prefix {
		return false
	}
	for _, c := range []byte(s[len(prefix):]) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
