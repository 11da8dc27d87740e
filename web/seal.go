package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
)

// seal encrypts text for one purpose with the server's secret, so that the
// database holds nothing that says who the shopper is.
func (s *Server) seal(purpose, text string) (string, error) {
	box, err := s.box(purpose)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, box.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, []byte(text), nil)), nil
}

// unseal is the other way. Its errors say nothing of the text.
func (s *Server) unseal(purpose, sealed string) (string, error) {
	box, err := s.box(purpose)
	if err != nil {
		return "", err
	}
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(data) < box.NonceSize() {
		return "", errors.New("not a sealed text")
	}
	text, err := box.Open(nil, data[:box.NonceSize()], data[box.NonceSize():], nil)
	if err != nil {
		return "", errors.New("sealed with another secret")
	}
	return string(text), nil
}

func (s *Server) box(purpose string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(s.secret, "seal", purpose))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
