package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web"
)

// errNoSharedSecret: nodes that share a database must share the secret, because
// one node gets the forms that another one signed.
var errNoSharedSecret = errors.New("--database-url: nodes on one database must share a secret: set --secret-file or WANTUKIT_SECRET")

// secret returns the configured secret, or else the one that is made in --data.
func (c *serveCommand) secret() ([]byte, error) {
	switch {
	case c.Secret != "" && c.SecretFile != "":
		return nil, gatewaycli.Usage(errors.New("--secret-file and WANTUKIT_SECRET are both set: use one"))
	case c.Secret != "":
		return checkSecret(withoutLineEnd([]byte(c.Secret)), "WANTUKIT_SECRET")
	case c.SecretFile != "":
		secret, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("--secret-file: %w", err)
		}
		return checkSecret(withoutLineEnd(secret), "--secret-file")
	case c.DatabaseURL != "":
		return nil, gatewaycli.Usage(errNoSharedSecret)
	default:
		return loadSecret(c.madeSecretFile())
	}
}

// madeSecretFile is the file of the secret that serve makes.
func (c *serveCommand) madeSecretFile() string { return filepath.Join(c.Data, "secret") }

// withoutLineEnd removes the line end that an editor adds. It keeps a line end
// that belongs to random bytes, which would be too short without it.
func withoutLineEnd(secret []byte) []byte {
	if text := bytes.TrimRight(secret, "\r\n"); len(text) >= web.MinSecret {
		return text
	}
	return secret
}

// checkSecret returns the secret, or an error if it is too short or a placeholder.
func checkSecret(secret []byte, name string) ([]byte, error) {
	switch {
	case len(secret) < web.MinSecret:
		return nil, gatewaycli.Usage(fmt.Errorf("%s is shorter than %d bytes", name, web.MinSecret))
	case config.IsPlaceholder(string(secret)):
		return nil, gatewaycli.Usage(fmt.Errorf("%s is a placeholder of an example, not a secret", name))
	default:
		return secret, nil
	}
}

// loadSecret reads the secret, and makes it if the file does not exist.
func loadSecret(path string) ([]byte, error) {
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	if len(secret) < web.MinSecret {
		return nil, fmt.Errorf("%s is shorter than %d bytes: remove it to have a new one made", path, web.MinSecret)
	}
	return secret, store.Restrict(path)
}

func makeSecret(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	secret := make([]byte, web.MinSecret)
	_, _ = rand.Read(secret) // never fails
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		return nil, fmt.Errorf("writing the secret: %w", err)
	}
	return secret, store.Restrict(path) // restores the mode if the umask removed more
}
