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

// thread is a goroutine of a process, by a name that it has in every run of
// the same draws. The order in which Go runs goroutines that wake at the same
// moment is random, so nothing may depend on it: neither the order of the calls
// that wait, nor who gets which random bits.
type thread struct {
	// task is what began it.
	task string
	name string
	// calls counts its calls so far.
	calls  int
	random *rand.ChaCha8
	// leases are until when it holds what, by the number at the gateway.
	leases map[string]time.Time
}

// threads knows every goroutine that has made a call, and is the random source
// of all processes.
type threads struct {
	mu  sync.Mutex
	all map[uint64]*thread
	// begun counts the threads of a name, which are numbered.
	begun map[string]int
	// numbers are those of orders and refunds at the gateway, by id.
	numbers map[string]string
	// twice are those that two threads held at once.
	twice []string
}

type taskKey struct{}

// kickTask is the task of queries in the background: they run on a context of
// their own.
const kickTask = "kick"

// begin says which task runs on this goroutine.
func (ts *threads) begin(task string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.add(task, task)
}

// of returns the goroutine's thread. One that makes its first call is named for
// its task and that call.
func (ts *threads) of(ctx context.Context, firstCall string) *thread {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[goroutine()]
	if t == nil {
		task, ok := ctx.Value(taskKey{}).(string)
		if !ok {
			task = kickTask
		}
		t = ts.add(task, task+": "+firstCall)
	}
	t.calls++
	return t
}

func (ts *threads) add(task, name string) *thread {
	if ts.all == nil {
		ts.all, ts.begun, ts.numbers = map[uint64]*thread{}, map[string]int{}, map[string]string{}
	}
	ts.begun[name]++
	name += " #" + strconv.Itoa(ts.begun[name])
	t := &thread{task: task, name: name, random: rand.NewChaCha8(sha256.Sum256([]byte(name))), leases: map[string]time.Time{}}
	ts.all[goroutine()] = t
	return t
}

// Read implements io.Reader: each thread has a source of its own.
func (ts *threads) Read(p []byte) (int, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[goroutine()]
	if t == nil {
		return 0, fmt.Errorf("goroutine %d needs random bits before its first call", goroutine())
	}
	return t.random.Read(p)
}

// number says by which number the gateway knows what has an id here.
func (ts *threads) number(id, number string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.numbers[id] = number
}

// lease says that the calling goroutine, if taken, holds something from now on.
func (ts *threads) lease(id string, until time.Time, taken bool) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[goroutine()]
	if t == nil || !taken {
		return
	}
	number := ts.numbers[id]
	for _, other := range ts.all {
		if other != t && other.leases[number].After(time.Now()) {
			ts.twice = append(ts.twice, id)
		}
	}
	t.leases[number] = until
}

// heldTwice returns what two threads held at once.
func (ts *threads) heldTwice() []string {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(ts.twice)))
}

// release says that it holds it no more.
func (ts *threads) release(id string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.all[goroutine()]; t != nil {
		delete(t.leases, ts.numbers[id])
	}
}

// holds returns until when the calling goroutine holds what the gateway knows
// by a number, and zero where it does not.
func (ts *threads) holds(number string) time.Time {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.all[goroutine()]; t != nil {
		return t.leases[number]
	}
	return time.Time{}
}

// goroutine returns the number of the calling goroutine. Go tells it in stack
// traces alone.
func goroutine() uint64 {
	var buf [64]byte
	text, _ := bytes.CutPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(text, []byte(" "))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		panic("a stack trace without the number of its goroutine")
	}
	return n
}
