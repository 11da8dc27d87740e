package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// listenRetry and listenRetryMost bound the pause before a listener that
	// was cut off connects again.
	listenRetry     = 250 * time.Millisecond
	listenRetryMost = 5 * time.Second
	// listenCheck is how long a listener that hears nothing believes in its
	// connection.
	listenCheck = 10 * time.Second
)

// Listen calls changed with each session that any node changes, until ctx is
// done. It keeps a connection of its own; whenever that was cut off, and each
// few seconds while it is, it calls changed with "": any may have changed. On
// SQLite, which has one node, it only waits.
func (d *DB) Listen(ctx context.Context, changed func(sessionID string)) {
	if d.pool == nil {
		<-ctx.Done()
		return
	}
	pause := listenRetry
	for {
		heard, _ := d.listen(ctx, changed) // what is wrong with the database others report
		if heard {
			pause = listenRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		changed("")
		pause = min(2*pause, listenRetryMost)
	}
}

// listen listens until the connection fails, and reports whether it had one.
func (d *DB) listen(ctx context.Context, changed func(sessionID string)) (heard bool, err error) {
	conn, err := d.connectListener(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err = errors.Join(err, conn.Close(end))
	}()
	changed("") // between the last connection and this one anything may have
	for {
		n, err := nextNotification(ctx, conn)
		if err != nil {
			return true, err
		}
		if n != "" {
			changed(n)
		}
	}
}

func (d *DB) connectListener(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return nil, errors.Join(fmt.Errorf("listening: %w", err), conn.Close(ctx))
	}
	return conn, nil
}

// nextNotification returns what is told next, or "" where nothing was told for
// a while and the connection still works.
func nextNotification(ctx context.Context, conn *pgx.Conn) (string, error) {
	wait, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	n, err := conn.WaitForNotification(wait)
	if err == nil {
		return n.Payload, nil
	}
	if ctx.Err() != nil || wait.Err() == nil {
		return "", err
	}
	check, cancel := context.WithTimeout(ctx, listenCheck)
	defer cancel()
	return "", conn.Ping(check)
}
