//go:build unix

package main

import "syscall"

// descriptors is how many files and connections this process may have open, as
// far as it has a use for them.
// Go's runtime has raised the soft limit to the hard one by now.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fewDescriptors
	}
	if limit.Cur > manyDescriptors {
		return manyDescriptors
	}
	return int(limit.Cur)
}
