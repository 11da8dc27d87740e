package outage_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/web/kit/internal/outage"
)

var errAway = errors.New("connection refused")

// database is a database that can be unreachable.
type database struct{ away atomic.Bool }

func (d *database) ping(context.Context) error {
	if d.away.Load() {
		return errAway
	}
	return nil
}

// watched runs a test in a synctest bubble with a running Monitor and its log.
func watched(t *testing.T, do func(d *database, log *bytes.Buffer, logger *slog.Logger)) {
	t.Helper()
	watchedAt(t, nil, do)
}

func watchedAt(t *testing.T, now func() time.Time, do func(d *database, log *bytes.Buffer, logger *slog.Logger)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var d database
		var log bytes.Buffer
		w := outage.New(outage.Config{
			Log: slog.NewTextHandler(&log, nil), Ping: d.ping, Now: now, Unreachable: func(err error) bool { return errors.Is(err, errAway) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx) }()
		do(&d, &log, w.Logger())
		cancel()
		<-done
	})
}

// lines returns the lines of a log, once the Monitor writes no more of them.
func lines(log *bytes.Buffer) []string {
	synctest.Wait()
	return strings.Split(strings.TrimSpace(log.String()), "\n")
}

// TestDatabaseThatGoesAndComesBack: there is one line for each, however many errors
// there are.
func TestDatabaseThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	watched(t, func(d *database, log *bytes.Buffer, logger *slog.Logger) {
		d.away.Store(true)
		for range 105 {
			logger.With("merchant", "shop").Error("query failed", "error", errors.Join(errors.New("reading"), errAway))
			time.Sleep(100 * time.Millisecond)
		}
		d.away.Store(false)
		time.Sleep(2 * time.Second)
		got := lines(log)
		if len(got) != 2 || !strings.Contains(got[0], "level=ERROR") || !strings.Contains(got[0], "the database is away") ||
			!strings.Contains(got[1], `msg="the database is back" away_for=11`) {
			t.Errorf("the log is\n%s", log)
		}
	})
}

// TestOtherLinesStay: lines that the outage did not cause are not changed.
func TestOtherLinesStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		away bool
		err  error
		want int
	}{
		"another error during an outage":            {true, errors.New("the shop answered 502"), 1},
		"the same error while the database answers": {false, errAway, 1},
		"the outage's error":                        {true, errAway, 1}, // the outage's own line
		"no error":                                  {true, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watched(t, func(d *database, log *bytes.Buffer, logger *slog.Logger) {
				d.away.Store(c.away)
				logger.Warn("something failed", "error", c.err)
				if got := lines(log); len(got) != c.want || (c.away && errors.Is(c.err, errAway)) == strings.Contains(got[0], "something failed") {
					t.Errorf("the log is\n%s", log)
				}
			})
		})
	}
}

// TestProcessThatStoodStill: the log says so, and for how long.
func TestProcessThatStoodStill(t *testing.T) {
	t.Parallel()
	for stood, want := range map[time.Duration]bool{36 * time.Second: true, 3 * time.Second: false} {
		t.Run(stood.String(), func(t *testing.T) {
			t.Parallel()
			var jump atomic.Int64
			watchedAt(t, func() time.Time { return time.Now().Add(time.Duration(jump.Load())) },
				func(_ *database, log *bytes.Buffer, _ *slog.Logger) {
					time.Sleep(2500 * time.Millisecond)
					jump.Store(int64(stood))
					time.Sleep(5 * time.Second)
					synctest.Wait()
					if said := strings.Count(log.String(), "stood still"); said > 1 || (said == 1) != want || want && !strings.Contains(log.String(), "for=36s") {
						t.Errorf("the log is\n%s", log)
					}
				})
		})
	}
}
