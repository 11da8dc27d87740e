package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Confidential is a secret value of the configuration file, or where it is:
// "env:NAME" names an environment variable, "file:PATH" a file.
type Confidential string

// Read returns the value, without the spaces and line ends around it. A relative
// path begins at folder. It fails if the variable is not set, if the file cannot be
// read, and if the value is a placeholder. An empty value is no error.
func (c Confidential) Read(folder string) (string, error) {
	value, err := c.load(folder)
	if err != nil {
		return "", err
	}
	value = strings.TrimSpace(value)
	if IsPlaceholder(value) {
		return "", errPlaceholder
	}
	return value, nil
}

// load returns the value unchanged.
func (c Confidential) load(folder string) (string, error) {
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

// file returns the path of the file that holds the value. ok is false if the value
// is not in a file.
func (c Confidential) file(folder string) (path string, ok bool) {
	path, ok = strings.CutPrefix(string(c), "file:")
	return resolvePath(folder, path), ok
}

// resolvePath returns path. A relative one begins at folder.
func resolvePath(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// String returns a constant text instead of the value, for fmt and logs.
func (c Confidential) String() string { return "(left out)" }

// MarshalText returns a constant text instead of the value, for JSON, YAML and
// structured logs.
func (c Confidential) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// GoString returns a constant text instead of the value, for %#v.
func (c Confidential) GoString() string { return c.String() }
