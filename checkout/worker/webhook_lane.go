package worker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// DefaultMaxRequests is the default of Endpoint.MaxRequests.
	DefaultMaxRequests = 16
	// MaxMaxRequests is the upper limit of Endpoint.MaxRequests.
	MaxMaxRequests = 256
	// maxFresh is how many new events for an endpoint wait in memory. The others are left to
	// the hand-over.
	maxFresh = 8192
	// disabledFor is how long the answer is used whether an endpoint is disabled.
	disabledFor = time.Second
)

// maxRequests returns how many webhooks one process sends to the endpoint at once.
func (e Endpoint) maxRequests() int {
	if e.MaxRequests == 0 {
		return DefaultMaxRequests
	}
	return e.MaxRequests
}

// lane limits the webhooks that this process sends to one endpoint at once. A new event
// gets the next free slot before a retry.
type lane struct {
	key endpointKey
	// send sends a new event.
	send func(*lane, checkout.Event)
	// isLate says that the time for sending a new event from memory is over.
	isLate func(*lane, checkout.Event) bool
	// drop leaves a new event to the hand-over.
	drop func(*lane, checkout.Event)

	// max is how many webhooks are sent at once.
	max int

	mu   sync.Mutex
	free int
	// fresh are new events that wait for a slot, and retries are closed when a retry
	// gets one. If one of them waits, no slot is free.
	fresh   []checkout.Event
	retries []chan struct{}
	// closed says that no new event may begin. sending counts those that have begun.
	closed  bool
	sending sync.WaitGroup

	disabled  bool
	checkedAt time.Time
}

// add sends a new event as soon as a slot is free. It drops the event if too many wait.
func (l *lane) add(e checkout.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.drop(l, e)
		return
	}
	if l.free > 0 {
		l.free--
		l.start(e)
		return
	}
	for len(l.fresh) > 0 && l.isLate(l, l.fresh[0]) {
		l.drop(l, l.pop())
	}
	if len(l.fresh) == maxFresh {
		l.drop(l, e)
		return
	}
	l.fresh = append(l.fresh, e)
}

// start sends a new event in a slot that the caller has taken.
func (l *lane) start(e checkout.Event) {
	l.sending.Go(func() {
		defer l.release()
		l.send(l, e)
	})
}

// pop removes the new event that waits for the longest time.
func (l *lane) pop() checkout.Event {
	e := l.fresh[0]
	l.fresh[0] = checkout.Event{} // free its memory
	l.fresh = l.fresh[1:]
	return e
}

// acquire waits for a slot for a retry. It returns false if ctx is done first. After
// true, call release.
func (l *lane) acquire(ctx context.Context) bool {
	l.mu.Lock()
	if l.free > 0 {
		l.free--
		l.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	l.retries = append(l.retries, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
		return l.withdraw(turn)
	}
}

// withdraw ends the wait of a retry. It returns true if the retry has got a slot
// meanwhile.
func (l *lane) withdraw(turn chan struct{}) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.retries, turn)
	if i < 0 {
		return true
	}
	l.retries = slices.Delete(l.retries, i, i+1)
	return false
}

// release gives a slot to the next new event, or else to the next retry.
func (l *lane) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.fresh) > 0:
		l.start(l.pop())
	case len(l.retries) > 0:
		close(l.retries[0])
		l.retries = l.retries[1:]
	default:
		l.free++
	}
}

// close drops the new events that wait, and lets no other begin.
func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for len(l.fresh) > 0 {
		l.drop(l, l.pop())
	}
}

// isDisabled reports whether the endpoint is disabled. It calls read at most once
// in disabledFor, and takes the last answer while read runs or if it fails.
func (l *lane) isDisabled(now time.Time, read func() (bool, error)) bool {
	if disabled, isFresh := l.lastAnswer(now); isFresh {
		return disabled
	}
	disabled, err := read() // without the lock, because read may last or panic
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.disabled = disabled
	}
	return l.disabled
}

// lastAnswer returns the last answer. isFresh is false if the caller has to read it again.
func (l *lane) lastAnswer(now time.Time) (disabled, isFresh bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.checkedAt).Abs() < disabledFor {
		return l.disabled, true
	}
	l.checkedAt = now
	return false, false
}

// disable notes that the endpoint is disabled.
func (l *lane) disable(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disabled, l.checkedAt = true, now
}
