//go:build !unix

package main

// descriptors returns how many file descriptors this process may use. This system
// has no limit to ask for.
func descriptors() int { return maxDescriptors }
