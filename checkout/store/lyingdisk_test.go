package store_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// TestSQLiteOnALyingDisk: a disk that says that it has synced, and has not, loses
// the newest commits with the power. Those before stay, and the store goes on.
func TestSQLiteOnALyingDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disk, err := faultdisk.Under(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(disk.Remove)
	open := func() (*store.DB, *store.Store) {
		db, err := store.OpenSQLite(t.Context(), filepath.Join(folder, "w.db"))
		if err != nil {
			t.Fatal(err)
		}
		return db, store.New(db, noJobs)
	}
	db, s := open()
	kept, lost := newSession(), newSession()
	lost.ID += "2"
	if err := s.CreateSession(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	disk.Lie()
	if err := s.CreateSession(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	disk.PowerOff()
	_ = db.Close() // it has lost its disk
	if err := disk.PowerOn(func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	db, s = open()
	t.Cleanup(func() { _ = db.Close() })
	if _, err := s.Session(t.Context(), kept.ID); err != nil {
		t.Errorf("what was synced: %v", err)
	}
	if _, err := s.Session(t.Context(), lost.ID); !errors.Is(err, checkout.ErrNotFound) {
		t.Errorf("what was not synced: %v", err)
	}
	if err := s.CreateSession(t.Context(), lost); err != nil {
		t.Errorf("the store does not go on: %v", err)
	}
}
