package rig

import (
	"context"
	"database/sql"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver pgx
	_ "modernc.org/sqlite"             // registers the driver sqlite

	"github.com/wantukit/wantukit/web/kit"
)

// Books reads the checkout's database, beside the checkout.
type Books struct{ db *sql.DB }

// OpenBooks opens the database of a checkout.
func OpenBooks(p Plan) (*Books, error) {
	driver, source := "sqlite", "file:"+SQLiteFile(p)+"?_pragma=busy_timeout(10000)&_pragma=query_only(1)"
	if p.DatabaseURL != "" {
		driver, source = "pgx", p.DatabaseURL
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &Books{db}, nil
}

// SQLiteFile returns the path of a checkout's SQLite database.
func SQLiteFile(p Plan) string {
	return kit.Database{Folder: dataFolder(p)}.SQLiteFile()
}

// Close closes the database.
func (b *Books) Close() error { return b.db.Close() }

// Paid returns how many orders of a merchant are paid.
func (b *Books) Paid(ctx context.Context, merchant string) (n int, err error) {
	err = b.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM attempts WHERE merchant = $1 AND paid_at > 0", merchant).Scan(&n)
	return n, err
}
