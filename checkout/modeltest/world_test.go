package modeltest

import (
	"context"
	"fmt"
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
	// callMost is the processes' CallTimeout, and holdMost how long they hold
	// what they talk about with the gateway.
	callMost = 3 * time.Second
	holdMost = 3*callMost + 5*time.Second
)

// world is a shop with two processes over one database and one gateway, in a
// bubble of fake time. Nothing in it moves but what the test lets through.
type world struct {
	rt *rapid.T
	// database is what db is opened of.
	database database
	db       *store.DB
	store    *store.Store
	gateway  *gateway
	gate     *gate
	nodes    [nodes]*node
	policy   checkout.Merchant

	// troubled says that calls may fail and processes may die. Calls in the
	// background read it at any time.
	troubled atomic.Bool
	// faults are what may become of calls then.
	faults faults
	// freezes says that the clock may run on while calls wait.
	freezes bool
	// settling says that none does any more; what one did before still counts.
	settling bool
	// givesBack says that the run is about refunds, of sessions that are paid.
	givesBack bool
	// comesLate says that the run is about payments after a session's end.
	comesLate bool
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

	record sync.Mutex
	// did are the actions so far, and what became of each call.
	did   []string
	facts map[fact]bool
	// final are the books in the end.
	final []books
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

// init draws the shop's policies and what may go wrong.
func (w *world) init(rt *rapid.T, db database) {
	w.rt, w.database, w.gate = rt, db, &gate{}
	w.connect()
	w.quiet(true)
	w.freezes = rapid.IntRange(0, 3).Draw(rt, "freezes") == 3
	w.skews = rapid.IntRange(0, 3).Draw(rt, "skews") == 3
	w.shop, w.before, w.facts = newShopkeeper(), map[string]books{}, map[fact]bool{}
	w.policy = checkout.Merchant{
		ID: shop, Name: "Shop", Lifetime: 30 * time.Minute,
		PaidLate:      rapid.SampledFrom([]checkout.LatePolicy{checkout.LateHold, checkout.LateAccept, checkout.LateRefund}).Draw(rt, "paid_late"),
		KeepPaidTwice: rapid.Bool().Draw(rt, "keep_paid_twice"),
	}
	w.troubled.Store(rapid.Bool().Draw(rt, "troubled"))
	w.faults = drawFaults(rt)
	w.gateway = newGateway(!w.freezes)
}

// faultsInWords says what may go wrong in the run.
func (w *world) faultsInWords() string {
	text := "nothing"
	if w.troubled.Load() {
		text = w.faults.String()
	}
	if w.freezes {
		text += "; processes freeze"
	}
	if w.skews {
		text += "; the gateway reports other amounts"
	}
	return text
}

// node returns a process, started anew where it has crashed.
func (w *world) node(i int) *node {
	if w.nodes[i] != nil && !w.nodes[i].life.ended() {
		return w.nodes[i]
	}
	l := &life{gate: w.gate}
	service, err := checkout.New(checkout.Config{
		Store: disk{w.store, l}, Gateway: wire{life: l, gateway: w.gateway}, Clock: clock{}, Random: &w.gate.threads,
		Merchants: map[string]checkout.Merchant{shop: w.policy}, Routes: routes{}, CallTimeout: callMost,
	})
	w.must(err)
	w.nodes[i] = &node{service, l}
	return w.nodes[i]
}

// routes are the URLs of a program at https://pay.example.
type routes struct{}

func (routes) Page(sessionID string) string { return "https://pay.example/c/" + sessionID }
func (routes) Notify(token string) string   { return "https://pay.example/n/" + token }
func (routes) Return(token string) string   { return "https://pay.example/r/" + token }
func (routes) PaymentDirectory() string     { return "https://pay.example/c/" }

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
		w.gate.threads.begin(name)
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
		if task == "" || c.thread.task == task {
			return c
		}
	}
	return nil
}

// let lets one call through, to what is drawn.
func (w *world) let(rt *rapid.T, c *call) {
	v := proceed
	w.meet(rt, c)
	if w.troubled.Load() && c.kind != stalled {
		v = w.faults[c.kind].draw(rt, c.name)
	}
	w.become(c, v)
}

// become lets one call through, to a verdict.
func (w *world) become(c *call, v verdict) {
	w.trace("  %s: %s %s", c.thread.name, c.name, v)
	w.notice(c, v)
	w.quiet(false)
	w.gate.release(c, v)
	synctest.Wait()
	w.quiet(true)
}

// quiet has the disk not fail, while the model itself looks at the books.
func (w *world) quiet(is bool) {
	switch {
	case w.database.disk == nil:
	case is:
		w.database.disk.Pause()
	default:
		w.database.disk.Resume()
	}
}

// meet has a shopper pay an order, now and then, after the query that found it
// unpaid and before its close.
func (w *world) meet(rt *rapid.T, c *call) {
	_, number, _ := strings.Cut(c.name, " ")
	o := w.gateway.orders[number]
	if c.kind == closing && o != nil && o.payable() && rapid.IntRange(0, 4).Draw(rt, "meets") == 4 {
		w.trace("  a shopper pays %s", number)
		w.saw(paidAcross)
		o.pay()
	}
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
		names = append(names, c.thread.task+" at "+c.name)
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
	if d > holdMost && len(w.gate.waiting()) > 0 {
		w.saw(frozen)
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
