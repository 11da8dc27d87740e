package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const secretLength = 32

// loadSecret returns the secret that forms and cookies are protected with. The
// first start makes it.
func loadSecret(path string) ([]byte, error) {
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	if len(secret) < secretLength {
		return nil, fmt.Errorf("%s is shorter than %d bytes: remove it to have a new one made", path, secretLength)
	}
	return secret, nil
}

func makeSecret(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	secret := make([]byte, secretLength)
	_, _ = rand.Read(secret) // never fails
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		return nil, fmt.Errorf("writing the secret: %w", err)
	}
	return secret, nil
}
