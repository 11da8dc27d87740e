package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A pooler, such as PgBouncer, may stand before PostgreSQL. In session mode a
// client has a server connection of its own until it leaves, and everything
// works: LISTEN, advisory locks, prepared statements and settings. In transaction
// mode none of them does.

// kept are the parameters that go along when a connection starts: every pooler
// knows application_name, and the others cannot be set later.
var kept = map[string]bool{"application_name": true, "options": true, "replication": true}

// setParameters takes the other parameters out of config, and returns what sets
// them once a connection is open: PgBouncer refuses to open one with parameters
// that it does not know.
func setParameters(config *pgx.ConnConfig) pgconn.AfterConnectFunc {
	var calls []string
	var values [][]byte
	for name, value := range config.RuntimeParams {
		if kept[name] {
			continue
		}
		n := len(values)
		calls = append(calls, "set_config($"+strconv.Itoa(n+1)+", $"+strconv.Itoa(n+2)+", false)")
		values = append(values, []byte(name), []byte(value))
	}
	maps.DeleteFunc(config.RuntimeParams, func(name, _ string) bool { return !kept[name] })
	query := "SELECT " + strings.Join(calls, ", ")
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		return conn.ExecParams(ctx, query, values, nil, nil, nil).Read().Err
	}
}

// errPooling says what to change.
var errPooling = errors.New("a pooler is before PostgreSQL and gives one connection to several clients in turn (PgBouncer's pool_mode transaction or statement): " +
	"LISTEN and advisory locks need pool_mode = session, or connect without the pooler")

// poolingLooks is how often it is looked whether connections are given away: on
// a busy pooler one look may miss it.
const poolingLooks = 3

// refusePooling returns errPooling where a pooler gives away connections between
// transactions: two clients that are connected at the same time then meet the
// same server process, or one meets several. It changes no setting, because those
// would stay behind for others.
func refusePooling(ctx context.Context, config *pgx.ConnConfig) (err error) {
	plain := config.Copy()
	plain.RuntimeParams = maps.Clone(config.RuntimeParams)
	maps.DeleteFunc(plain.RuntimeParams, func(name, _ string) bool { return !kept[name] })
	plain.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	var conns [2]*pgx.Conn
	for i := range conns {
		if conns[i], err = pgx.ConnectConfig(ctx, plain); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conns[i].Close(context.WithoutCancel(ctx))) }()
	}
	for range poolingLooks {
		if err := lookForPooling(ctx, conns[0], conns[1]); err != nil {
			return err
		}
	}
	return nil
}

func lookForPooling(ctx context.Context, one, other *pgx.Conn) error {
	before, err := process(ctx, one)
	if err != nil {
		return err
	}
	within, err := processWithin(ctx, other)
	if err != nil {
		return err
	}
	after, err := process(ctx, one)
	if err != nil {
		return err
	}
	if before != after || before == within {
		return errPooling
	}
	return nil
}

// querier is a connection or its transaction.
type querier interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// process returns the number of the server process behind a connection.
func process(ctx context.Context, in querier) (pid int, err error) {
	if err := in.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return 0, fmt.Errorf("asking for the server's process: %w", err)
	}
	return pid, nil
}

// processWithin is process within a transaction, which PgBouncer refuses in
// statement mode.
func processWithin(ctx context.Context, conn *pgx.Conn) (pid int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && strings.Contains(refused.Message, "statement pooling") {
			return 0, errPooling
		}
		return 0, err
	}
	defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
	return process(ctx, tx)
}
