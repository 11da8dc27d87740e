package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// confidential is a value of the configuration file that may stand elsewhere:
// "env:NAME" is read from the environment, "file:PATH" from a file.
type confidential string

func (c confidential) read() (string, error) {
	if name, ok := strings.CutPrefix(string(c), "env:"); ok {
		value, found := os.LookupEnv(name)
		if !found {
			return "", fmt.Errorf("the environment has no %s", name)
		}
		return value, nil
	}
	if path, ok := strings.CutPrefix(string(c), "file:"); ok {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading a key: %w", err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	return string(c), nil
}

// String keeps the value out of whatever prints the configuration.
func (c confidential) String() string { return "(left out)" }

// GoString keeps the value out of %#v too.
func (c confidential) GoString() string { return c.String() }
