package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wantukit/wantukit/checkout"
)

// Unreachable reports whether an error means that the database does not answer:
// connecting failed, the server is shutting down or starting, or the connection
// broke. The caller may retry once the database is back. The error must come from
// the store, because other broken connections give the same errors.
func Unreachable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, checkout.ErrOutcomeUnknown) {
		return false
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return true
	}
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		// 08: connection errors; 57P01 to 57P03: the server shuts down or starts;
		// 53300: it has no free connection.
		return strings.HasPrefix(answer.Code, "08") || strings.HasPrefix(answer.Code, "57P0") || answer.Code == "53300"
	}
	return isConnectionBroken(err)
}

// isConnectionBroken reports whether an error means that the connection ended.
func isConnectionBroken(err error) bool {
	for _, target := range []error{driver.ErrBadConn, net.ErrClosed, io.ErrUnexpectedEOF} {
		if errors.Is(err, target) {
			return true
		}
	}
	var network *net.OpError
	return errors.As(err, &network) || pgconn.SafeToRetry(err)
}
