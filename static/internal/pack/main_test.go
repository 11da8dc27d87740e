package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

func TestPack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "program.js")
	write(t, source, []byte(strings.Repeat("hello ", 1000)))
	out := t.TempDir()
	if err := run(out, "", []string{source}); err != nil {
		t.Fatal(err)
	}
	small := read(t, filepath.Join(out, "program.js.br"))
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(brotli.NewReader(bytes.NewReader(small))); err != nil || !bytes.Equal(plain.Bytes(), read(t, source)) {
		t.Errorf("the brotli form has another content: %v", err)
	}
	read(t, filepath.Join(out, "program.js.gz"))

	t.Run("a second run does nothing", func(t *testing.T) {
		long := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(out, "program.js.br"), long, long); err != nil {
			t.Fatal(err)
		}
		if err := run(out, "", []string{source}); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(out, "program.js.br")); err != nil || time.Since(info.ModTime()) < time.Minute {
			t.Errorf("the unchanged file was compressed again: %v", err)
		}
	})
	t.Run("a changed file is packed again", func(t *testing.T) {
		write(t, source, []byte("bye"))
		if err := run(out, "", []string{source}); err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(small, read(t, filepath.Join(out, "program.js.br"))) {
			t.Error("the brotli form has the content of the old file")
		}
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	loader := filepath.Join(dir, "loader.js")
	write(t, loader, fmt.Appendf(nil, "noise = %q;", base64.StdEncoding.EncodeToString(noise)))
	if err := run(dir, loader, nil); err == nil || !strings.Contains(err.Error(), "more than its limit of 3,072") {
		t.Errorf("4,000 bytes of noise as loader.js: %v", err)
	}
	if err := run(dir, filepath.Join(dir, "missing.js"), nil); err == nil {
		t.Error("run accepts a missing file")
	}
	write(t, loader, []byte("let let ="))
	if err := run(dir, loader, nil); err == nil {
		t.Error("run accepts a script with a syntax error")
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1694123: "1,694,123"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) is %q, want %q", n, got, want)
		}
	}
}

func write(t *testing.T, name string, body []byte) {
	t.Helper()
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
