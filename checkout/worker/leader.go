package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// One node leads: it writes the periodic jobs. River lets a leader that was
// killed rest for up to 21 s before it elects another. Two leaders for a moment
// do no harm, because sweeps hold what they work on: so here a leader is
// deposed as soon as it is known to be gone.

// forgetLeader lets the only process of an SQLite database lead at once, where
// one that was killed led before.
func forgetLeader(ctx context.Context, db Database) error {
	if _, err := db.Writer().ExecContext(ctx, "DELETE FROM river_leader"); err != nil {
		return fmt.Errorf("starting the election: %w", err)
	}
	return nil
}

const (
	// lifelineSpace sets the locks of lifelines apart from other advisory locks.
	lifelineSpace = 0x77616e74
	// lookEvery is how often a node looks after the leader.
	lookEvery = time.Second
)

// lifeline is a connection with a lock in a node's name: PostgreSQL gives the
// lock up the moment the node is killed. It looks after the leader, too.
type lifeline struct {
	pool   *pgxpool.Pool
	id     string
	logger *slog.Logger
	conn   *pgx.Conn
}

// connect takes the lock. Before that the node must not lead.
func (l *lifeline) connect(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, l.pool.Config().ConnConfig)
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT pg_advisory_lock($1::int, hashtext($2))", lifelineSpace, l.id)
		l.conn = conn
	}
	if err != nil {
		l.close()
		return fmt.Errorf("starting the election: %w", err)
	}
	return nil
}

func (l *lifeline) close() {
	if l.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), lookEvery)
		defer cancel()
		_ = l.conn.Close(ctx) // it may be broken
		l.conn = nil
	}
}

// hold keeps the lock, and connects again whenever it is lost, until ctx is
// done.
func (l *lifeline) hold(ctx context.Context) {
	defer l.close()
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.logger.Debug("the leader was not looked after", "error", err)
			l.close()
		}
	}
}

// depose removes a leader whose lock nobody holds, or that has not said for 8 s
// that it leads (it does so every 5 s, and then for 15 s), and has the nodes
// elect at once, as River does when a leader resigns.
const depose = `WITH gone AS (
		DELETE FROM river_leader WHERE CASE
			WHEN leader_id = $2 THEN false
			WHEN expires_at < now() + interval '7 seconds' THEN true
			ELSE pg_try_advisory_xact_lock($1::int, hashtext(leader_id)) END
		RETURNING leader_id)
	SELECT pg_notify(current_schema() || '.river_leadership',
		json_build_object('action', 'resigned', 'leader_id', leader_id)::text) FROM gone`

func (l *lifeline) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*lookEvery)
	defer cancel()
	if l.conn == nil {
		return l.connect(ctx)
	}
	_, err := l.conn.Exec(ctx, depose, lifelineSpace, l.id)
	return err
}
