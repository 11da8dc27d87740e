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
	"github.com/wantukit/wantukit/checkout/worker"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// endpoints have a webhook for every event of the shop.
var endpoints = map[string]worker.Endpoint{shop: {URL: "https://shop.example/webhooks", Secret: "whsec_Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"}}

// noon is when every run begins: after any real time, because SQLite's own
// clock stamps some of the queue's columns.
var noon = time.Date(2126, 3, 1, 12, 0, 0, 0, time.UTC)

// parts is how many times the runs of -rapid.checks are made on SQLite, side by
// side. For more: make soak
const parts = 2

func TestNothingIsLostOrDoubledOnSQLite(t *testing.T) {
	t.Parallel()
	anything.inParts(t)
}

func TestNothingIsLostOrDoubledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	anything.check(t, onPostgres(t))
}

func TestRefundsAreMadeOnce(t *testing.T) {
	t.Parallel()
	refunds.inParts(t)
}

func TestRefundsAreMadeOnceOnPostgreSQL(t *testing.T) {
	t.Parallel()
	refunds.check(t, onPostgres(t))
}

func TestWhatComesLateOrTwiceIsTold(t *testing.T) {
	t.Parallel()
	lateAndTwice.inParts(t)
}

func TestWhatComesLateOrTwiceIsToldOnPostgreSQL(t *testing.T) {
	t.Parallel()
	lateAndTwice.check(t, onPostgres(t))
}

func TestNothingIsLostOrDoubledAtOnce(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) opener{"SQLite": onSQLite, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			atOnce.check(t, open(t))
		})
	}
}

func TestADiskThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	failingDisk.check(t, onFailingDisk(t))
}

// inParts checks on SQLite. What is to be reached is reached in all parts
// together.
func (p profile) inParts(t *testing.T) {
	t.Helper()
	m := newMilestones(p)
	t.Cleanup(func() { m.check(t) })
	for i := range parts {
		t.Run("part "+strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			p.checkTowards(t, onSQLite(t), m)
		})
	}
}

// check lets anything of the profile happen to a shop, in every order.
func (p profile) check(t *testing.T, open opener) {
	t.Helper()
	m := newMilestones(p)
	p.checkTowards(t, open, m)
	m.check(t)
}

func (p profile) checkTowards(t *testing.T, open opener, m *milestones) {
	t.Helper()
	r := newRecord(t)
	rapid.Check(t, func(rt *rapid.T) { m.add(p.run(rt, open, r)) })
}

// run makes one run, and returns its world for what it has reached.
func (p profile) run(rt *rapid.T, open opener, r *record) *world {
	w := &world{}
	defer r.note(w)
	rapid.SyncTest(rt, func(rt *rapid.T) {
		time.Sleep(time.Until(noon))
		w.init(rt, open(rt))
		rt.Cleanup(w.end)
		p.begin(rt, w)
		w.trace("what goes wrong: %s", w.faultsInWords())
		w.prepare(rt)
		rt.Repeat(w.traced(p.actions(w)))
		w.settle(rt)
	})
	return w
}

// database is the empty one of a run.
type database struct {
	open func() (*store.DB, error)
	// disk is what it lies on, where that can fail, or nil.
	disk *faultdisk.Disk
	// remove removes it from the disk.
	remove func() error
}

// connect opens the database, and the store over it.
func (w *world) connect() {
	db, err := w.database.open()
	w.must(err)
	queue, err := worker.NewQueue(context.Background(), db, nil, endpoints)
	w.must(err)
	w.db, w.store = db, store.New(db, queue.Enqueue)
}

// opener makes the empty database of one run.
type opener func(*rapid.T) database

func onSQLite(t *testing.T) opener {
	t.Helper()
	return onDisk(t, func(string) (*faultdisk.Disk, error) { return nil, nil })
}

// onFailingDisk is onSQLite on a disk that fails where that is drawn.
func onFailingDisk(t *testing.T) opener {
	t.Helper()
	return onDisk(t, faultdisk.New)
}

func onDisk(t *testing.T, under func(folder string) (*faultdisk.Disk, error)) opener {
	t.Helper()
	template := filepath.Join(t.TempDir(), "template.db")
	db, err := store.OpenSQLite(t.Context(), template)
	prepared(t, db, err)
	parent := t.TempDir()
	return func(rt *rapid.T) database {
		folder, err := os.MkdirTemp(parent, "run")
		must(rt, err)
		path := filepath.Join(folder, "w.db")
		must(rt, copyFile(path, template))
		disk, err := under(folder)
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

func onPostgres(t *testing.T) opener {
	t.Helper()
	url := pgtest.Database(t)
	db, err := store.OpenPostgres(t.Context(), url)
	prepared(t, db, err)
	return func(rt *rapid.T) database {
		db, err := store.OpenPostgres(context.Background(), url)
		must(rt, err)
		defer func() { _ = db.Close() }()
		for _, statement := range []string{
			"ALTER TABLE timeline DISABLE TRIGGER USER", // it is append-only
			"TRUNCATE sessions, river_job CASCADE",
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

// prepared brings an opened database's tables up to date, and closes it.
func prepared(t *testing.T, db *store.DB, err error) {
	t.Helper()
	if err == nil {
		_, err = worker.NewQueue(t.Context(), db, nil, endpoints)
	}
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

// settle lets the dust settle: nothing fails any more, everybody is asked about
// everything, and every webhook is sent. Then the books and the gateway agree.
func (w *world) settle(rt *rapid.T) {
	w.trace("from here nothing goes wrong")
	w.troubled.Store(false)
	w.countFailures()
	w.settling = true
	for _, o := range w.gateway.having(every) {
		o.paying = false
	}
	w.drain(rt)
	w.gateway.arrive()
	for i := range 6 {
		w.advance(rt, 65*time.Minute)
		w.sweep(rt, i%nodes)
		w.check(rt)
	}
	w.deliverAll(rt)
	w.checkSettled(rt)
	w.keepBooks()
}

// end ends what is still under way, and closes the database.
func (w *world) end() {
	for _, n := range w.nodes {
		if n != nil {
			n.life.crash()
		}
	}
	time.Sleep(time.Minute)
	_ = w.db.Close()
	_ = w.database.remove()
}
