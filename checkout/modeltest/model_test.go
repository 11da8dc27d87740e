package modeltest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// noon is when every run begins. It is in the future, because SQLite's own clock sets
// some columns of the queue.
var noon = time.Date(2126, 3, 1, 12, 0, 0, 0, time.UTC)

// sqliteParts is how often the runs of -rapid.checks are made on SQLite, in parallel.
// `make soak` makes more runs.
const sqliteParts = 2

func TestNothingIsLostOrDoubledOnSQLite(t *testing.T) {
	t.Parallel()
	anythingProfile.checkInParts(t)
}

func TestNothingIsLostOrDoubledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	anythingProfile.check(t, onPostgres(t))
}

func TestRefundsAreMadeOnce(t *testing.T) {
	t.Parallel()
	refundsProfile.checkInParts(t)
}

func TestRefundsAreMadeOnceOnPostgreSQL(t *testing.T) {
	t.Parallel()
	refundsProfile.check(t, onPostgres(t))
}

func TestLateAndSecondPayments(t *testing.T) {
	t.Parallel()
	lateProfile.checkInParts(t)
}

func TestLateAndSecondPaymentsOnPostgreSQL(t *testing.T) {
	t.Parallel()
	lateProfile.check(t, onPostgres(t))
}

func TestNothingIsLostOrDoubledAtOnce(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) newDatabase{"SQLite": onSQLite, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			concurrentProfile.check(t, open(t))
		})
	}
}

func TestFailingDiskLosesNothing(t *testing.T) {
	t.Parallel()
	failingDiskProfile.check(t, onFailingDisk(t))
}

// checkInParts makes runs on SQLite in several parts. The parts together must reach the
// milestones.
func (p profile) checkInParts(t *testing.T) {
	t.Helper()
	m := newMilestones(p)
	t.Cleanup(func() { m.check(t) })
	for i := range sqliteParts {
		t.Run("part "+strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			p.checkInto(t, onSQLite(t), m)
		})
	}
}

// check makes runs of the profile and checks its milestones.
func (p profile) check(t *testing.T, open newDatabase) {
	t.Helper()
	m := newMilestones(p)
	p.checkInto(t, open, m)
	m.check(t)
}

// checkInto makes runs of the profile and adds what they reach to m.
func (p profile) checkInto(t *testing.T, open newDatabase, m *milestones) {
	t.Helper()
	r := newRecord(t)
	rapid.Check(t, func(rt *rapid.T) { m.add(p.run(rt, open, r)) })
}

// run makes one run and returns its world.
func (p profile) run(rt *rapid.T, open newDatabase, r *failures) *world {
	w := &world{}
	defer r.save(w)
	rapid.SyncTest(rt, func(rt *rapid.T) {
		time.Sleep(time.Until(noon))
		w.init(rt, open(rt))
		rt.Cleanup(w.end)
		p.setUp(rt, w)
		w.trace("faults: %s", w.describeFaults())
		w.prepare(rt)
		rt.Repeat(w.tracedActions(p.actions(w)))
		w.settle(rt)
	})
	return w
}

// database is the database of one run. It is empty at first.
type database struct {
	open func() (*store.DB, error)
	// disk is the disk of the database, or nil for one that does not fail.
	disk *faultdisk.Disk
	// remove removes the database.
	remove func() error
}

// connect opens the database and makes its store.
func (w *world) connect() {
	db, err := w.database.open()
	w.must(err)
	w.db, w.store = db, store.New(db, w.receiver)
}

// newDatabase makes the empty database of one run.
type newDatabase func(*rapid.T) database

func onSQLite(t *testing.T) newDatabase {
	t.Helper()
	return onSQLiteDisk(t, func(string) (*faultdisk.Disk, error) { return nil, nil })
}

// onFailingDisk is onSQLite on a disk that can fail.
func onFailingDisk(t *testing.T) newDatabase {
	t.Helper()
	return onSQLiteDisk(t, faultdisk.New)
}

func onSQLiteDisk(t *testing.T, newDisk func(folder string) (*faultdisk.Disk, error)) newDatabase {
	t.Helper()
	template := filepath.Join(t.TempDir(), "template.db")
	db, err := store.OpenSQLite(t.Context(), template)
	migrate(t, db, err)
	parent := t.TempDir()
	return func(rt *rapid.T) database {
		folder, err := os.MkdirTemp(parent, "run")
		must(rt, err)
		path := filepath.Join(folder, "w.db")
		must(rt, copyFile(path, template))
		disk, err := newDisk(folder)
		must(rt, err)
		return database{
			open: func() (*store.DB, error) { return store.OpenSQLite(context.Background(), path) },
			disk: disk,
			remove: func() error {
				if disk != nil {
					disk.Remove()
				}
				return os.RemoveAll(folder)
			},
		}
	}
}

func onPostgres(t *testing.T) newDatabase {
	t.Helper()
	url := pgtest.Database(t)
	db, err := store.OpenPostgres(t.Context(), url)
	migrate(t, db, err)
	return func(rt *rapid.T) database {
		db, err := store.OpenPostgres(context.Background(), url)
		must(rt, err)
		defer func() { _ = db.Close() }()
		for _, statement := range []string{
			"ALTER TABLE timeline DISABLE TRIGGER USER", // the trigger refuses TRUNCATE
			"TRUNCATE sessions, delivery_pending CASCADE",
			"ALTER TABLE timeline ENABLE TRIGGER USER",
		} {
			_, err = db.Writer().ExecContext(context.Background(), statement)
			must(rt, err)
		}
		return database{
			open:   func() (*store.DB, error) { return store.OpenPostgres(context.Background(), url) },
			remove: func() error { return nil },
		}
	}
}

// migrate brings an opened database's tables up to date and closes it.
func migrate(t *testing.T, db *store.DB, err error) {
	t.Helper()
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func must(rt *rapid.T, err error) {
	rt.Helper()
	if err != nil {
		rt.Fatal(err)
	}
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	_, err = io.Copy(out, in)
	return err
}

// settle ends a run without further faults: everything that is due is done, and every
// webhook is sent. Then the store and the gateway must agree.
func (w *world) settle(rt *rapid.T) {
	w.trace("no faults from here")
	w.faultsOn.Store(false)
	w.countFailures()
	w.settling = true
	for _, o := range w.gateway.ordersWhere(anyOrder) {
		o.paying = false
	}
	w.drain(rt)
	w.gateway.deliverDelayed()
	for i := range 6 {
		w.advance(rt, 65*time.Minute)
		w.sweep(rt, i%nodes)
		w.check(rt)
	}
	w.deliverAll(rt)
	w.checkSettled(rt)
	w.saveFinal()
}

// end crashes all processes and closes the database.
func (w *world) end() {
	for _, n := range w.nodes {
		if n != nil {
			n.process.crash()
		}
	}
	time.Sleep(time.Minute)
	_ = w.db.Close()
	_ = w.database.remove()
}
