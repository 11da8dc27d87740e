//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// other is the user whom the server runs as where the tests run as root, whom
// PostgreSQL refuses; nil where they do not.
func other() (*syscall.Credential, error) {
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

// unprivileged starts a command as other, in a process group of its own, so
// that Ctrl-C reaches the tests first.
func unprivileged() *syscall.SysProcAttr {
	credential, _ := other() // giveAway has reported the error
	return &syscall.SysProcAttr{Setpgid: true, Credential: credential}
}

// giveAway makes a folder other's.
func giveAway(folder string) error {
	credential, err := other()
	if err != nil || credential == nil {
		return err
	}
	return os.Chown(folder, int(credential.Uid), int(credential.Gid))
}
