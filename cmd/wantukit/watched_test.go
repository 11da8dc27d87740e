package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// queryCounter is a handler before the gateway that counts the queries.
type queryCounter struct {
	gateway http.Handler

	mu                    sync.Mutex
	queries, asking, most int
}

func (c *queryCounter) before(d *demo) { c.gateway, d.gateway = d.gateway, c }

func (c *queryCounter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/query") {
		c.count(1)
		defer c.count(-1)
		// A real gateway takes as long, so that a second query would overlap.
		time.Sleep(100 * time.Millisecond)
	}
	c.gateway.ServeHTTP(w, r)
}

func (c *queryCounter) count(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queries += max(by, 0)
	c.asking += by
	c.most = max(c.most, c.asking)
}

// counted returns how many queries there were, and how many at the same time.
func (c *queryCounter) counted() (queries, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queries, c.most
}

const (
	openPages     = 50
	notifications = 1000
)

// TestFiftyPagesAndAThousandNotifications: all notifications and all open pages
// together cause one query of the paid order. Before the payment the queries are
// limited by the one that is running and by the 2 s between two queries.
func TestFiftyPagesAndAThousandNotifications(t *testing.T) {
	t.Parallel()
	c := &queryCounter{}
	b := newBuyer(t, c.before)
	b.demo.sandbox.Notifications(false)
	id := b.session("alipay_cn")
	a := b.start(id, flow.WalletAlipayCN)
	placed := time.Now()
	heard := b.openPages(id, openPages)
	b.allAtOnce(openPages, func() { b.post("/c/"+id, "/confirm", nil) }) // each becomes visible, before the payment
	if before, _ := c.counted(); before > 1+int(time.Since(placed)/(2*time.Second)) {
		t.Errorf("%d queries within %s, before the payment", before, time.Since(placed))
	}
	b.pay(a)
	before, _ := c.counted()
	b.hint(id, a)
	for range openPages {
		if state := <-heard; state != "paid" {
			t.Errorf("a page last heard of %q, want paid", state)
		}
	}
	b.awaitPaid(id)
	b.allAtOnce(openPages, func() { b.post("/c/"+id, "/confirm", nil) }) // and once more
	b.paidOnce(id)
	queries, most := c.counted()
	if queries-before > 1 || most > 1 {
		t.Errorf("%d queries after the payment, at most %d at once, want one", queries-before, most)
	}
	var webhooks, kept int
	books := b.demo.kit.DB().Writer()
	if err := books.QueryRowContext(t.Context(), countWebhooks).Scan(&webhooks); err != nil || webhooks != 1 {
		t.Errorf("%d webhooks (%v), want one", webhooks, err)
	}
	if err := books.QueryRowContext(t.Context(), `SELECT count(*) FROM timeline WHERE kind = 'notification' AND result = 'accepted'`).Scan(&kept); err != nil || kept != checkout.KeptNotifications {
		t.Errorf("%d notifications are kept (%v), want %d", kept, err, checkout.KeptNotifications)
	}
	tell(t, fmt.Sprintf("%d pages, %d notifications: %d queries before the payment, %d after, at most %d at once", openPages, notifications, before, queries-before, most))
}

// hint causes a query of an attempt in every possible way at once.
func (b *buyer) hint(id string, a checkout.Attempt) {
	b.Helper()
	var wg sync.WaitGroup
	wg.Go(func() { b.allAtOnce(notifications, func() { b.notify(a) }) })
	wg.Go(func() { b.allAtOnce(openPages, func() { b.post("/c/"+id, "/confirm", nil) }) })
	wg.Go(func() { b.allAtOnce(openPages, func() { b.get("/c/" + id + "/status") }) })
	wg.Go(func() {
		_, page := b.get("/r/" + a.ReturnToken)
		b.post(page, "/confirm", nil)
	})
	wg.Wait()
}

// allAtOnce calls do so many times, 20 at a time: the sandbox waits 10 s for the
// answer to a notification, and a busy machine may store only 5 in a second.
func (b *buyer) allAtOnce(times int, do func()) {
	b.Helper()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 20)
	for range times {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			do()
		})
	}
	wg.Wait()
}

// openPages opens live pages of a session. Each sends the last state that it
// received: paid, or the state after patience.
func (b *buyer) openPages(id string, n int) <-chan string {
	b.Helper()
	heard := make(chan string, n)
	var open sync.WaitGroup
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	b.Cleanup(cancel)
	for range n {
		open.Add(1)
		go func() { heard <- b.readPage(ctx, id, sync.OnceFunc(open.Done)) }()
	}
	open.Wait()
	return heard
}

// readPage reads a live page until it is paid. It calls open at the first state.
func (b *buyer) readPage(ctx context.Context, id string, open func()) (state string) {
	defer open()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.demo.publicURL+"/c/"+id+"/events", nil)
	if err != nil {
		return err.Error()
	}
	response, err := b.client.Do(r)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		_, told, found := strings.Cut(lines.Text(), `"state":"`)
		if !found {
			continue
		}
		open()
		if state, _, _ = strings.Cut(told, `"`); state == "paid" {
			break
		}
	}
	return state
}
