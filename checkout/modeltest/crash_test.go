package modeltest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

// TestCrashEndsEveryGoroutine checks that a crash ends all calls of a process, although
// each goroutine that ends releases the others.
func TestCrashEndsEveryGoroutine(t *testing.T) {
	t.Parallel()
	for _, o := range []outcome{dieBefore, dieAfter} {
		t.Run(o.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := &process{gate: &gate{}}
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						name := fmt.Sprint("call ", i)
						p.leave(context.Background(), p.enter(context.Background(), writing, name), name)
					})
				}
				synctest.Wait()
				first := p.gate.waiting()[0]
				p.gate.release(first, o)
				synctest.Wait()
				wg.Wait()
				if left := len(p.gate.waiting()); left > 0 || !p.isDead() {
					t.Errorf("%d calls wait, process dead: %t", left, p.isDead())
				}
			})
		})
	}
}

// TestCallAfterCrashEnds checks that a call of a crashed process does not wait.
func TestCallAfterCrashEnds(t *testing.T) {
	t.Parallel()
	p := &process{gate: &gate{}}
	p.crash()
	if p.gate.add(&call{process: p}) {
		t.Error("the call waits")
	}
}

// TestSecondReleaseDoesNothing checks that releasing a call again does not block. In a
// crash several goroutines may release the same call.
func TestSecondReleaseDoesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &process{gate: &gate{}}
		go p.enter(context.Background(), writing, "call")
		synctest.Wait()
		c := p.gate.waiting()[0]
		done := false
		go func() {
			for range 3 {
				p.gate.release(c, proceed)
			}
			done = true
		}()
		synctest.Wait()
		if !done {
			t.Error("release blocks")
			<-c.outcome
		}
	})
}
