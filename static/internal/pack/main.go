// Command pack writes files into static/dist, each with its brotli and gzip form, and
// prints their sizes. It fails if a file is larger than its limit. It does not compress
// an unchanged file again.
//
//	pack -out static/dist -check static/loader.js bin/wantukit.wasm …
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/wantukit/wantukit/static/internal/squeeze"
)

// limits are the largest sizes of files in bytes, compressed with brotli.
var limits = map[string]int{
	"wantukit.wasm": 480_000,
	"loader.js":     3_072,
}

func main() {
	out := flag.String("out", "static/dist", "directory to write to")
	check := flag.String("check", "", "file to measure only, without writing it")
	flag.Parse()
	if err := run(*out, *check, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(out, check string, sources []string) error {
	var errs []error
	for _, source := range sources {
		errs = append(errs, pack(out, source))
	}
	if check != "" {
		errs = append(errs, measure(check))
	}
	return errors.Join(errs...)
}

// pack writes the forms of a file, the plain form last. So the plain form exists only if
// the other forms do, and a second run has nothing to do.
func pack(out, source string) error {
	body, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	name := filepath.Base(source)
	target := filepath.Join(out, name)
	if small, ok := packed(target, body); ok {
		return report(name, len(body), len(small))
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	small, err := squeeze.Brotli(body)
	if err != nil {
		return err
	}
	zipped, err := squeeze.Gzip(body)
	if err != nil {
		return err
	}
	for _, form := range []struct {
		path string
		body []byte
	}{{target + ".br", small}, {target + ".gz", zipped}, {target, body}} {
		if err := os.WriteFile(form.path, form.body, 0o600); err != nil {
			return err
		}
	}
	return report(name, len(body), len(small))
}

// packed returns the brotli form of target. It returns false if target does not exist or
// differs from body.
func packed(target string, body []byte) ([]byte, bool) {
	written, err := os.ReadFile(target)
	if err != nil || !bytes.Equal(written, body) {
		return nil, false
	}
	small, err := os.ReadFile(target + ".br")
	return small, err == nil
}

// measure prints the size of a script that is compressed at start-up.
func measure(source string) error {
	body, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if body, err = squeeze.Script(body); err != nil {
		return fmt.Errorf("shorten %s: %w", source, err)
	}
	small, err := squeeze.Brotli(body)
	if err != nil {
		return err
	}
	return report(filepath.Base(source), len(body), len(small))
}

// report prints the sizes of a file. It fails if the file is larger than its limit.
func report(name string, plain, small int) error {
	fmt.Printf("%s: %s bytes, brotli %s\n", name, grouped(plain), grouped(small))
	if limit, ok := limits[name]; ok && small > limit {
		return fmt.Errorf("%s has %s bytes as brotli, more than its limit of %s", name, grouped(small), grouped(limit))
	}
	return nil
}

// grouped returns a number with commas: 1,694,123.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
