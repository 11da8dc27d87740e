package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSecretIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "secret")
	first, err := loadSecret(path)
	if err != nil || len(first) != secretLength {
		t.Fatalf("%d bytes (%v)", len(first), err)
	}
	second, err := loadSecret(path)
	if err != nil || string(second) != string(first) {
		t.Errorf("the second start has another secret (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecret(path); err == nil {
		t.Error("a short secret is taken")
	}
}
