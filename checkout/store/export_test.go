package store

import "database/sql"

// DueQueries are the queries of DueAttempts, by the index that each must use.
var DueQueries = map[string]string{"attempts_due_live": dueQuery(dueLive), "attempts_due_ended": dueQuery(dueEnded)}

// CheckSQLite exports checkSQLite for tests.
var CheckSQLite = checkSQLite

// Reader returns the connections that read, for tests.
func (d *DB) Reader() *sql.DB { return d.reader }

// CheckPostgres exports checkPostgres for tests.
var CheckPostgres = checkPostgres
