package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Confidential is a value of the configuration file that may stand elsewhere:
// "env:NAME" is read from the environment, "file:PATH" from a file.
type Confidential string

// Read returns the value itself, without the spaces and line ends around it. A
// relative path of a file begins at folder. A placeholder is refused.
func (c Confidential) Read(folder string) (string, error) {
	value, err := c.find(folder)
	if err != nil {
		return "", err
	}
	value = strings.TrimSpace(value)
	if IsPlaceholder(value) {
		return "", errPlaceholder
	}
	return value, nil
}

// find returns the value as it stands where it is kept.
func (c Confidential) find(folder string) (string, error) {
	if name, ok := strings.CutPrefix(string(c), "env:"); ok {
		value, found := os.LookupEnv(name)
		if !found {
			return "", fmt.Errorf("the environment has no %s", name)
		}
		return value, nil
	}
	if path, ok := c.file(folder); ok {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("reading a key: %w", err)
		}
		return string(text), nil
	}
	return string(c), nil
}

// file is the path of the file that holds the value, where one does.
func (c Confidential) file(folder string) (path string, ok bool) {
	path, ok = strings.CutPrefix(string(c), "file:")
	return beside(folder, path), ok
}

// beside is a path that begins at folder where it is relative.
func beside(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// String keeps the value out of whatever prints the configuration.
func (c Confidential) String() string { return "(left out)" }

// MarshalText keeps the value out of JSON, YAML and structured logs.
func (c Confidential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// GoString keeps the value out of %#v too.
func (c Confidential) GoString() string { return c.String() }
