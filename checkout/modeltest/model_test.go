package modeltest

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
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
// side. For more: go test ./checkout/modeltest -rapid.checks=10000
const parts = 2

func TestNothingIsLostOrDoubledOnSQLite(t *testing.T) {
	t.Parallel()
	inParts(t, stepByStep)
}

// inParts checks on SQLite.
func inParts(t *testing.T, how func(*rapid.T, *world)) {
	t.Helper()
	for i := range parts {
		t.Run("part "+strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			check(t, onSQLite(t), how)
		})
	}
}

// TestRefundsAreMadeOnce is about refunds alone, which other runs come to late:
// their calls fail half of the time, and processes freeze with them in hand.
func TestRefundsAreMadeOnce(t *testing.T) {
	t.Parallel()
	inParts(t, givingBack)
}

func TestNothingIsLostOrDoubledOnPostgreSQL(t *testing.T) {
	t.Parallel()
	check(t, onPostgres(t), stepByStep)
}

func TestNothingIsLostOrDoubledAtOnce(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) opener{"SQLite": onSQLite, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t), atOnce)
		})
	}
}

// stepByStep stops every call at the gate.
func stepByStep(*rapid.T, *world) {}

// atOnce lets everybody through, to real concurrency, and to trouble by chance.
func atOnce(rt *rapid.T, w *world) {
	var mu sync.Mutex
	chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
	w.gate.open = func(k kind) verdict {
		mu.Lock()
		defer mu.Unlock()
		if !w.troubled.Load() || chance.IntN(100) < usual {
			return proceed
		}
		return verdicts[k][chance.IntN(len(verdicts[k]))]
	}
}

// givingBack is stepByStep after the payment, with trouble always.
func givingBack(rt *rapid.T, w *world) {
	w.givesBack, w.freezes = true, rapid.IntRange(0, 3).Draw(rt, "freezes") > 0
	w.gateway.strict = !w.freezes
	w.troubled.Store(true)
}

// opener opens the empty database of one run.
type opener func(*rapid.T) *store.DB

func onSQLite(t *testing.T) opener {
	t.Helper()
	template := filepath.Join(t.TempDir(), "template.db")
	db, err := store.OpenSQLite(t.Context(), template)
	prepared(t, db, err)
	return func(rt *rapid.T) *store.DB {
		path := filepath.Join(t.TempDir(), "w.db")
		must(rt, copyFile(path, template))
		db, err := store.OpenSQLite(context.Background(), path)
		must(rt, err)
		return db
	}
}

func onPostgres(t *testing.T) opener {
	t.Helper()
	url := pgtest.Database(t)
	db, err := store.OpenPostgres(t.Context(), url)
	prepared(t, db, err)
	return func(rt *rapid.T) *store.DB {
		db, err := store.OpenPostgres(context.Background(), url)
		must(rt, err)
		for _, statement := range []string{
			"ALTER TABLE timeline DISABLE TRIGGER USER", // it is append-only
			"TRUNCATE sessions, river_job CASCADE",
			"ALTER TABLE timeline ENABLE TRIGGER USER",
		} {
			_, err = db.Writer().ExecContext(context.Background(), statement)
			must(rt, err)
		}
		return db
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

// check lets anything happen to a shop, in every order.
func check(t *testing.T, open opener, how func(*rapid.T, *world)) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			time.Sleep(time.Until(noon))
			db := open(rt)
			queue, err := worker.NewQueue(context.Background(), db, nil, endpoints)
			must(rt, err)
			w := newWorld(rt, db, store.New(db, queue.Enqueue))
			how(rt, w)
			rt.Cleanup(func() { w.end() })
			actions := w.actions()
			if w.givesBack {
				actions = w.refundActions()
			}
			actions[""] = w.check
			w.prepare(rt)
			rt.Repeat(actions)
			w.settle(rt)
		})
	})
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

// prepare makes a session with the orders that are drawn, of which some are
// paid, without trouble: most of what can happen begins there.
func (w *world) prepare(rt *rapid.T) {
	troubled := w.troubled.Swap(false)
	wallets := rapid.SampledFrom([][]checkout.Wallet{{alipay}, {}, {alipay, wechat}}).Draw(rt, "orders")
	if w.givesBack && len(wallets) == 0 {
		wallets = []checkout.Wallet{alipay}
	}
	w.begin(0, "create", func(ctx context.Context, s *checkout.Service) {
		session, err := s.Create(ctx, ticket())
		for _, wallet := range wallets {
			if err == nil {
				_, err = s.Start(ctx, checkout.StartRequest{SessionID: session.ID, Device: desktop, Wallet: wallet})
			}
		}
	})
	w.drain(rt)
	if rapid.Bool().Draw(rt, "paid") || w.givesBack {
		for _, o := range w.gateway.having(every) {
			o.pay()
		}
	}
	if rapid.Bool().Draw(rt, "known") {
		w.advance(rt, 4*time.Second)
		w.sweep(rt, 0)
	}
	w.troubled.Store(troubled)
}

// settle lets the dust settle: nothing fails any more, everybody is asked about
// everything, and every webhook is sent. Then the books and the gateway agree.
func (w *world) settle(rt *rapid.T) {
	w.troubled.Store(false)
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
}
