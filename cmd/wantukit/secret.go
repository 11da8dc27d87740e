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

// errOwnSecret refuses to make a secret that other nodes do not know: what one
// of them signed, such as a form, would be refused by the next.
var errOwnSecret = errors.New("--database-url: the nodes on one database share a secret: set --secret-file, or WANTUKIT_SECRET")

// secret returns the secret that was configured, or this node's own.
func (c *serveCommand) secret() ([]byte, error) {
	switch {
	case c.Secret != "" && c.SecretFile != "":
		return nil, gatewaycli.Usage(errors.New("--secret-file: WANTUKIT_SECRET is set, too"))
	case c.Secret != "":
		return longEnough(withoutLineEnd([]byte(c.Secret)), "WANTUKIT_SECRET")
	case c.SecretFile != "":
		secret, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("--secret-file: %w", err)
		}
		return longEnough(withoutLineEnd(secret), "--secret-file")
	case c.DatabaseURL != "":
		return nil, gatewaycli.Usage(errOwnSecret)
	default:
		return loadSecret(c.ownSecret())
	}
}

// ownSecret is the file of the secret that this node makes.
func (c *serveCommand) ownSecret() string { return filepath.Join(c.Data, "secret") }

// withoutLineEnd returns a secret without the end of an editor's last line. One
// of random bytes may end so too, and is too short without.
func withoutLineEnd(secret []byte) []byte {
	if text := bytes.TrimRight(secret, "\r\n"); len(text) >= web.MinSecret {
		return text
	}
	return secret
}

// longEnough refuses what is no secret.
func longEnough(secret []byte, name string) ([]byte, error) {
	switch {
	case len(secret) < web.MinSecret:
		return nil, gatewaycli.Usage(fmt.Errorf("%s is shorter than %d bytes", name, web.MinSecret))
	case config.IsPlaceholder(string(secret)):
		return nil, gatewaycli.Usage(fmt.Errorf("%s is a placeholder of an example, not a secret", name))
	default:
		return secret, nil
	}
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
	return secret, store.Restrict(path) // the umask may have taken more
}
