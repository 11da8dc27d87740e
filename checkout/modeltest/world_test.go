package modeltest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

const (
	shop   = "shop"
	amount = 1000
	nodes  = 2
	// tick is the pause between two looks of those who wait for another.
	tick = 250 * time.Millisecond
	// slack is how long the clock may run in all while calls wait, where no
	// process freezes for longer than its hold.
	slack = 3 * time.Second
)

// world is a shop with two processes over one database and one gateway, in a
// bubble of fake time. Nothing in it moves but what the test lets through.
type world struct {
	rt      *rapid.T
	db      *store.DB
	store   *store.Store
	gateway *gateway
	gate    *gate
	random  io.Reader
	nodes   [nodes]*node
	policy  checkout.Merchant

	// troubled says that calls may fail and processes may die. Calls in the
	// background read it at any time.
	troubled atomic.Bool
	// freezes says that the clock may run on while calls wait.
	freezes bool
	// settling says that none does any more; what one did before still counts.
	settling bool
	// givesBack says that the run is about refunds, of sessions that are paid.
	givesBack bool
	// skews says that the gateway may report another amount than was ordered.
	skews bool

	active  atomic.Int64
	started int
	waited  time.Duration
	notes   []sentNote
	shop    *shopkeeper
	before  map[string]books
	// queue is what begins at once with the next burst, where nobody stops
	// at the gate.
	queue []func()
}

// node is one of the processes, as often as it is started again.
type node struct {
	*checkout.Service
	life *life
}

// sentNote is a notification that was sent once, and may come again.
type sentNote struct {
	token string
	body  []byte
}

// newWorld draws the shop's policies and what may go wrong.
func newWorld(rt *rapid.T, db *store.DB, s *store.Store) *world {
	w := &world{
		rt: rt, db: db, store: s, gate: &gate{},
		random:  &random{from: rand.NewChaCha8([32]byte{1})},
		freezes: rapid.IntRange(0, 3).Draw(rt, "freezes") == 3,
		skews:   rapid.IntRange(0, 3).Draw(rt, "skews") == 3,
		shop:    newShopkeeper(), before: map[string]books{},
		policy: checkout.Merchant{
			ID: shop, Name: "Shop", Lifetime: 30 * time.Minute,
			PaidLate:      rapid.SampledFrom([]checkout.LatePolicy{checkout.LateHold, checkout.LateAccept, checkout.LateRefund}).Draw(rt, "paid_late"),
			KeepPaidTwice: rapid.Bool().Draw(rt, "keep_paid_twice"),
		},
	}
	w.troubled.Store(rapid.Bool().Draw(rt, "troubled"))
	w.gateway = newGateway(!w.freezes)
	return w
}

// node returns a process, started anew where it has crashed.
func (w *world) node(i int) *node {
	if w.nodes[i] != nil && !w.nodes[i].life.dead.Load() {
		return w.nodes[i]
	}
	l := &life{gate: w.gate}
	service, err := checkout.New(checkout.Config{
		Store: disk{w.store, l}, Gateway: wire{life: l, gateway: w.gateway}, Clock: clock{}, Random: w.random,
		Merchants: map[string]checkout.Merchant{shop: w.policy}, PublicURL: "https://pay.example", CallTimeout: 3 * time.Second,
	})
	w.must(err)
	w.nodes[i] = &node{service, l}
	return w.nodes[i]
}

// random is the ids' source, the same in every run.
type random struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

// Read implements io.Reader.
func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from.Read(p)
}

// clock is the bubble's.
type clock struct{}

// Now implements checkout.Clock.
func (clock) Now() time.Time { return time.Now() }

func (w *world) must(err error) {
	w.rt.Helper()
	if err != nil {
		w.rt.Fatal(err)
	}
}

// begin starts a task on a process, which stops at its first call.
func (w *world) begin(i int, what string, do func(ctx context.Context, s *checkout.Service)) string {
	w.started++
	name := fmt.Sprintf("%03d on %d: %s", w.started, i, what)
	n := w.node(i)
	ctx := context.WithValue(context.Background(), taskKey{}, name)
	task := func() {
		defer w.active.Add(-1)
		do(ctx, n.Service)
	}
	w.active.Add(1)
	if w.gate.open != nil {
		w.queue = append(w.queue, task)
		return name
	}
	go task()
	synctest.Wait()
	return name
}

// burst begins all that is queued at once.
func (w *world) burst() {
	for _, task := range w.queue {
		go task()
	}
	w.queue = nil
}

// act starts a task on a drawn process and lets it run for as long as is drawn.
func (w *world) act(rt *rapid.T, what string, do func(ctx context.Context, s *checkout.Service)) {
	rt.Helper()
	task := w.begin(rapid.IntRange(0, nodes-1).Draw(rt, "node"), what, do)
	if w.gate.open != nil {
		return
	}
	if points := rapid.SampledFrom([]int{100, 100, 100, 0, 2, 5}).Draw(rt, "points"); points > 0 {
		w.run(rt, task, points)
	}
}

// run lets a task through up to so many of its calls.
func (w *world) run(rt *rapid.T, task string, points int) {
	for range points {
		c := w.parked(task)
		if c == nil {
			return
		}
		w.let(rt, c)
	}
}

// actOnBoth starts a task on every process, and lets them go on in step: each
// reads before any writes.
func (w *world) actOnBoth(rt *rapid.T, what string, do func(ctx context.Context, s *checkout.Service)) {
	rt.Helper()
	var tasks [nodes]string
	for i := range tasks {
		tasks[i] = w.begin(i, what, do)
	}
	for range rapid.IntRange(1, 20).Draw(rt, "steps") {
		for _, task := range tasks {
			w.run(rt, task, 1)
		}
	}
}

// parked returns the first waiting call of a task ("" for any), or nil.
func (w *world) parked(task string) *call {
	for _, c := range w.gate.waiting() {
		if task == "" || c.task == task {
			return c
		}
	}
	return nil
}

// let lets one call through, to what is drawn.
func (w *world) let(rt *rapid.T, c *call) {
	w.meet(rt, c)
	v := proceed
	if w.troubled.Load() {
		v = w.drawVerdict(rt, c)
	}
	w.gate.release(c, v)
	synctest.Wait()
}

// meet has a shopper pay an order, now and then, after the query that found it
// unpaid and before its close.
func (w *world) meet(rt *rapid.T, c *call) {
	_, number, _ := strings.Cut(c.name, " ")
	o := w.gateway.orders[number]
	if c.kind == closing && o != nil && o.payable() && rapid.IntRange(0, 4).Draw(rt, "meets") == 4 {
		o.pay()
	}
}

// usual is how many of a hundred calls nothing happens to, in a world with
// trouble.
const usual = 88

// usualRefund is usual for calls that give money back, in a run that is about
// them: what goes wrong with a refund goes wrong at its second try.
const usualRefund = 50

func (w *world) drawVerdict(rt *rapid.T, c *call) verdict {
	most := usual
	if w.givesBack && c.kind == refunding {
		most = usualRefund
	}
	if rapid.IntRange(0, 99).Draw(rt, c.name) < most {
		return proceed
	}
	return rapid.SampledFrom(verdicts[c.kind]).Draw(rt, "trouble with "+c.name)
}

// drain lets everything run that is under way, until nothing is.
func (w *world) drain(rt *rapid.T) {
	rt.Helper()
	w.burst()
	for range 5000 {
		synctest.Wait()
		if waiting := w.gate.waiting(); len(waiting) > 0 {
			i := 0
			if len(waiting) > 1 {
				i = rapid.IntRange(0, len(waiting)-1).Draw(rt, "next")
			}
			w.let(rt, waiting[i])
			continue
		}
		if w.active.Load() == 0 {
			w.waited = 0
			return
		}
		time.Sleep(tick)
	}
	rt.Fatal("what is under way does not end: ", w.names())
}

func (w *world) names() string {
	var names []string
	for _, c := range w.gate.waiting() {
		names = append(names, c.task+" at "+c.name)
	}
	return strings.Join(names, "; ")
}

// advance moves the clock. Where no process freezes, what is under way ends
// before a hold could run out.
func (w *world) advance(rt *rapid.T, d time.Duration) {
	rt.Helper()
	if (!w.freezes || w.settling) && w.waited+d > slack || w.gate.open != nil {
		w.drain(rt)
	} else {
		w.waited += d
	}
	time.Sleep(d)
	synctest.Wait()
}

// sweep sweeps on a process until what is due was done.
func (w *world) sweep(rt *rapid.T, i int) {
	rt.Helper()
	w.begin(i, "sweep", sweeping)
	w.drain(rt)
}

// sessions returns the ids of all sessions.
func (w *world) sessions() []string {
	return w.column("SELECT id FROM sessions ORDER BY created_at, id")
}

// column reads one column of text.
func (w *world) column(query string) (values []string) {
	w.rt.Helper()
	rows, err := w.db.Writer().QueryContext(context.Background(), query)
	w.must(err)
	defer func() { w.must(rows.Close()) }()
	for rows.Next() {
		var value string
		w.must(rows.Scan(&value))
		values = append(values, value)
	}
	w.must(rows.Err())
	return values
}
