package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// listenRetry and listenRetryMax bound the backoff after a lost connection.
	listenRetry    = 250 * time.Millisecond
	listenRetryMax = 5 * time.Second
	// listenCheck is how long a listener waits for a notification before it
	// checks its connection.
	listenCheck = 10 * time.Second
)

// Listen calls changed with the id of each session that any node changes, until
// ctx is done. It has a connection of its own. Listen calls changed with "" each
// time it connects, when the connection breaks, and every few seconds until it works
// again: any session may have changed. SQLite has one node, so there it only waits.
func (d *DB) Listen(ctx context.Context, changed func(sessionID string)) {
	if d.pool == nil {
		<-ctx.Done()
		return
	}
	pause := listenRetry
	for {
		connected, _ := d.listen(ctx, changed) // the program's other queries report the error
		if connected {
			pause = listenRetry
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		changed("")
		pause = min(2*pause, listenRetryMax)
	}
}

// listen listens until the connection fails. It reports whether it connected.
func (d *DB) listen(ctx context.Context, changed func(sessionID string)) (connected bool, err error) {
	conn, err := d.connectListener(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err = errors.Join(err, conn.Close(end))
	}()
	changed("") // any session may have changed while there was no connection
	for {
		payload, err := nextNotification(ctx, conn)
		if err != nil {
			return true, err
		}
		tellChanged(payload, changed)
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

// nextNotification returns the payload of the next notification. It returns "" if
// none came within listenCheck and the connection still works.
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
