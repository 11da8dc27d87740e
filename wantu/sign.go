package wantu

import (
	"crypto/md5" // #nosec G501 -- the gateway's protocol demands it
	"crypto/subtle"
	"encoding/hex"
	"slices"
)

// Fields are the signed values of one message by their exact names. A value is the
// decoded text of a string, or the literal text of a number or boolean.
type Fields map[string]string

const signField = "sign"

// Sign returns the signature of fields under key: the MD5 of
// "k1=v1&k2=v2&…&key=KEY" in upper-case hex, with the names in ASCII order. The
// field "sign" and empty values are left out. Manual 1.3.
func Sign(fields Fields, key string) string {
	const digits = "0123456789ABCDEF"
	sum := digest(fields, key)
	var text [2 * md5.Size]byte
	for i, b := range sum {
		text[2*i], text[2*i+1] = digits[b>>4], digits[b&0xf]
	}
	return string(text[:])
}

// Verify reports whether sign is the signature of fields under key, in upper or
// lower case. It compares in constant time. It is always false for an empty key.
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

// SigningString returns the string that Sign hashes, without "key=KEY" at its end:
// "k1=v1&k2=v2&…&". Use it to find out why two signatures differ.
func SigningString(fields Fields) string {
	return string(appendFields(nil, fields))
}

// digest returns the MD5 that a signature encodes. The array avoids a heap
// allocation for a message of usual size.
func digest(fields Fields, key string) [md5.Size]byte {
	var buffer [1024]byte
	text := appendFields(buffer[:0], fields)
	text = append(text, "key="...)
	text = append(text, key...)
	return md5.Sum(text) // #nosec G401 -- the gateway's protocol demands it
}

func appendFields(text []byte, fields Fields) []byte {
	var buffer [32]string
	names := buffer[:0]
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
