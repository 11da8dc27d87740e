package config

import (
	"fmt"
	"os"
	"strings"
)

// Confidential is a value of the configuration file that may stand elsewhere:
// "env:NAME" is read from the environment, "file:PATH" from a file.
type Confidential string

// Read returns the value itself.
func (c Confidential) Read() (string, error) {
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
func (c Confidential) String() string { return "(left out)" }

// MarshalText keeps the value out of JSON, YAML and structured logs.
func (c Confidential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// GoString keeps the value out of %#v too.
func (c Confidential) GoString() string { return c.String() }
