package config

import (
	"maps"
	"os"
	"runtime"
	"slices"
)

// SecretFiles returns the files that the shops' keys were read from, sorted.
func SecretFiles(shops []Shop) []string {
	files := map[string]bool{}
	for _, s := range shops {
		for _, file := range s.files {
			files[file] = true
		}
	}
	return slices.Sorted(maps.Keys(files))
}

// WritableByOthers reports whether every user of this machine can replace the files
// of a folder. It returns false for a sticky folder, such as /tmp, because only the
// owner of a file can replace it there. It returns false on Windows and for a missing
// folder.
func WritableByOthers(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0
}

// Exposed returns the files that every user of this machine can read or write. It
// leaves out missing files, and returns none on Windows, which has no such modes.
func Exposed(files ...string) []string {
	if runtime.GOOS == "windows" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(files), func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Mode().Perm()&0o006 == 0
	})
}
