package web

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// sealer encrypts with a secret of the server.
type sealer []byte

// seal encrypts text for one purpose, so that the database does not reveal it.
func (s sealer) seal(purpose, text string) (string, error) {
	data, err := s.sealBytes(purpose, text)
	return base64.RawURLEncoding.EncodeToString(data), err
}

func (s sealer) sealBytes(purpose, text string) ([]byte, error) {
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
func (s sealer) unseal(purpose, sealed string) (string, error) {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return "", errNotSealed
	}
	return s.unsealBytes(purpose, data)
}

var errNotSealed = errors.New("not a sealed text")

func (s sealer) unsealBytes(purpose string, data []byte) (string, error) {
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
func (s sealer) newCipher(purpose string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(s, "seal", purpose))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// SecretBox encrypts the secrets of webhook endpoints for the database.
type SecretBox struct{ sealer sealer }

// NewSecretBox returns a SecretBox. secret is Config.Secret.
func NewSecretBox(secret []byte) SecretBox { return SecretBox{secret} }

// webhookPurpose is the purpose for which webhook secrets are sealed.
const webhookPurpose = "webhook secret"

// Seal encrypts a secret.
func (b SecretBox) Seal(secret string) (string, error) { return b.sealer.seal(webhookPurpose, secret) }

// Open decrypts what Seal has returned. It fails for any other text, and with another secret
// of the server.
func (b SecretBox) Open(sealed string) (string, error) {
	return b.sealer.unseal(webhookPurpose, sealed)
}

// Format implements [fmt.Formatter]. It does not print the secret.
func (b SecretBox) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "web.SecretBox") }
