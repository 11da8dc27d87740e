package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// unanswered returns a refund whose only call had no answer. isMade says whether
// the gateway made it.
func (l *ledger) unanswered(isMade bool) checkout.Refund {
	l.Helper()
	when := sandbox.Before
	if isMade {
		when = sandbox.After
	}
	_, err := l.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "refund", When: when, Times: 1})
	l.must(err)
	r := l.refund(l.paid())
	if r.State != checkout.RefundPending {
		l.Fatalf("the refund is %s", r.State)
	}
	l.tamper("UPDATE refunds SET created_at = $1, tried_at = $1 WHERE id = $2", l.at.UnixMilli(), r.ID) // as the gateway's clock has it
	return r
}

// settle runs the verb, and returns the stored refund.
func (l *ledger) settle(r checkout.Refund, args ...string) (code int, out, said string, now checkout.Refund) {
	l.Helper()
	var stdout, stderr bytes.Buffer
	code = run(l.Context(), slices.Concat([]string{"settle-refund", r.ID}, l.flags, args), gatewaycli.Streams{Out: &stdout, Err: &stderr})
	now, err := l.domain.Store.Refund(l.Context(), r.ID)
	l.must(err)
	return code, stdout.String(), stderr.String(), now
}

func TestSettleRefund(t *testing.T) {
	t.Parallel()
	for name, postgres := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t, postgres)
			made, not, byHand := l.unanswered(true), l.unanswered(false), l.unanswered(true)

			code, out, said, now := l.settle(made)
			if code != gatewaycli.ExitDone || out != made.ID+" succeeded, HKD 10.00\n" || now.GatewayID == "" {
				t.Errorf("one that is listed: exit %d, %q, %+v %s", code, out, now, said)
			}
			if code, _, said, _ = l.settle(made); code != gatewaycli.ExitNo || !strings.Contains(said, "the refund is succeeded") {
				t.Errorf("once more: exit %d, %s", code, said)
			}

			code, out, said, now = l.settle(not, "--json")
			if code != gatewaycli.ExitDone || !strings.Contains(out, `"status":"failed"`) || now.Failure != "not in the gateway's statement" {
				t.Errorf("one that is not listed: exit %d, %s, %+v %s", code, out, now, said)
			}

			code, _, said, now = l.settle(byHand, "--as", "failed", "--why", "paid in cash")
			if code != gatewaycli.ExitDone || now.State != checkout.RefundFailed || now.Failure != "paid in cash" {
				t.Errorf("by hand: exit %d, %+v %s", code, now, said)
			}
			if code, _, said, now = l.settle(byHand); code != gatewaycli.ExitDone || now.State != checkout.RefundSucceeded {
				t.Errorf("one that failed by hand, and is listed: exit %d, %+v %s", code, now, said)
			}
		})
	}
}

func TestSettleRefundThatCannotBe(t *testing.T) {
	t.Parallel()
	l := newLedger(t, false)
	r := l.unanswered(false)
	l.tamper("UPDATE refunds SET tried_at = $1 WHERE id = $2", r.TriedAt.UnixMilli(), r.ID)
	unknown := []string{"settle-refund", "re_aaaaaaaaaaaaaaaaaaaaaaaaaa"}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"just sent, and not listed": {nil, gatewaycli.ExitNo, "less than an hour ago"},
		"a result without a reason": {[]string{"--as", "failed"}, gatewaycli.ExitUsage, "--why"},
		"a reason of two lines":     {[]string{"--as", "failed", "--why", "a\nb"}, gatewaycli.ExitUsage, "why"},
		"a number of what failed":   {[]string{"--as", "failed", "--why", "a", "--refund-id", "1"}, gatewaycli.ExitUsage, "--refund-id"},
		"another result":            {[]string{"--as", "pending", "--why", "a"}, gatewaycli.ExitUsage, "--as"},
	} {
		if code, _, said, now := l.settle(r, c.args...); code != c.code || !strings.Contains(said, c.says) || now.State != checkout.RefundPending {
			t.Errorf("%s: exit %d, %s, %s", name, code, said, now.State)
		}
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), append(unknown, l.flags...), gatewaycli.Streams{Out: &bytes.Buffer{}, Err: &stderr}); code != gatewaycli.ExitUsage {
		t.Errorf("one that nobody knows: exit %d, %s", code, stderr.String())
	}
}
