//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// serverUser returns the user that the server runs as. It returns nil for the current
// user. If the tests run as root, it returns another user, because PostgreSQL does not
// run as root. It fails if there is none.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// unprivileged makes a command run as serverUser, in its own process group, so that
// Ctrl-C reaches the tests first.
func unprivileged() *syscall.SysProcAttr {
	credential, _ := serverUser() // chownToServer reports the error
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential}
}

// chownToServer makes serverUser the owner of a folder.
func chownToServer(folder string) error {
	credential, err := serverUser()
	if err != nil || credential == nil {
		return err
	}
	return os.Chown(folder, int(credential.Uid), int(credential.Gid))
}
