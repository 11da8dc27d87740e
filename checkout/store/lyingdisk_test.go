package store_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// TestSQLiteOnADiskThatIgnoresSyncs checks the store after a power cut on a disk that
// did not do its syncs. The newest commits are lost. Older ones stay, and the store
// works.
func TestSQLiteOnADiskThatIgnoresSyncs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disk, err := faultdisk.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(disk.Remove)
	open := func() (*store.DB, *store.Store) {
		db, err := store.OpenSQLite(t.Context(), filepath.Join(folder, "w.db"))
		if err != nil {
			t.Fatal(err)
		}
		return db, store.New(db, nil)
	}
	db, s := open()
	kept, lost := newSession(), newSession()
	lost.ID += "2"
	if err := s.CreateSession(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	disk.IgnoreSyncs()
	if err := s.CreateSession(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	disk.PowerOff()
	_ = db.Close() // fails without power
	if err := disk.PowerOn(func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	db, s = open()
	t.Cleanup(func() { _ = db.Close() })
	if _, err := s.Session(t.Context(), kept.ID); err != nil {
		t.Errorf("the synced session: error %v", err)
	}
	if _, err := s.Session(t.Context(), lost.ID); !errors.Is(err, checkout.ErrNotFound) {
		t.Errorf("the session that was not synced: error %v, want ErrNotFound", err)
	}
	if err := s.CreateSession(t.Context(), lost); err != nil {
		t.Errorf("the store does not work after the power cut: %v", err)
	}
}
