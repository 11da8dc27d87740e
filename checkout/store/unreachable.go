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

// Unreachable reports whether an error says that the database does not answer: it
// cannot be connected to, it ends or starts, or the connection broke. What was
// asked for may be asked for again once it is back. Of an error that is not the
// store's it may be wrong: the connections to others break in the same way.
func Unreachable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, checkout.ErrOutcomeUnknown) {
		return false
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return true
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		// 08: connections; 57P01 to 57P03: the server ends or starts; 53300: it
		// has no connection left.
		return strings.HasPrefix(said.Code, "08") || strings.HasPrefix(said.Code, "57P0") || said.Code == "53300"
	}
	return broken(err)
}

// broken reports whether a connection ended.
func broken(err error) bool {
	for _, ended := range []error{driver.ErrBadConn, net.ErrClosed, io.ErrUnexpectedEOF} {
		if errors.Is(err, ended) {
			return true
		}
	}
	var network *net.OpError
	return errors.As(err, &network) || pgconn.SafeToRetry(err)
}
