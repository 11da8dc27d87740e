package modeltest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

// TestACrashEndsEveryGoroutine has a process with many calls under way end: each
// goroutine that ends tells the others, and none of them may wait for ever.
func TestACrashEndsEveryGoroutine(t *testing.T) {
	t.Parallel()
	for _, verdict := range []verdict{dieBefore, dieAfter} {
		t.Run(verdict.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &life{gate: &gate{}}
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						name := fmt.Sprint("call ", i)
						l.passed(context.Background(), l.pass(context.Background(), writing, name), name)
					})
				}
				synctest.Wait()
				first := l.gate.waiting()[0]
				l.gate.release(first, verdict)
				synctest.Wait()
				wg.Wait()
				if left := len(l.gate.waiting()); left > 0 || !l.ended() {
					t.Errorf("%d calls wait in a process that has ended: %t", left, l.ended())
				}
			})
		})
	}
}

// TestACallOfAProcessThatHasEndedEnds: it must not wait at a gate that nobody
// opens any more.
func TestACallOfAProcessThatHasEndedEnds(t *testing.T) {
	t.Parallel()
	l := &life{gate: &gate{}}
	l.crash()
	if l.gate.park(&call{life: l}) {
		t.Error("it waits")
	}
}

// TestACallThatIsReleasedAgainStaysReleased: each goroutine that ends with its
// process releases the calls that it still sees waiting. None of them may block.
func TestACallThatIsReleasedAgainStaysReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &life{gate: &gate{}}
		go l.pass(context.Background(), writing, "call")
		synctest.Wait()
		c := l.gate.waiting()[0]
		done := false
		go func() {
			for range 3 {
				l.gate.release(c, proceed)
			}
			done = true
		}()
		synctest.Wait()
		if !done {
			t.Error("it blocks")
			<-c.verdict
		}
	})
}
