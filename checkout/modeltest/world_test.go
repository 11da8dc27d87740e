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
	// tick is the pause between two checks for waiting calls.
	tick = 250 * time.Millisecond
	// maxClockRun is how long the clock may run in total while calls wait, if no
	// process may freeze for longer than its lease.
	maxClockRun = 3 * time.Second
	// callTimeout is the processes' CallTimeout. maxLease is how long their leases last.
	callTimeout = 3 * time.Second
	maxLease    = 3*callTimeout + 5*time.Second
)

// world is one run: a shop with two processes, one database and one gateway, in a
// synctest bubble with fake time. Calls only go on when the test releases them.
type world struct {
	rt *rapid.T
	// database opens db.
	database database
	db       *store.DB
	store    *store.Store
	gateway  *gateway
	gate     *gate
	nodes    [nodes]*node
	policy   checkout.Merchant

	// faultsOn means that calls may fail and processes may crash. Background calls read
	// it at any time.
	faultsOn atomic.Bool
	// faults are the faults of the run.
	faults faults
	// mayFreeze means that the clock may run while calls wait.
	mayFreeze bool
	// settling means that no process freezes any more. Earlier freezes still count.
	settling bool
	// isRefundRun means that the run is about refunds of paid sessions.
	isRefundRun bool
	// isLateRun means that the run is about payments after a session's end.
	isLateRun bool
	// reportsOtherAmounts means that the gateway may report a wrong amount.
	reportsOtherAmounts bool

	running       atomic.Int64
	started       int
	clockRun      time.Duration
	notifications []sentNotification
	receiver      *webhookReceiver
	before        map[string]sessionState
	// queue has the tasks that startQueued starts. It is used if calls do not stop at
	// the gate.
	queue []func()

	logMu sync.Mutex
	// log has the actions so far and the outcome of each call.
	log   []string
	facts map[fact]bool
	// final are the states of all sessions at the end.
	final []sessionState
}

// node is a started process.
type node struct {
	*checkout.Service
	process *process
}

// sentNotification is a notification that was sent and may be repeated.
type sentNotification struct {
	token string
	body  []byte
}

// init draws the shop's policies and the faults.
func (w *world) init(rt *rapid.T, db database) {
	w.rt, w.database, w.gate = rt, db, &gate{}
	w.receiver = newWebhookReceiver()
	w.connect()
	w.pauseDisk(true)
	w.mayFreeze = rapid.IntRange(0, 3).Draw(rt, "freezes") == 3
	w.reportsOtherAmounts = rapid.IntRange(0, 3).Draw(rt, "reports other amounts") == 3
	w.before, w.facts = map[string]sessionState{}, map[fact]bool{}
	w.policy = checkout.Merchant{
		ID: shop, Name: "Shop", Lifetime: 30 * time.Minute,
		PaidLate:      rapid.SampledFrom([]checkout.LatePolicy{checkout.LateHold, checkout.LateAccept, checkout.LateRefund}).Draw(rt, "paid_late"),
		KeepPaidTwice: rapid.Bool().Draw(rt, "keep_paid_twice"),
	}
	w.faultsOn.Store(rapid.Bool().Draw(rt, "troubled"))
	w.faults = drawFaults(rt)
	w.gateway = newGateway(!w.mayFreeze)
}

// describeFaults returns the faults of the run in words.
func (w *world) describeFaults() string {
	text := "none"
	if w.faultsOn.Load() {
		text = w.faults.String()
	}
	if w.mayFreeze {
		text += "; processes freeze"
	}
	if w.reportsOtherAmounts {
		text += "; the gateway reports other amounts"
	}
	return text
}

// node returns a process. It starts a new one if the last has crashed.
func (w *world) node(i int) *node {
	if w.nodes[i] != nil && !w.nodes[i].process.isDead() {
		return w.nodes[i]
	}
	p := &process{gate: w.gate}
	service, err := checkout.New(checkout.Config{
		Store: gatedStore{w.store, p}, Gateway: gatedGateway{process: p, gateway: w.gateway}, Clock: clock{}, Random: &w.gate.threads,
		Merchants: map[string]checkout.Merchant{shop: w.policy}, Routes: routes{}, Returns: anyReturn{}, CallTimeout: callTimeout,
	})
	w.must(err)
	w.nodes[i] = &node{service, p}
	return w.nodes[i]
}

// anyReturn allows each URL.
type anyReturn struct{}

func (anyReturn) CheckReturn(_, _, _ string) error { return nil }

// clock is the clock of the synctest bubble.
type clock struct{}

// Now implements checkout.Clock.
func (clock) Now() time.Time { return time.Now() }

func (w *world) must(err error) {
	w.rt.Helper()
	if err != nil {
		w.rt.Fatal(err)
	}
}

// begin starts a task on a process and returns its name. The task stops at its first
// call.
func (w *world) begin(i int, what string, do func(ctx context.Context, s *checkout.Service)) string {
	w.started++
	name := fmt.Sprintf("%03d on %d: %s", w.started, i, what)
	n := w.node(i)
	ctx := context.WithValue(context.Background(), taskKey{}, name)
	task := func() {
		defer w.running.Add(-1)
		w.gate.threads.startTask(name)
		do(ctx, n.Service)
	}
	w.running.Add(1)
	if w.gate.decide != nil {
		w.queue = append(w.queue, task)
		return name
	}
	go task()
	synctest.Wait()
	return name
}

// startQueued starts all queued tasks at once.
func (w *world) startQueued() {
	for _, task := range w.queue {
		go task()
	}
	w.queue = nil
}

// act starts a task on a drawn process and lets a drawn number of its calls through.
func (w *world) act(rt *rapid.T, what string, do func(ctx context.Context, s *checkout.Service)) {
	rt.Helper()
	task := w.begin(rapid.IntRange(0, nodes-1).Draw(rt, "node"), what, do)
	if w.gate.decide != nil {
		return
	}
	if points := rapid.SampledFrom([]int{100, 100, 100, 0, 2, 5}).Draw(rt, "points"); points > 0 {
		w.run(rt, task, points)
	}
}

// run lets up to points calls of a task through.
func (w *world) run(rt *rapid.T, task string, points int) {
	for range points {
		c := w.nextCall(task)
		if c == nil {
			return
		}
		w.step(rt, c)
	}
}

// actOnBoth starts a task on every process and releases their calls in turn, so that
// each reads before any writes.
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

// nextCall returns the first waiting call of a task, or of any for "". It returns nil if
// none waits.
func (w *world) nextCall(task string) *call {
	for _, c := range w.gate.waiting() {
		if task == "" || c.thread.task == task {
			return c
		}
	}
	return nil
}

// step releases a call with a drawn outcome.
func (w *world) step(rt *rapid.T, c *call) {
	v := proceed
	w.payDuringClose(rt, c)
	if w.faultsOn.Load() && c.kind != stalled {
		v = w.faults[c.kind].draw(rt, c.name)
	}
	w.release(c, v)
}

// release releases a call with an outcome.
func (w *world) release(c *call, v outcome) {
	w.trace("  %s: %s %s", c.thread.name, c.name, v)
	w.recordOutcome(c, v)
	w.pauseDisk(false)
	w.gate.release(c, v)
	synctest.Wait()
	w.pauseDisk(true)
}

// pauseDisk stops the faults of the disk while the test itself reads the database.
func (w *world) pauseDisk(paused bool) {
	switch {
	case w.database.disk == nil:
	case paused:
		w.database.disk.Pause()
	default:
		w.database.disk.Resume()
	}
}

// payDuringClose pays an order before some calls of Close: after the query that found it
// unpaid.
func (w *world) payDuringClose(rt *rapid.T, c *call) {
	_, number, _ := strings.Cut(c.name, " ")
	o := w.gateway.orders[number]
	if c.kind == closing && o != nil && o.payable() && rapid.IntRange(0, 4).Draw(rt, "pays") == 4 {
		w.trace("  a shopper pays %s", number)
		w.reach(paidDuringClose)
		o.pay()
	}
}

// drain releases calls until no task runs.
func (w *world) drain(rt *rapid.T) {
	rt.Helper()
	w.startQueued()
	for range 5000 {
		synctest.Wait()
		if waiting := w.gate.waiting(); len(waiting) > 0 {
			i := 0
			if len(waiting) > 1 {
				i = rapid.IntRange(0, len(waiting)-1).Draw(rt, "next")
			}
			w.step(rt, waiting[i])
			continue
		}
		if w.running.Load() == 0 {
			w.clockRun = 0
			return
		}
		time.Sleep(tick)
	}
	rt.Fatal("tasks do not end: ", w.describeWaiting())
}

// describeWaiting returns the waiting calls in words.
func (w *world) describeWaiting() string {
	var names []string
	for _, c := range w.gate.waiting() {
		names = append(names, c.thread.task+" at "+c.name)
	}
	return strings.Join(names, "; ")
}

// advance moves the clock. If no process may freeze, it drains first when leases could
// expire.
func (w *world) advance(rt *rapid.T, d time.Duration) {
	rt.Helper()
	if (!w.mayFreeze || w.settling) && w.clockRun+d > maxClockRun || w.gate.decide != nil {
		w.drain(rt)
	} else {
		w.clockRun += d
	}
	if d > maxLease && len(w.gate.waiting()) > 0 {
		w.reach(frozen)
	}
	time.Sleep(d)
	synctest.Wait()
}

// sweep runs a sweep on a process until no task runs.
func (w *world) sweep(rt *rapid.T, i int) {
	rt.Helper()
	w.begin(i, "sweep", sweepTask)
	w.drain(rt)
}

// sessions returns the ids of all sessions.
func (w *world) sessions() []string {
	return w.column("SELECT id FROM sessions ORDER BY created_at, id")
}

// column returns the values of a query with one text column.
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

// routes are the URLs of a program at https://pay.example.
type routes struct{}

func (routes) Page(sessionID string) string { return "https://pay.example/c/" + sessionID }
func (routes) Notify(token string) string   { return "https://pay.example/n/" + token }
func (routes) Return(token string) string   { return "https://pay.example/r/" + token }
func (routes) PaymentDirectory() string     { return "https://pay.example/c/" }
