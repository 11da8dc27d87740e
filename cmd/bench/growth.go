package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// The measures of growth, beside those of a round.
const (
	sweepTime    measure = "300 payments that nobody notifies, until the last webhook"
	databaseSize measure = "the database"
)

const (
	// unnotified is how many payments only the sweep finds.
	unnotified = 300
	// sessionSize is about what an ended session takes in the database, in bytes.
	sessionSize = 1000
	emptyName   = "empty"
)

// growth compares an empty database with one of n ended sessions, for each program.
func (b *bench) growth(ctx context.Context, n int) error {
	if err := hasSpace(b.town.folder, int64(n)*sessionSize); err != nil {
		return err
	}
	for _, name := range b.names {
		b.results = results{}
		if err := b.growthOf(ctx, name, n); err != nil {
			return fmt.Errorf("%s with %d sessions: %w", name, n, err)
		}
		about, err := b.about(name)
		if err != nil {
			return err
		}
		full := grouped(strconv.Itoa(n))
		fmt.Printf("%s\n\n%s\n", about, tableOf(b.results, growthLines(), []string{full, emptyName}))
	}
	return nil
}

// growthLines are the lines of the table.
func growthLines() []line {
	return []line{
		{wholeRate, sqlite, perS, ""}, {sessionsRate, sqlite, perS, ""}, {pagesRate, sqlite, perS, ""}, {sweepTime, sqlite, seconds, ""},
		{startTime, sqlite, ms, ""}, {restMemory, sqlite, megabytes, ""}, {databaseSize, sqlite, megabytes, ""},
	}
}

// hasSpace returns an error unless a folder's disk has room for size bytes, and half of
// that beside it.
func hasSpace(folder string, size int64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return err
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < size*3/2 { // #nosec G115 -- a disk's blocks
		return fmt.Errorf("%s has %d MB free, and the database needs %d MB: choose a smaller COUNT, or another folder by TMPDIR",
			folder, free>>20, size*3/2>>20)
	}
	return nil
}

// growthOf measures one program on both databases, in turn.
func (b *bench) growthOf(ctx context.Context, name string, n int) error {
	empty, err := b.grown(ctx, name, 0)
	if err != nil {
		return err
	}
	full, err := b.grown(ctx, name, n)
	if err != nil {
		return err
	}
	for round := range b.scale.rounds {
		for _, g := range []struct {
			name string
			plan rig.Plan
		}{{grouped(strconv.Itoa(n)), full}, {emptyName, empty}} {
			b.progress("round %d: %s, %s", round+1, name, g.name)
			if err := b.measureGrown(ctx, subject{g.name, sqlite}, g.plan); err != nil {
				return err
			}
		}
	}
	return errors.Join(os.RemoveAll(empty.Folder), os.RemoveAll(full.Folder))
}

// grown returns the plan of a checkout whose database has n ended sessions.
func (b *bench) grown(ctx context.Context, name string, n int) (rig.Plan, error) {
	s, err := b.town.open(ctx, place{binary: b.paths[name], engine: sqlite})
	if err != nil {
		return rig.Plan{}, err
	}
	if err := s.node.Stop(); err != nil || n == 0 {
		return s.plan, err
	}
	b.progress("%s: filling the database with %d sessions", name, n)
	return s.plan, rig.Fill(ctx, s.plan, n)
}

// measureGrown measures a checkout on its database.
func (b *bench) measureGrown(ctx context.Context, of subject, plan rig.Plan) (err error) {
	s, err := b.town.start(ctx, plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.node.Stop()) }()
	r := &rates{
		sale: s, scale: b.scale, keepPage: func([]byte, string) {},
		report: func(m measure, value float64) { b.results.add(of, m, value) }, profile: b.profiler(ctx, s),
	}
	for _, step := range []func(context.Context) error{r.rest, r.createSessions, r.getPages, r.confirm, r.payWhole, r.sweep} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	file, err := os.Stat(rig.SQLiteFile(plan))
	if err == nil {
		r.report(databaseSize, float64(file.Size())/(1<<20))
	}
	return err
}

// sweep pays sessions without a notification, and measures until the shop was told.
func (r *rates) sweep(ctx context.Context) error {
	sessions := make([]*payment, unnotified)
	_, err := r.target.Closed(ctx, clients, len(sessions), func(c *wire.Conn, n int) (err error) {
		sessions[n], err = r.create(c, rig.Told)
		if err == nil {
			_ = sessions[n].order.Pay()
		}
		return err
	})
	if err != nil {
		return err
	}
	begin := time.Now()
	r.awaitTold(ctx, sessions)
	_, last, n := r.toldOf(sessions)
	if n < len(sessions) {
		r.report(sweepTime, never)
		return nil
	}
	r.report(sweepTime, last.Sub(begin).Seconds())
	return nil
}
