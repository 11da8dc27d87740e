package modeltest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// thread is a goroutine of a process. Its name is the same in every run of the same
// draws. Go wakes goroutines in random order, so the order of waiting calls and the
// random bits depend on the name instead.
type thread struct {
	// task is the task that started it.
	task string
	name string
	// calls is the number of its calls so far.
	calls  int
	random *rand.ChaCha8
	// leases are the ends of its leases, by the number at the gateway.
	leases map[string]time.Time
	// unsure are the numbers whose lease ends if a change that failed was made after all.
	unsure []string
}

// threads knows every goroutine that has made a call. It is also the random source of
// all processes.
type threads struct {
	mu  sync.Mutex
	all map[uint64]*thread
	// count counts the threads of each name. They are numbered.
	count map[string]int
	// numbers are the numbers of orders and refunds at the gateway, by our id.
	numbers map[string]string
	// handed are the ends of leases that a thread took for another thread, which has not
	// used them yet, by the number at the gateway.
	handed map[string]time.Time
	// leasedTwiceIDs are the ids that two threads leased at once.
	leasedTwiceIDs []string
}

type taskKey struct{}

// backgroundTask is the task of background queries. Their context names no task.
const backgroundTask = "background"

// startTask sets the task of the calling goroutine.
func (ts *threads) startTask(task string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.add(task, task)
}

// current returns the thread of the calling goroutine, and counts its call.
func (ts *threads) current(ctx context.Context, call string) *thread {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.named(ctx, call)
	t.calls++
	return t
}

// named returns the thread of the calling goroutine. A new thread is named after its
// task and its first call.
func (ts *threads) named(ctx context.Context, firstCall string) *thread {
	t := ts.all[goroutineID()]
	if t == nil {
		task, ok := ctx.Value(taskKey{}).(string)
		if !ok {
			task = backgroundTask
		}
		t = ts.add(task, task+": "+firstCall)
	}
	return t
}

func (ts *threads) add(task, name string) *thread {
	if ts.all == nil {
		ts.all, ts.count, ts.numbers, ts.handed = map[uint64]*thread{}, map[string]int{}, map[string]string{}, map[string]time.Time{}
	}
	ts.count[name]++
	name += " #" + strconv.Itoa(ts.count[name])
	t := &thread{task: task, name: name, random: rand.NewChaCha8(sha256.Sum256([]byte(name))), leases: map[string]time.Time{}}
	ts.all[goroutineID()] = t
	return t
}

// Read implements io.Reader. Each thread has a random source of its own.
func (ts *threads) Read(p []byte) (int, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[goroutineID()]
	if t == nil {
		return 0, fmt.Errorf("goroutine %d reads random bits before its first call", goroutineID())
	}
	return t.random.Read(p)
}

// setNumber sets the number at the gateway of an order or refund.
func (ts *threads) setNumber(id, number string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.numbers[id] = number
}

// lease notes a lease of the calling goroutine, if it was taken.
func (ts *threads) lease(id string, until time.Time, taken bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[goroutineID()]
	if t == nil || !taken {
		return
	}
	number := ts.numbers[id]
	ts.checkUnleased(t, id)
	t.leases[number] = until
	t.unsure = slices.DeleteFunc(t.unsure, func(n string) bool { return n == number })
}

// checkUnleased notes that an id is leased twice if a thread other than t has a lease.
func (ts *threads) checkUnleased(t *thread, id string) {
	number := ts.numbers[id]
	if ts.handed[number].After(time.Now()) {
		ts.leasedTwiceIDs = append(ts.leasedTwiceIDs, id)
	}
	for _, other := range ts.all {
		if other != t && other.leases[number].After(time.Now()) {
			ts.leasedTwiceIDs = append(ts.leasedTwiceIDs, id)
		}
	}
}

// handOver notes a lease that the calling goroutine took for another one. The first
// goroutine without a lease that uses it has it from then on.
func (ts *threads) handOver(id string, until time.Time, taken bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if taken {
		ts.checkUnleased(nil, id)
		ts.handed[ts.numbers[id]] = until
	}
}

// takeOver gives a lease that was handed over to t, if t has none.
func (ts *threads) takeOver(t *thread, number string) {
	if until, ok := ts.handed[number]; ok && t.leases[number].IsZero() {
		t.leases[number] = until
		delete(ts.handed, number)
	}
}

// leasedTwice returns the ids that two threads leased at once.
func (ts *threads) leasedTwice() []string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(ts.leasedTwiceIDs)))
}

// release ends the calling goroutine's lease. call is the call that ends it. It may be the
// goroutine's first: a lease that was handed over is released at once if there is nothing to
// ask.
func (ts *threads) release(ctx context.Context, call, id string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.named(ctx, call)
	ts.takeOver(t, ts.numbers[id])
	delete(t.leases, ts.numbers[id])
}

// releaseUnsure notes a change of the calling goroutine that would have ended its lease, and
// failed. The disk may have it: if the power is cut, it may be made after all.
func (ts *threads) releaseUnsure(ctx context.Context, call, id string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.named(ctx, call)
	ts.takeOver(t, ts.numbers[id])
	t.unsure = append(t.unsure, ts.numbers[id])
}

// cutPower forgets the leases that have ended if a change that failed was made after all.
// Their threads are dead.
func (ts *threads) cutPower() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.all {
		for _, number := range t.unsure {
			delete(t.leases, number)
		}
	}
}

// leaseEnd returns when the calling goroutine's lease of a number ends, or zero if it has
// none. call is the call that it makes with the lease.
func (ts *threads) leaseEnd(ctx context.Context, call, number string) time.Time {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.named(ctx, call)
	ts.takeOver(t, number)
	return t.leases[number]
}

// goroutineID returns the number of the calling goroutine. Go shows it only in stack
// traces.
func goroutineID() uint64 {
	var buf [64]byte
	text, _ := bytes.CutPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		panic("the stack trace has no goroutine number")
	}
	return n
}
