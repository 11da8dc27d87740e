package wantu

import (
	"crypto/md5" // #nosec G501 -- the gateway's protocol demands it
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Fields are the signed values of one message: a string's decoded text, or a
// number's literal text, by exact name.
type Fields map[string]string

const signField = "sign"

// Sign returns the signature of fields under key: upper-case hex of the MD5 of
// "k1=v1&k2=v2&…&key=KEY" with names in ASCII order. The field "sign" and
// empty values are left out. Manual 1.3.
func Sign(fields Fields, key string) string {
	const digits = "0123456789ABCDEF"
	sum := digest(fields, key)
	var text [2 * md5.Size]byte
	for i, b := range sum {
		text[2*i], text[2*i+1] = digits[b>>4], digits[b&0xf]
	}
	return string(text[:])
}

// Verify reports whether sign is the signature of fields under key. It
// compares the 16 bytes that sign stands for in constant time. An empty key
// verifies nothing.
func Verify(fields Fields, sign, key string) bool {
	if key == "" || len(sign) != 2*md5.Size {
		return false
	}
	var claimed [md5.Size]byte
	if _, err := hex.Decode(claimed[:], []byte(sign)); err != nil {
		return false
	}
	sum := digest(fields, key)
	return subtle.ConstantTimeCompare(sum[:], claimed[:]) == 1
}

// SigningString returns what a signature covers but for the key:
// "k1=v1&k2=v2&…&", to which "key=KEY" is appended. It is for finding out why
// two sides disagree.
func SigningString(fields Fields) string {
	return string(appendFields(nil, fields))
}

// digest hashes the string that a signature covers. The array keeps a message
// of usual size off the heap.
func digest(fields Fields, key string) [md5.Size]byte {
	var room [1024]byte
	text := appendFields(room[:0], fields)
	text = append(text, "key="...)
	text = append(text, key...)
	return md5.Sum(text) // #nosec G401 -- the gateway's protocol demands it
}

func appendFields(text []byte, fields Fields) []byte {
	var nameRoom [32]string
	names := nameRoom[:0]
	for name, value := range fields {
		if name != signField && value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		text = append(text, name...)
		text = append(text, '=')
		text = append(text, fields[name]...)
		text = append(text, '&')
	}
	return text
}
