package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// TestHostileOtherUsersOfTheMachine: whoever may look into the folder cannot read
// the data.
func TestHostileOtherUsersOfTheMachine(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]os.FileMode{"new": 0, "made by an older version": 0o644, "closed by a strict umask": 0o400} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			try(t, os.Chmod(folder, 0o755))
			path := filepath.Join(folder, "wantukit.db")
			if before != 0 {
				for _, end := range []string{"", "-wal", "-shm", ".lock"} {
					try(t, os.WriteFile(path+end, nil, before))
					try(t, os.Chmod(path+end, before)) // whatever the test's umask
				}
			}
			db, err := store.OpenSQLiteAlone(t.Context(), path)
			try(t, err)
			t.Cleanup(func() { try(t, db.Close()) })
			files, err := os.ReadDir(folder)
			try(t, err)
			if len(files) != 4 {
				t.Errorf("the files are %v, want the database, its log, its index and the lock", files)
			}
			for _, file := range files {
				if info, err := file.Info(); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
					t.Errorf("%s is %v (%v)", file.Name(), info.Mode(), err)
				}
			}
		})
	}
}

func TestOneProgramServesFromAnSQLiteFile(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	first, err := store.OpenSQLiteAlone(t.Context(), path)
	try(t, err)
	if _, err := store.OpenSQLiteAlone(t.Context(), path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("the second: error %v, want ErrInUse", err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	try(t, os.Symlink(path, link))
	if _, err := store.OpenSQLiteAlone(t.Context(), link); !errors.Is(err, store.ErrInUse) {
		t.Errorf("by another name: error %v, want ErrInUse", err)
	}
	beside, err := store.OpenSQLite(t.Context(), path)
	try(t, err)
	if err := beside.Ping(t.Context()); err != nil {
		t.Errorf("a program that looks: %v", err)
	}
	try(t, beside.Close())
	if _, err := store.OpenSQLiteAlone(t.Context(), path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("after a program has looked: error %v, want ErrInUse", err)
	}
	try(t, first.Close())
	second, err := store.OpenSQLiteAlone(t.Context(), path)
	try(t, err)
	try(t, second.Close())
}
