// These tests are of checkout/reconcile. They need the fixture of this package.

package checkout_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/reconcile"
)

// paymentRow is the row of the statement for the payment of an attempt.
func paymentRow(a checkout.Attempt, at time.Time) checkout.Trade {
	return checkout.Trade{OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, Amount: a.Amount, Currency: a.Currency, At: at}
}

// refundRow is the row of the statement for a refund.
func refundRow(a checkout.Attempt, r checkout.Refund, at time.Time) checkout.Trade {
	return checkout.Trade{
		Refund: true, OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, OutRefundNo: r.OutRefundNo, GatewayRefundID: "R" + r.OutRefundNo,
		Amount: r.Amount, Currency: r.Currency, At: at,
	}
}

// paidAttempt returns an attempt that is paid and confirmed, and checks that it is.
func (f *fixture) paidAttempt() checkout.Attempt {
	f.t.Helper()
	a := f.pending()
	f.gateway.pay(a.OutTradeNo)
	a = f.confirm(a)
	if a.State != checkout.AttemptPaid {
		f.t.Fatalf("attempt is %s, want paid", a.State)
	}
	return a
}

// refundOf refunds 1000 of an attempt.
func (f *fixture) refundOf(a checkout.Attempt, reference string) checkout.Refund {
	f.t.Helper()
	r, err := f.Refund(f.t.Context(), a.SessionID, checkout.NewRefund{Amount: 1000, ClientReferenceID: reference})
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// reconcile reconciles the last 6 hours.
func (f *fixture) reconcile() checkout.Reconciliation {
	f.t.Helper()
	r, err := f.Reconcile(f.t.Context(), shop, time.Now().Add(-6*time.Hour), time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// kinds returns the kinds of the differences, sorted.
func kinds(r checkout.Reconciliation) []string {
	all := []string{}
	for _, d := range r.Found {
		all = append(all, string(d.Kind))
	}
	slices.Sort(all)
	return all
}

// sleepUntilReconcilable sleeps until the trades of now are old enough to be
// reconciled.
func sleepUntilReconcilable() { time.Sleep(11 * time.Minute) }

func TestReconcileWithoutDifferences(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paidAttempt()
		r := f.refundOf(a, "1")
		f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, r, time.Now()))
		withoutNumber := refundRow(a, f.refundOf(a, "2"), time.Now())
		withoutNumber.OutRefundNo = "" // it is found by the gateway's number
		f.gateway.addToStatement(withoutNumber)
		f.pending() // nobody pays it
		sleepUntilReconcilable()
		got := f.reconcile()
		if !got.Complete() || got.Payments != 1 || got.Refunds != 2 || got.Elsewhere != 0 || got.Differences != 0 {
			t.Errorf("report %+v, want a complete one of 1 payment and 2 refunds", got)
		}
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded, checkout.EventRefundSucceeded)
		kept, err := f.store.Reconciliation(t.Context(), got.ID)
		wantError(t, err, nil)
		same(t, "stored end", kept.FinishedAt, got.FinishedAt)
		same(t, "alarms", len(f.alerts.alarms()), 0)
	})
}

// TestReconcileEachKind makes each kind of difference. A case returns how many
// differences the checkout settles.
func TestReconcileEachKind(t *testing.T) {
	for name, c := range map[checkout.DifferenceKind]func(*testing.T, *fixture) (settled int){
		checkout.DifferencePaidThere: func(t *testing.T, f *fixture) int {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.gateway.addToStatement(paymentRow(a, time.Now()))
			return 1
		},
		checkout.DifferencePaidHere: func(t *testing.T, f *fixture) int { f.paidAttempt(); return 0 },
		checkout.DifferencePayment: func(t *testing.T, f *fixture) int {
			row := paymentRow(f.paidAttempt(), time.Now())
			row.Amount++
			f.gateway.addToStatement(row)
			return 0
		},
		checkout.DifferencePaidTwice: func(t *testing.T, f *fixture) int {
			row := paymentRow(f.paidAttempt(), time.Now())
			again := row
			again.TradeID = "another"
			f.gateway.addToStatement(row, again, row)
			return 0
		},
		checkout.DifferenceRefundThere: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, checkout.Refund{OutRefundNo: "byhand", Amount: 5, Currency: hkd}, time.Now()))
			return 1
		},
		checkout.DifferenceRefundHere: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			f.refundOf(a, "1")
			f.gateway.addToStatement(paymentRow(a, time.Now()))
			return 0
		},
		checkout.DifferenceRefund: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			row := refundRow(a, f.refundOf(a, "1"), time.Now())
			row.Currency = "USD"
			f.gateway.addToStatement(paymentRow(a, time.Now()), row)
			return 0
		},
		checkout.DifferenceRefundPending: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			f.gateway.afterRefund = firstTry(noAnswer)
			f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, f.refundOf(a, "1"), time.Now()))
			return 1
		},
		checkout.DifferenceUnknownPayment: func(t *testing.T, f *fixture) int {
			f.gateway.addToStatement(checkout.Trade{OutTradeNo: "till-7", Amount: 5, Currency: hkd, At: time.Now()})
			return 0
		},
		checkout.DifferenceUnknownRefund: func(t *testing.T, f *fixture) int {
			f.gateway.addToStatement(checkout.Trade{Refund: true, OutTradeNo: "till-7", GatewayRefundID: "g1", Amount: 5, Currency: hkd, At: time.Now()})
			return 0
		},
	} {
		t.Run(string(name), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				settled := c(t, f)
				sleepUntilReconcilable()
				got := f.reconcile()
				same(t, "found", kinds(got), []string{string(name)})
				same(t, "counted, told and settled", []int{got.Differences, got.Told, got.Healed}, []int{1, 1, settled})
				event := f.differences()[0]
				same(t, "event's kind", event.Difference.Kind, name)
				same(t, "event's merchant", event.Merchant, shop)
				unknown := strings.HasSuffix(string(name), "unknown_order")
				same(t, "the event is without a session", event.SessionID == "" && event.Session.ID == "", unknown)
				if settled == 0 {
					again := f.reconcile()
					same(t, "in a second reconciliation: counted and told", []int{again.Differences, again.Told}, []int{1, 0})
				} else {
					same(t, "differences of a second reconciliation", f.reconcile().Differences, 0)
				}
				same(t, "events", len(f.differences()), 1)
			})
		})
	}
}

// differences returns the events of differences.
func (f *fixture) differences() []checkout.Event {
	return slices.DeleteFunc(slices.Clone(f.memory.events), func(e checkout.Event) bool { return e.Type != checkout.EventDifference })
}

func TestReconcileFailedRefundThatIsListed(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paidAttempt()
		f.gateway.beforeRefund = func(sentRefund) error { return &checkout.RefusedError{Word: "508", Settled: true} }
		r := f.refundOf(a, "1")
		f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, r, time.Now()))
		sleepUntilReconcilable()
		got := f.reconcile()
		same(t, "found", kinds(got), []string{string(checkout.DifferenceRefundThere)})
		same(t, "status here", got.Found[0].Here.Status, string(checkout.RefundFailed))
		same(t, "settled", got.Healed, 1)
		r = f.readRefund(r)
		same(t, "state", r.State, checkout.RefundSucceeded)
		same(t, "reported as failed before", r.Public().ReportedFailed, true)
		same(t, "refunded", f.readSession(a.SessionID).AmountRefunded, int64(1000))
		same(t, "alarms", f.alerts.alarms(), []string{"a refund was made that the books said had failed"})
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundFailed, checkout.EventDifference, checkout.EventRefundSucceeded)
		same(t, "found again", kinds(f.reconcile()), []string{})
	})
}

// A row of the statement alone does not make an attempt paid.
func TestReconcileRowsAloneSettleNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending() // query says that it is not paid
		f.gateway.addToStatement(paymentRow(a, time.Now()))
		sleepUntilReconcilable()
		got := f.reconcile()
		same(t, "settled", got.Healed, 0)
		f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventDifference)
	})
}

// A payment before midnight that is confirmed after midnight is no difference in
// either day.
func TestReconcileEdgesOfTheWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		start := time.Now()
		late := f.pending()
		f.gateway.pay(late.OutTradeNo)
		paid := time.Now()
		time.Sleep(20 * time.Hour) // the program was down
		midnight := time.Now().Add(-time.Second)
		confirmedAt := f.confirm(late).PaidAt
		f.gateway.addToStatement(paymentRow(late, paid))
		ahead := f.paidAttempt() // the gateway's clock is behind
		f.gateway.addToStatement(paymentRow(ahead, midnight.Add(-2*time.Second)))
		behind := f.paidAttempt() // the gateway's clock is ahead
		f.gateway.addToStatement(paymentRow(behind, time.Now().Add(3*time.Minute)))
		time.Sleep(2 * time.Hour)
		if !confirmedAt.After(midnight) {
			t.Fatal("the payment was confirmed before midnight")
		}
		edge := behind.PaidAt.Add(time.Minute)
		for _, w := range [][2]time.Time{{start, midnight}, {midnight, edge}, {edge, time.Now()}} {
			got, err := f.Reconcile(t.Context(), shop, w[0], w[1])
			wantError(t, err, nil)
			same(t, "found", kinds(got), []string{})
		}
	})
}

func TestReconcileLeavesRecentTrades(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		f.paidAttempt()
		f.gateway.addToStatement(checkout.Trade{OutTradeNo: "till-7", Amount: 5, Currency: hkd, At: time.Now()})
		time.Sleep(5 * time.Minute)
		got := f.reconcile()
		same(t, "found", kinds(got), []string{})
		same(t, "the window ends 10 minutes ago", got.To.Equal(time.Now().Add(-10*time.Minute-50*time.Millisecond)), true)
		sleepUntilReconcilable()
		same(t, "found later", len(kinds(f.reconcile())), 2)
	})
}

func TestReconcileOfASharedAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		c := f.config()
		c.Merchants = map[string]checkout.Merchant{shop: {ID: shop, SharedAccount: true}, "other": {ID: "other"}}
		f.configure(c)
		other, err := f.Create(t.Context(), checkout.NewSession{Merchant: "other", Amount: 5, Currency: hkd, Subject: "S", SuccessURL: success})
		wantError(t, err, nil)
		a := f.start(other, flow.WalletAlipayCN)
		f.gateway.addToStatement(
			checkout.Trade{OutTradeNo: "till-7", Amount: 5, Currency: hkd, At: time.Now()},
			checkout.Trade{Refund: true, OutTradeNo: "till-7", GatewayRefundID: "g", Amount: 5, Currency: hkd, At: time.Now()},
			paymentRow(a, time.Now()), // an order of the other merchant, whose own reconciliation finds it
		)
		sleepUntilReconcilable()
		got := f.reconcile()
		same(t, "differences and trades of others", []int{got.Differences, got.Elsewhere}, []int{0, 3})
	})
}

func TestReconcileManyInBatches(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		known := f.paidAttempt()
		for i := range 1203 {
			f.gateway.addToStatement(checkout.Trade{OutTradeNo: "till-" + strconv.Itoa(i), Amount: 5, Currency: hkd, At: time.Now()})
		}
		f.gateway.addToStatement(paymentRow(known, time.Now()))
		// Paid attempts that the statement does not list. They need several pages.
		for i := range 1100 {
			a := known
			a.ID, a.OutTradeNo, a.PaidAt = "at_"+strconv.Itoa(i), "n"+strconv.Itoa(i), known.PaidAt.Add(time.Duration(i/300)*time.Millisecond)
			f.memory.attempts[a.ID] = memoryAttempt{Attempt: a}
		}
		sleepUntilReconcilable()
		got := f.reconcile()
		same(t, "counted, told, of others and payments", []int{got.Differences, got.Told, got.Elsewhere, got.Payments}, []int{2303, 2303, 1203, 1})
		same(t, "listed", len(got.Found), 1000)
	})
}

func TestReconcileThatFails(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the gateway fails": func(t *testing.T, f *fixture) {
			f.paidAttempt() // it is not listed, but the statement is not complete
			f.gateway.script(func() { f.gateway.statementError = errTimeout })
			sleepUntilReconcilable()
			got, err := f.Reconcile(t.Context(), shop, time.Now().Add(-time.Hour), time.Now())
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "complete", got.Complete(), false)
			same(t, "differences", got.Differences, 0)
			same(t, "alarms", len(f.alerts.alarms()), 0)
			kept, err := f.store.Reconciliation(t.Context(), got.ID)
			wantError(t, err, nil)
			same(t, "stored error", kept.Error, got.Error)
		},
		"the gateway fails for a day": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.statementError = errTimeout })
			from := time.Now()
			time.Sleep(26 * time.Hour)
			_, err := f.Reconcile(t.Context(), shop, from, from.Add(time.Hour))
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "alarms", f.alerts.alarms(), []string{"a reconciliation failed"})
		},
		"the store fails": func(t *testing.T, f *fixture) {
			broken := errors.New("the disk is full")
			f.gateway.addToStatement(paymentRow(f.paidAttempt(), time.Now()))
			f.paidAttempt()
			sleepUntilReconcilable()
			for _, method := range []string{"SaveReconciliation", "AttemptsByNumber", "PaidAttempts", "SucceededRefunds", "AddDifference"} {
				f.memory.broken = func(called string) error {
					if called == method {
						return broken
					}
					return nil
				}
				before := f.alerts.count()
				_, err := f.Reconcile(t.Context(), shop, time.Now().Add(-time.Hour), time.Now())
				wantError(t, err, broken)
				if f.alerts.count() == before {
					t.Errorf("no alert after %s fails", method)
				}
			}
		},
		"a window or a merchant is refused": func(t *testing.T, f *fixture) {
			now := time.Now()
			for field, call := range map[string]func() error{
				"merchant": func() error { _, err := f.Reconcile(t.Context(), "nobody", now.Add(-2*time.Hour), now); return err },
				"from":     func() error { _, err := f.Reconcile(t.Context(), shop, now.Add(-9*time.Minute), now); return err },
				"to":       func() error { _, err := f.Reconcile(t.Context(), shop, now.Add(-26*time.Hour), now); return err },
			} {
				var wrong *checkout.FieldError
				if err := call(); !errors.As(err, &wrong) || wrong.Field != field {
					t.Errorf("error %v, want a FieldError of %s", err, field)
				}
			}
			reports, err := f.store.Reconciliations(t.Context(), "", 9)
			wantError(t, err, nil)
			same(t, "reports", len(reports), 0)
		},
	})
}

func TestReconcilerNeedsItsConfig(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemory())
	c := f.config()
	complete := reconcile.Config{
		Records: c.Store, Gateway: c.Gateway, Checkout: f.Service, Random: c.Random, Merchants: c.Merchants, Alert: c.Alert,
	}
	for field, omit := range map[string]func(*reconcile.Config){
		"Records":   func(c *reconcile.Config) { c.Records = nil },
		"Gateway":   func(c *reconcile.Config) { c.Gateway = nil },
		"Checkout":  func(c *reconcile.Config) { c.Checkout = nil },
		"Random":    func(c *reconcile.Config) { c.Random = nil },
		"Alert":     func(c *reconcile.Config) { c.Alert = nil },
		"Merchants": func(c *reconcile.Config) { c.Merchants = nil },
	} {
		incomplete := complete
		omit(&incomplete)
		if _, err := reconcile.New(incomplete); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("without %s: error %v", field, err)
		}
	}
}
