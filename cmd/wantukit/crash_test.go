package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// kills returns how often the crash test kills a node of each database.
func kills(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("WANTUKIT_KILLS"), "100"))
	if err != nil || n < 2 {
		t.Fatal("WANTUKIT_KILLS is not a number from 2")
	}
	return (n + 1) / 2
}

// killsForStakes is how many further kills there are at most until something could
// have been lost.
const killsForStakes = 300

// TestNothingIsLost kills working nodes again and again.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for name, on := range map[string]struct {
		nodes int
		// flaky is as in clusterPlan.
		flaky int
	}{
		"SQLite":                      {nodes: 1},
		"SQLite on a disk that fails": {nodes: 1, flaky: 1500},
		"PostgreSQL with 2 nodes":     {nodes: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := ""
			if on.nodes > 1 {
				database = newDatabase(t, pgtest.Start(t))
			}
			w := newTown(t, database)
			w.plan.flaky = on.flaky
			r := &restarts{town: w, nodes: make([]*node, on.nodes)}
			for i := range r.nodes {
				r.nodes[i] = w.launchBriefly() // it makes the schema
				r.kill(i)
				r.nodes[i] = w.start()
			}
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { w.sendShoppers(ctx) })
			wg.Go(func() { w.injectFaults(ctx) })
			for most := kills(t); (r.kills < most || r.kills < most+killsForStakes && !r.atStake()) && !t.Failed(); {
				r.again()
			}
			stop()
			wg.Wait()
			r.report(name, w.settle())
		})
	}
}

// newDatabase makes a database at the test's own server, which syncs to disk.
func newDatabase(t *testing.T, server *pgtest.Server) string {
	t.Helper()
	at, err := server.NewDatabase(t.Context(), "kit")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// restarts kills nodes and starts new ones.
type restarts struct {
	*town
	nodes []*node
	kills int
	took  []time.Duration // from each start to /readyz's yes
}

// atStake reports whether anything was done that could have been lost. On a slow
// machine that takes more kills.
func (r *restarts) atStake() bool {
	notified, paid, refunded := stakes(r.promised().orders)
	return notified > 0 && paid > 0 && refunded > 0
}

// stakes returns how many notifications the kit has acknowledged, and how many
// payments and refunds the gateway made.
func stakes(orders []sandbox.Order) (notified, paid, refunded int) {
	for _, o := range orders {
		notified += acknowledged(o)
		if o.Status == sandbox.StatusSuccess {
			paid++
		}
		refunded += len(o.Refunds)
	}
	return notified, paid, refunded
}

// again kills a node at a random moment, or at a moment where a wrong order of
// steps shows, and starts another one. One time in eight it kills the new node too
// while that starts, and one time in eight it kills all nodes.
func (r *restarts) again() {
	r.Helper()
	time.Sleep(rand.N(600 * time.Millisecond))
	if m := moment(rand.Int32N(int32(called) + 2)); m >= booked && m <= called {
		r.await(m)
	}
	dead := []int{rand.IntN(len(r.nodes))}
	switch rand.IntN(8) {
	case 0:
		r.kill(dead[0])
		r.nodes[dead[0]] = r.launchBriefly()
	case 1:
		dead = rand.Perm(len(r.nodes))
	}
	for _, i := range dead {
		r.kill(i)
	}
	for _, i := range dead {
		r.nodes[i] = r.start()
		r.took = append(r.took, time.Since(r.nodes[i].since))
	}
	_, wrong := r.audit(r.Context())
	for _, problem := range wrong {
		r.Errorf("after %d kills: %s", r.kills, problem)
	}
}

func (r *restarts) kill(i int) {
	r.nodes[i].kill()
	r.kills++
}

// launchBriefly starts a node that is killed while it starts.
func (c *cluster) launchBriefly() *node {
	c.Helper()
	n := c.launch()
	time.Sleep(rand.N(100 * time.Millisecond))
	return n
}

// restartMost is the longest restart that passes on a busy machine with the race
// detector. The promise is 2 s.
const restartMost = time.Minute

// report logs the result, and writes it to the file of WANTUKIT_REPORT.
func (r *restarts) report(database string, lost findings) {
	r.Helper()
	b, err := r.read(r.Context())
	if err != nil {
		r.Error(err)
	}
	p := r.promised()
	notified, paid, refunded := stakes(p.orders)
	slices.Sort(r.took)
	if len(r.took) == 0 || r.took[len(r.took)-1] > restartMost {
		r.Errorf("ready again after %s", r.took)
		return
	}
	line := fmt.Sprintf("%s: %d kills; acknowledged: %d sessions, %d notifications, %d refunds; the gateway's: %d orders, %d payments, %d refunds; %d events told, in %d webhooks; "+
		"ready again in %.2f s (median), %.2f s (most); losses: %d",
		database, r.kills, len(p.sessions), notified, len(p.refunds), len(p.orders), paid, refunded, len(b.events), r.tries,
		r.took[len(r.took)/2].Seconds(), r.took[len(r.took)-1].Seconds(), len(lost))
	tell(r.T, line)
	if paid == 0 || refunded == 0 || notified == 0 {
		r.Error("nothing was at stake")
	}
}

// tell logs a line of the report, and appends it to the file of WANTUKIT_REPORT.
func tell(t *testing.T, line string) {
	t.Helper()
	t.Log(line)
	path := os.Getenv("WANTUKIT_REPORT")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(file, line)
		err = cmp.Or(err, file.Close())
	}
	if err != nil {
		t.Error(err)
	}
}
