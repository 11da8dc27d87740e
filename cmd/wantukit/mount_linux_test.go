package main

import "syscall"

// mountSmall mounts a disk of 8 MiB on a folder.
func mountSmall(folder string) (unmount func() error, err error) {
	err = syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=8m")
	return func() error { return syscall.Unmount(folder, 0) }, err
}
