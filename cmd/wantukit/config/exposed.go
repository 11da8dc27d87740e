package config

import (
	"maps"
	"os"
	"runtime"
	"slices"
)

// SecretFiles are the files that the shops' keys were read from.
func SecretFiles(shops []Shop) []string {
	files := map[string]bool{}
	for _, s := range shops {
		for _, file := range s.files {
			files[file] = true
		}
	}
	return slices.Sorted(maps.Keys(files))
}

// WritableByOthers reports whether every user of this machine can add and remove
// a folder's files. A sticky folder, as /tmp is, keeps them to their owners.
func WritableByOthers(folder string) bool {
	info, err := os.Stat(folder)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0
}

// Exposed returns those of the files that every user of this machine can read or
// write. Windows has no such bits, and a file that is not there is nobody's.
func Exposed(files ...string) []string {
	if runtime.GOOS == "windows" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(files), func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.Mode().Perm()&0o006 == 0
	})
}
