package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
)

// seal encrypts text for one purpose with the server's secret, so that the database
// does not reveal who the shopper is.
func (s *Server) seal(purpose, text string) (string, error) {
	data, err := s.sealBytes(purpose, text)
	return base64.RawURLEncoding.EncodeToString(data), err
}

func (s *Server) sealBytes(purpose, text string) ([]byte, error) {
	box, err := s.newCipher(purpose)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return box.Seal(nonce, nonce, []byte(text), nil), nil
}

// unseal decrypts a text that seal has encrypted for the same purpose. It fails for any
// other text. Its errors hold no part of the text.
func (s *Server) unseal(purpose, sealed string) (string, error) {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", errNotSealed
	}
	return s.unsealBytes(purpose, data)
}

var errNotSealed = errors.New("not a sealed text")

func (s *Server) unsealBytes(purpose string, data []byte) (string, error) {
	box, err := s.newCipher(purpose)
	if err != nil {
		return "", err
	}
	if len(data) < box.NonceSize() {
		return "", errNotSealed
	}
	text, err := box.Open(nil, data[:box.NonceSize()], data[box.NonceSize():], nil)
	if err != nil {
		return "", errors.New("not sealed with this secret and purpose")
	}
	return string(text), nil
}

// newCipher returns the cipher for one purpose.
func (s *Server) newCipher(purpose string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(s.secret, "seal", purpose))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
