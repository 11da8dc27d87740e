package kit

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

func TestClockIsTheDatabases(t *testing.T) {
	t.Parallel()
	db, err := store.OpenPostgres(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for away, alarms := range map[time.Duration]bool{time.Hour: true, -time.Hour: true, 2 * time.Second: false} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		ours := func() time.Time { return time.Now().Add(away) }
		clock, err := chooseClock(t.Context(), db, ours, logger)
		if err != nil {
			t.Fatal(err)
		}
		want := time.Duration(0)
		if !alarms {
			want = away
		}
		if off := (time.Until(clock.Now()) - want).Abs(); off > time.Second {
			t.Errorf("ours %s off: the clock is off by %s, want %s", away, time.Until(clock.Now()), want)
		}
		if alarmed := strings.Contains(log.String(), "differs from the database's"); alarmed != alarms {
			t.Errorf("ours %s off: the log says %q", away, &log)
		}
	}
}

func TestClockSaysThatItWasMoved(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var away time.Duration
	clock := newClock(func() time.Time { return time.Now().Add(away) }, slog.New(slog.NewTextHandler(&log, nil)))
	for _, step := range []struct {
		to   time.Duration
		said string
	}{{0, ""}, {time.Hour, "level=ERROR"}, {time.Hour, ""}, {0, "is right again"}} {
		away = step.to
		clock.Now()
		if said := log.String(); !strings.Contains(said, step.said) || (step.said == "") != (said == "") {
			t.Errorf("at %s: the log says %q, want %q", step.to, said, step.said)
		}
		log.Reset()
	}
}
