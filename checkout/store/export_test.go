package store

import "database/sql"

// CheckSQLite is checkSQLite, for tests.
var CheckSQLite = checkSQLite

// Reader returns one of the pool of readers, for tests.
func (d *DB) Reader() *sql.DB { return d.reader }

// CheckPostgres is checkPostgres, for tests.
var CheckPostgres = checkPostgres
