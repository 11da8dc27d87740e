//go:build !linux

package main

import "errors"

// mountSmall mounts nothing.
func mountSmall(string) (unmount func() error, err error) { return nil, errors.ErrUnsupported }
