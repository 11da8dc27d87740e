package kit

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/wantukit/wantukit/checkout/store"
)

// Database says where the data is. Either URL or Folder is needed: New fails without
// both, and Open then uses the current folder.
type Database struct {
	// URL is a PostgreSQL database, which several nodes may share, such as
	// postgres://wantukit@db.example.com/wantukit?sslmode=verify-full.
	URL string
	// Unverified accepts a PostgreSQL on another host that sslmode=verify-full
	// does not verify. Anyone on the network between can then read and change the
	// data.
	Unverified bool
	// Folder is the folder of an SQLite database, which one node may serve from.
	// It is made if it is missing. It is not used where URL is set.
	Folder string
}

// SQLiteFile is the file of the SQLite database in Folder.
func (d Database) SQLiteFile() string { return filepath.Join(d.Folder, "wantukit.db") }

// Open opens the database and brings its schema up to date. With the option
// store.KeepSchema it only checks the schema. It fails with store.ErrUnverified if the
// URL is not verified and Unverified is not set.
func (d Database) Open(ctx context.Context, options ...store.Option) (*store.DB, error) {
	if d.URL == "" {
		return store.OpenSQLite(ctx, d.SQLiteFile(), options...)
	}
	url := strings.TrimSpace(d.URL) // a file's last line ends with a line break
	if err := store.CheckVerified(url); err != nil && (!d.Unverified || !errors.Is(err, store.ErrUnverified)) {
		return nil, err
	}
	return store.OpenPostgres(ctx, url, options...)
}

// openToServe is Open for a program that works the queue. It fails with
// store.ErrInUse if another one serves from the same SQLite file.
func (d Database) openToServe(ctx context.Context) (*store.DB, error) {
	switch {
	case d.URL != "":
		return d.Open(ctx)
	case d.Folder == "":
		return nil, errors.New("kit: Config.Database has neither a URL nor a Folder")
	default:
		return store.OpenSQLiteAlone(ctx, d.SQLiteFile())
	}
}
