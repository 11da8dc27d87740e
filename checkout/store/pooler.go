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

// A pooler such as PgBouncer may run in front of PostgreSQL. In session mode a
// client has one server connection until it disconnects. LISTEN, advisory locks,
// prepared statements and settings work then. In transaction mode they do not.

// startupParameters are the parameters that are sent when a connection opens.
// Every pooler knows application_name. The others cannot be set later.
var startupParameters = map[string]bool{"application_name": true, "options": true, "replication": true}

// setParameters removes all parameters but startupParameters from config. It
// returns a function that sets them once a connection is open, because PgBouncer
// refuses connections with parameters that it does not know.
func setParameters(config *pgx.ConnConfig) pgconn.AfterConnectFunc {
	var calls []string
	var values [][]byte
	for name, value := range config.RuntimeParams {
		if startupParameters[name] {
			continue
		}
		n := len(values)
		calls = append(calls, "set_config($"+strconv.Itoa(n+1)+", $"+strconv.Itoa(n+2)+", false)")
		values = append(values, []byte(name), []byte(value))
	}
	maps.DeleteFunc(config.RuntimeParams, func(name, _ string) bool { return !startupParameters[name] })
	query := "SELECT " + strings.Join(calls, ", ")
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		return conn.ExecParams(ctx, query, values, nil, nil, nil).Read().Err
	}
}

// errPooling tells the operator what to change.
var errPooling = errors.New("a pooler in front of PostgreSQL shares each connection between clients (PgBouncer's pool_mode transaction or statement): " +
	"LISTEN and advisory locks need pool_mode = session, or a connection without the pooler")

// poolingChecks is how often refusePooling checks. One check may miss a busy
// pooler.
const poolingChecks = 3

// refusePooling returns errPooling if a pooler shares connections between
// clients: two connected clients then reach the same server process, or one
// client reaches several. It changes no setting, because a shared connection would
// keep it.
func refusePooling(ctx context.Context, config *pgx.ConnConfig) (err error) {
	plain := config.Copy()
	plain.RuntimeParams = maps.Clone(config.RuntimeParams)
	maps.DeleteFunc(plain.RuntimeParams, func(name, _ string) bool { return !startupParameters[name] })
	plain.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	var conns [2]*pgx.Conn
	for i := range conns {
		if conns[i], err = pgx.ConnectConfig(ctx, plain); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, conns[i].Close(context.WithoutCancel(ctx))) }()
	}
	for range poolingChecks {
		if err := checkPooling(ctx, conns[0], conns[1]); err != nil {
			return err
		}
	}
	return nil
}

func checkPooling(ctx context.Context, one, other *pgx.Conn) error {
	before, err := backendPID(ctx, one)
	if err != nil {
		return err
	}
	inTx, err := backendPIDInTx(ctx, other)
	if err != nil {
		return err
	}
	after, err := backendPID(ctx, one)
	if err != nil {
		return err
	}
	if before != after || before == inTx {
		return errPooling
	}
	return nil
}

// querier is a connection or its transaction.
type querier interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

// backendPID returns the id of the server process behind a connection.
func backendPID(ctx context.Context, q querier) (pid int, err error) {
	if err := q.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return 0, fmt.Errorf("querying the server's process id: %w", err)
	}
	return pid, nil
}

// backendPIDInTx is backendPID within a transaction. It returns errPooling if
// PgBouncer refuses transactions, as it does in statement mode.
func backendPIDInTx(ctx context.Context, conn *pgx.Conn) (pid int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		var refused *pgconn.PgError
		if errors.As(err, &refused) && strings.Contains(refused.Message, "statement pooling") {
			return 0, errPooling
		}
		return 0, err
	}
	defer func() { err = errors.Join(err, tx.Rollback(ctx)) }()
	return backendPID(ctx, tx)
}
