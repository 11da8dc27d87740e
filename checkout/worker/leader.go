package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// One node is the leader and writes the periodic jobs. After a leader was killed,
// River takes up to 21 s to elect another. Here a node deposes a leader as soon as
// it knows that the leader is gone. Two leaders at the same time do no harm, because
// sweeps lease what they work on.

// deleteLeader removes a killed leader, so that the only process of an SQLite
// database can lead at once.
func deleteLeader(ctx context.Context, db Database) error {
	if _, err := db.Writer().ExecContext(ctx, "DELETE FROM river_leader"); err != nil {
		return fmt.Errorf("starting the leader election: %w", err)
	}
	return nil
}

const (
	// nodeLockSpace separates the locks of nodes from other advisory locks.
	nodeLockSpace = 0x77616e74
	// leaderCheckInterval is how often a node checks whether the leader is gone.
	leaderCheckInterval = time.Second
)

// nodeLock holds an advisory lock with a node's name on a connection of its own.
// PostgreSQL releases the lock as soon as the node is killed. nodeLock also checks
// whether the leader is gone.
type nodeLock struct {
	pool   *pgxpool.Pool
	id     string
	logger *slog.Logger
	conn   *pgx.Conn
}

// connect opens the connection and takes the lock. The node must not lead before.
func (l *nodeLock) connect(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, l.pool.Config().ConnConfig)
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_advisory_lock($1::int, hashtext($2))", nodeLockSpace, l.id)
		l.conn = conn
	}
	if err != nil {
		l.close()
		return fmt.Errorf("starting the leader election: %w", err)
	}
	return nil
}

func (l *nodeLock) close() {
	if l.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), leaderCheckInterval)
		defer cancel()
		_ = l.conn.Close(ctx) // it may be broken
		l.conn = nil
	}
}

// run checks the leader until ctx is done. It connects again when it has lost the
// connection.
func (l *nodeLock) run(ctx context.Context) {
	defer l.close()
	tick := time.NewTicker(leaderCheckInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := l.check(ctx); err != nil && ctx.Err() == nil {
			l.logger.Debug("the leader could not be checked", "error", err)
			l.close()
		}
	}
}

// deposeLeader removes a leader if nobody holds its lock, or if it has not renewed
// its term for 8 s. A leader renews its term every 5 s, for 15 s. The nodes then
// elect another at once, as they do when a leader resigns.
const deposeLeader = `WITH gone AS (
		DELETE FROM river_leader WHERE CASE
			WHEN leader_id = $2 THEN false
			WHEN expires_at < now() + interval '7 seconds' THEN true
			ELSE pg_try_advisory_xact_lock($1::int, hashtext(leader_id)) END
		RETURNING leader_id)
	SELECT pg_notify(current_schema() || '.river_leadership',
		json_build_object('action', 'resigned', 'leader_id', leader_id)::text) FROM gone`

// check deposes a leader that is gone, or connects if there is no connection.
func (l *nodeLock) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*leaderCheckInterval)
	defer cancel()
	if l.conn == nil {
		return l.connect(ctx)
	}
	_, err := l.conn.Exec(ctx, deposeLeader, nodeLockSpace, l.id)
	return err
}
