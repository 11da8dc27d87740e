package sandbox_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// diagram returns the possible changes from the comment of sandbox.Status.
func diagram(t *testing.T) map[sandbox.Status][]sandbox.Status {
	t.Helper()
	source, err := os.ReadFile("order.go")
	if err != nil {
		t.Fatal(err)
	}
	moves := map[sandbox.Status][]sandbox.Status{}
	for _, row := range regexp.MustCompile(`(?m)^//\t(\w+) +──▶ (.*)$`).FindAllStringSubmatch(string(source), -1) {
		for to := range strings.SplitSeq(row[2], " | ") {
			moves[sandbox.Status(row[1])] = append(moves[sandbox.Status(row[1])], sandbox.Status(to))
		}
	}
	return moves
}

// statusChanges returns for each status a function that tries to give it to order "n1".
func statusChanges(t *testing.T) map[sandbox.Status]func(*sandbox.Sandbox, *sandbox.Clock) {
	t.Helper()
	return map[sandbox.Status]func(*sandbox.Sandbox, *sandbox.Clock){
		sandbox.StatusNotPay:   func(*sandbox.Sandbox, *sandbox.Clock) {},
		sandbox.StatusSuccess:  func(s *sandbox.Sandbox, _ *sandbox.Clock) { _, _ = s.Pay("n1") },
		sandbox.StatusPayError: func(s *sandbox.Sandbox, _ *sandbox.Clock) { _, _ = s.Fail("n1") },
		sandbox.StatusClosed:   func(s *sandbox.Sandbox, _ *sandbox.Clock) { callEndpoint(t, s, "close", nil) },
		sandbox.StatusCanceled: func(s *sandbox.Sandbox, _ *sandbox.Clock) { callEndpoint(t, s, "cancel", nil) },
		sandbox.StatusExpired:  func(_ *sandbox.Sandbox, c *sandbox.Clock) { c.Advance(2 * time.Hour) },
	}
}

func TestStatusChangesFollowTheDiagram(t *testing.T) {
	t.Parallel()
	moves := diagram(t)
	if len(moves) != 5 {
		t.Fatalf("the diagram has %d rows: %v", len(moves), moves)
	}
	for from, begin := range statusChanges(t) {
		for to, end := range statusChanges(t) {
			s, d := startWithClock(t, sandbox.Config{NotifySchedule: []time.Duration{}}, ackBody)
			openOrders(t, s, "n1")
			begin(s, d.clock)
			if got := order(t, s).Status; got != from {
				t.Fatalf("the order is %s, want %s", got, from)
			}
			want := from
			if slices.Contains(moves[from], to) {
				want = to
			}
			if end(s, d.clock); order(t, s).Status != want {
				t.Errorf("%s, after a change to %s: %s, want %s", from, to, order(t, s).Status, want)
			}
		}
	}
}

func TestClosingAnExpiredOrderSucceeds(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1")
	d.clock.Advance(2 * time.Hour)
	contains(t, callEndpoint(t, s, "close", nil), `"return_code":200`)
}
