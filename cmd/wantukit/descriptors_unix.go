//go:build unix

package main

import "syscall"

// descriptors returns how many file descriptors this process may use, at most
// maxDescriptors. Go's runtime has raised the soft limit to the hard limit before.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fewDescriptors
	}
	if limit.Cur > maxDescriptors {
		return maxDescriptors
	}
	return int(limit.Cur)
}
