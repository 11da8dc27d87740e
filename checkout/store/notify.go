package store

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// channel is the NOTIFY channel for the ids of changed sessions.
	channel = "wantukit_session"
	// notifyEvery is how long changes are gathered. A NOTIFY in the transaction of each
	// change would take a lock that all commits of the database share.
	notifyEvery = 10 * time.Millisecond
	// notifyTimeout bounds one notification. One that failed is repeated after
	// notifyRetry.
	notifyTimeout = 5 * time.Second
	notifyRetry   = 250 * time.Millisecond
	// maxGathered bounds the ids that wait. Beyond it, any session may have changed.
	maxGathered = 10_000
	// maxPayload is the size of a payload in bytes. PostgreSQL refuses 8000 and more.
	maxPayload = 7900
	// anySession is the payload that says that any session may have changed.
	anySession = "*"
)

// nodeNotifier notifies all nodes of the sessions that this node has changed. The
// change is committed before. If the node is killed in between, the other nodes find the
// change when they sweep the sessions that their pages show.
type nodeNotifier struct {
	pool *pgxpool.Pool
	// wake has a token while ids wait.
	wake              chan struct{}
	stopping, stopped chan struct{}

	mu  sync.Mutex
	ids map[string]bool
}

func newNodeNotifier(pool *pgxpool.Pool) *nodeNotifier {
	n := &nodeNotifier{
		pool: pool, wake: make(chan struct{}, 1), stopping: make(chan struct{}), stopped: make(chan struct{}), ids: map[string]bool{},
	}
	go n.run()
	return n
}

// add notifies all nodes soon that a session has changed. It does not block.
func (n *nodeNotifier) add(id string) {
	n.mu.Lock()
	n.ids[id] = true
	if len(n.ids) > maxGathered {
		n.ids = map[string]bool{anySession: true}
	}
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// stop sends what waits. Call it once.
func (n *nodeNotifier) stop() {
	close(n.stopping)
	<-n.stopped
}

func (n *nodeNotifier) run() {
	defer close(n.stopped)
	for n.waitForIDs() {
		n.pause(notifyEvery)
		if n.send() != nil {
			n.pause(notifyRetry)
		}
	}
	_ = n.send() // the listeners of other nodes read again when they need to
}

// waitForIDs waits until ids wait. It returns false once stop was called.
func (n *nodeNotifier) waitForIDs() bool {
	select {
	case <-n.wake:
	case <-n.stopping:
	}
	select {
	case <-n.stopping:
		return false
	default:
		return true
	}
}

func (n *nodeNotifier) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.stopping:
	}
}

// send sends the ids that wait. After an error they wait again.
func (n *nodeNotifier) send() error {
	n.mu.Lock()
	ids := n.ids
	n.ids = map[string]bool{}
	n.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), notifyTimeout)
	defer cancel()
	_, err := n.pool.Exec(ctx, "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", channel, payloads(ids))
	if err != nil {
		for id := range ids {
			n.add(id)
		}
	}
	return err
}

// payloads joins ids into as few payloads as possible.
func payloads(ids map[string]bool) []string {
	if ids[anySession] {
		return []string{anySession}
	}
	var all []string
	var b strings.Builder
	for id := range ids {
		if b.Len() > 0 && b.Len()+1+len(id) > maxPayload {
			all = append(all, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(id)
	}
	return append(all, b.String())
}

// tellChanged calls changed for each id of a payload, with "" for anySession.
func tellChanged(payload string, changed func(sessionID string)) {
	for _, id := range strings.Fields(payload) {
		if id == anySession {
			id = ""
		}
		changed(id)
	}
}
