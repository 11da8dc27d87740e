package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wantukit/wantukit/cmd/wantukit/operator"
)

const secretLength = 32

// errOwnSecret refuses to make a secret that other nodes do not know: what one
// of them signed, such as a form, would be refused by the next.
var errOwnSecret = errors.New("--database-url: the nodes on one database share a secret: set --secret-file, or WANTUKIT_SECRET")

// secret returns the secret that was configured, or this node's own.
func (c *serveCommand) secret() ([]byte, error) {
	switch {
	case c.Secret != "" && c.SecretFile != "":
		return nil, operator.Usage(errors.New("--secret-file: WANTUKIT_SECRET is set, too"))
	case c.Secret != "":
		return longEnough([]byte(c.Secret), "WANTUKIT_SECRET")
	case c.SecretFile != "":
		secret, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("--secret-file: %w", err)
		}
		// An editor's last line ends, and a secret of random bytes may.
		if text := bytes.TrimRight(secret, "\r\n"); len(text) >= secretLength {
			secret = text
		}
		return longEnough(secret, "--secret-file")
	case c.DatabaseURL != "":
		return nil, operator.Usage(errOwnSecret)
	default:
		return loadSecret(filepath.Join(c.Data, "secret"))
	}
}

func longEnough(secret []byte, name string) ([]byte, error) {
	if len(secret) < secretLength {
		return nil, operator.Usage(fmt.Errorf("%s is shorter than %d bytes", name, secretLength))
	}
	return secret, nil
}

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
