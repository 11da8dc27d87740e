package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// TestHostileOtherUsersOfTheMachine checks that users who can read the folder cannot
// read the files in it.
func TestHostileOtherUsersOfTheMachine(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]os.FileMode{"new": 0, "made by an older version": 0o644, "closed by a strict umask": 0o400} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			must(t, os.Chmod(folder, 0o755))
			path := filepath.Join(folder, "wantukit.db")
			if before != 0 {
				for _, end := range []string{"", "-wal", "-shm", ".lock"} {
					must(t, os.WriteFile(path+end, nil, before))
					must(t, os.Chmod(path+end, before)) // the umask does not apply
				}
			}
			db, err := store.OpenSQLiteAlone(t.Context(), path)
			must(t, err)
			t.Cleanup(func() { must(t, db.Close()) })
			files, err := os.ReadDir(folder)
			must(t, err)
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
	must(t, err)
	if _, err := store.OpenSQLiteAlone(t.Context(), path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("the second: error %v, want ErrInUse", err)
	}
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(path, link))
	if _, err := store.OpenSQLiteAlone(t.Context(), link); !errors.Is(err, store.ErrInUse) {
		t.Errorf("through a link: error %v, want ErrInUse", err)
	}
	reader, err := store.OpenSQLite(t.Context(), path)
	must(t, err)
	if err := reader.Ping(t.Context()); err != nil {
		t.Errorf("a second program that does not serve: %v", err)
	}
	must(t, reader.Close())
	if _, err := store.OpenSQLiteAlone(t.Context(), path); !errors.Is(err, store.ErrInUse) {
		t.Errorf("after another program has closed the database: error %v, want ErrInUse", err)
	}
	must(t, first.Close())
	second, err := store.OpenSQLiteAlone(t.Context(), path)
	must(t, err)
	must(t, second.Close())
}
