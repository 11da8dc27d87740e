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
	box, err := s.newCipher(purpose)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, []byte(text), nil)), nil
}

// unseal decrypts a text that seal has encrypted for the same purpose. It fails for any
// other text. Its errors hold no part of the text.
func (s *Server) unseal(purpose, sealed string) (string, error) {
	box, err := s.newCipher(purpose)
	if err != nil {
		return "", err
	}
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(data) < box.NonceSize() {
		return "", errors.New("not a sealed text")
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
