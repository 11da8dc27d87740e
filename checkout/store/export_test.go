package store

import "database/sql"

// DueQueries are what DueAttempts asks, for tests.
var DueQueries = map[string]string{"attempts_due_live": dueQuery(dueLive), "attempts_due_ended": dueQuery(dueEnded)}

// CheckSQLite is checkSQLite, for tests.
var CheckSQLite = checkSQLite

// Reader returns one of the pool of readers, for tests.
func (d *DB) Reader() *sql.DB { return d.reader }

// CheckPostgres is checkPostgres, for tests.
var CheckPostgres = checkPostgres
