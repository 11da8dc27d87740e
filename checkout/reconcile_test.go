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
)

// payment and refundRow are rows of the statement as it should be.
func payment(a checkout.Attempt, at time.Time) checkout.Trade {
	return checkout.Trade{OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, Amount: a.Amount, Currency: a.Currency, At: at}
}

func refundRow(a checkout.Attempt, r checkout.Refund, at time.Time) checkout.Trade {
	return checkout.Trade{
		Refund: true, OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, OutRefundNo: r.OutRefundNo, GatewayRefundID: "R" + r.OutRefundNo,
		Amount: r.Amount, Currency: r.Currency, At: at,
	}
}

// paidAttempt is an attempt that was paid and confirmed now.
func (f *fixture) paidAttempt() checkout.Attempt {
	f.t.Helper()
	a := f.pending()
	f.gateway.pay(a.OutTradeNo)
	a = f.confirm(a)
	if a.State != checkout.AttemptPaid {
		f.t.Fatalf("attempt is %s", a.State)
	}
	return a
}

// refundOf gives 1000 back.
func (f *fixture) refundOf(a checkout.Attempt, reference string) checkout.Refund {
	f.t.Helper()
	r, err := f.Refund(f.t.Context(), a.SessionID, checkout.NewRefund{Amount: 1000, ClientReferenceID: reference})
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// reconcile reconciles the last hours, up to where what is too young begins.
func (f *fixture) reconcile() checkout.Reconciliation {
	f.t.Helper()
	r, err := f.Reconcile(f.t.Context(), shop, time.Now().Add(-6*time.Hour), time.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func kinds(r checkout.Reconciliation) []string {
	all := []string{}
	for _, d := range r.Found {
		all = append(all, string(d.Kind))
	}
	slices.Sort(all)
	return all
}

// later lets what happened grow old enough to be reconciled.
func later() { time.Sleep(11 * time.Minute) }

func TestReconcileWithoutDifferences(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paidAttempt()
		r := f.refundOf(a, "1")
		f.gateway.addToStatement(payment(a, time.Now()), refundRow(a, r, time.Now()))
		numberless := refundRow(a, f.refundOf(a, "2"), time.Now())
		numberless.OutRefundNo = "" // the gateway's own number tells
		f.gateway.addToStatement(numberless)
		f.pending() // nobody pays it
		later()
		got := f.reconcile()
		if !got.Complete() || got.Payments != 1 || got.Refunds != 2 || got.Elsewhere != 0 || got.Differences != 0 {
			t.Errorf("report %+v", got)
		}
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded, checkout.EventRefundSucceeded)
		kept, err := f.store.Reconciliation(t.Context(), got.ID)
		wantError(t, err, nil)
		same(t, "kept", kept.FinishedAt, got.FinishedAt)
		same(t, "alarms", len(f.alerts.alarms()), 0)
	})
}

// TestReconcileEachKind has one case for each kind of difference: what the
// books and the statement have, and what comes of it.
func TestReconcileEachKind(t *testing.T) {
	for name, c := range map[checkout.DifferenceKind]func(*testing.T, *fixture) (healed int){
		checkout.DifferencePaidThere: func(t *testing.T, f *fixture) int {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.gateway.addToStatement(payment(a, time.Now()))
			return 1
		},
		checkout.DifferencePaidHere: func(t *testing.T, f *fixture) int { f.paidAttempt(); return 0 },
		checkout.DifferencePayment: func(t *testing.T, f *fixture) int {
			row := payment(f.paidAttempt(), time.Now())
			row.Amount++
			f.gateway.addToStatement(row)
			return 0
		},
		checkout.DifferencePaidTwice: func(t *testing.T, f *fixture) int {
			row := payment(f.paidAttempt(), time.Now())
			again := row
			again.TradeID = "another"
			f.gateway.addToStatement(row, again, row)
			return 0
		},
		checkout.DifferenceRefundThere: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			f.gateway.addToStatement(payment(a, time.Now()), refundRow(a, checkout.Refund{OutRefundNo: "byhand", Amount: 5, Currency: hkd}, time.Now()))
			return 1
		},
		checkout.DifferenceRefundHere: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			f.refundOf(a, "1")
			f.gateway.addToStatement(payment(a, time.Now()))
			return 0
		},
		checkout.DifferenceRefund: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			row := refundRow(a, f.refundOf(a, "1"), time.Now())
			row.Currency = "USD"
			f.gateway.addToStatement(payment(a, time.Now()), row)
			return 0
		},
		checkout.DifferenceRefundPending: func(t *testing.T, f *fixture) int {
			a := f.paidAttempt()
			f.gateway.afterRefund = firstTry(noAnswer)
			f.gateway.addToStatement(payment(a, time.Now()), refundRow(a, f.refundOf(a, "1"), time.Now()))
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
				healed := c(t, f)
				later()
				got := f.reconcile()
				same(t, "found", kinds(got), []string{string(name)})
				same(t, "counted, told and healed", []int{got.Differences, got.Told, got.Healed}, []int{1, 1, healed})
				event := f.differences()[0]
				same(t, "event's kind", event.Difference.Kind, name)
				same(t, "event's merchant", event.Merchant, shop)
				unknown := strings.HasSuffix(string(name), "unknown_order")
				same(t, "event without session", event.SessionID == "" && event.Session.ID == "", unknown)
				if healed == 0 {
					again := f.reconcile()
					same(t, "again: counted and told", []int{again.Differences, again.Told}, []int{1, 0})
				} else {
					same(t, "again", f.reconcile().Differences, 0)
				}
				same(t, "events", len(f.differences()), 1)
			})
		})
	}
}

// differences are the events of differences.
func (f *fixture) differences() []checkout.Event {
	return slices.DeleteFunc(slices.Clone(f.memory.events), func(e checkout.Event) bool { return e.Type != checkout.EventDifference })
}

func TestReconcileFailedRefundThatIsListed(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paidAttempt()
		f.gateway.beforeRefund = func(sentRefund) error { return &checkout.RefusedError{Word: "508", Settled: true} }
		r := f.refundOf(a, "1")
		f.gateway.addToStatement(payment(a, time.Now()), refundRow(a, r, time.Now()))
		later()
		got := f.reconcile()
		same(t, "found", kinds(got), []string{string(checkout.DifferenceRefundThere)})
		same(t, "here", got.Found[0].Here.Status, string(checkout.RefundFailed))
		same(t, "healed", got.Healed, 1)
		r = f.readRefund(r)
		same(t, "state", r.State, checkout.RefundSucceeded)
		same(t, "told to have failed before", r.Public().ReportedFailed, true)
		same(t, "refunded", f.readSession(a.SessionID).AmountRefunded, int64(1000))
		same(t, "alarms", f.alerts.alarms(), []string{"a refund was made that the books said had failed"})
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundFailed, checkout.EventDifference, checkout.EventRefundSucceeded)
		same(t, "found again", kinds(f.reconcile()), []string{})
	})
}

// TestReconcileRowsAloneSettleNothing: a row alone makes nothing paid.
func TestReconcileRowsAloneSettleNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending() // query says that it is not paid
		f.gateway.addToStatement(payment(a, time.Now()))
		later()
		got := f.reconcile()
		same(t, "healed", got.Healed, 0)
		f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventDifference)
	})
}

// TestReconcileEdgesOfTheWindow: what was paid on one side of midnight and
// confirmed on the other is no difference in either window.
func TestReconcileEdgesOfTheWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		begun := time.Now()
		late := f.pending()
		f.gateway.pay(late.OutTradeNo)
		paid := time.Now()
		time.Sleep(20 * time.Hour) // nobody asked: the program was down
		midnight := time.Now().Add(-time.Second)
		confirmedAt := f.confirm(late).PaidAt
		f.gateway.addToStatement(payment(late, paid))
		ahead := f.paidAttempt() // the gateway's clock is behind
		f.gateway.addToStatement(payment(ahead, midnight.Add(-2*time.Second)))
		behind := f.paidAttempt() // the gateway's clock is ahead
		f.gateway.addToStatement(payment(behind, time.Now().Add(3*time.Minute)))
		time.Sleep(2 * time.Hour)
		if !confirmedAt.After(midnight) {
			t.Fatal("it was confirmed before midnight")
		}
		edge := behind.PaidAt.Add(time.Minute)
		for _, w := range [][2]time.Time{{begun, midnight}, {midnight, edge}, {edge, time.Now()}} {
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
		same(t, "window's end", got.To.Equal(time.Now().Add(-10*time.Minute-50*time.Millisecond)), true)
		later()
		same(t, "found later", len(kinds(f.reconcile())), 2)
	})
}

func TestReconcileOfASharedAccount(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		c := f.config()
		c.Merchants = map[string]checkout.Merchant{shop: {ID: shop, SharedAccount: true}, "sister": {ID: "sister"}}
		f.configure(c)
		sister, err := f.Create(t.Context(), checkout.NewSession{Merchant: "sister", Amount: 5, Currency: hkd, Subject: "S", SuccessURL: success})
		wantError(t, err, nil)
		a := f.start(sister, flow.WalletAlipayCN)
		f.gateway.addToStatement(
			checkout.Trade{OutTradeNo: "till-7", Amount: 5, Currency: hkd, At: time.Now()},
			checkout.Trade{Refund: true, OutTradeNo: "till-7", GatewayRefundID: "g", Amount: 5, Currency: hkd, At: time.Now()},
			payment(a, time.Now()), // a sister's, that is not paid here: her reconciliation finds it
		)
		later()
		got := f.reconcile()
		same(t, "differences and others'", []int{got.Differences, got.Elsewhere}, []int{0, 3})
	})
}

func TestReconcileManyInBatches(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		known := f.paidAttempt()
		for i := range 1203 {
			f.gateway.addToStatement(checkout.Trade{OutTradeNo: "till-" + strconv.Itoa(i), Amount: 5, Currency: hkd, At: time.Now()})
		}
		f.gateway.addToStatement(payment(known, time.Now()))
		// As many of ours as need several pages, that the statement lacks.
		for i := range 1100 {
			a := known
			a.ID, a.OutTradeNo, a.PaidAt = "at_"+strconv.Itoa(i), "n"+strconv.Itoa(i), known.PaidAt.Add(time.Duration(i/300)*time.Millisecond)
			f.memory.attempts[a.ID] = memoryAttempt{Attempt: a}
		}
		later()
		got := f.reconcile()
		same(t, "counted and told", []int{got.Differences, got.Told, got.Elsewhere, got.Payments}, []int{2303, 2303, 1203, 1})
		same(t, "listed", len(got.Found), 1000)
	})
}

func TestReconcileThatFails(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the gateway": func(t *testing.T, f *fixture) {
			f.paidAttempt() // not listed, and nobody may say so
			f.gateway.script(func() { f.gateway.statementError = errTimeout })
			later()
			got, err := f.Reconcile(t.Context(), shop, time.Now().Add(-time.Hour), time.Now())
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "complete", got.Complete(), false)
			same(t, "differences", got.Differences, 0)
			same(t, "alarms", len(f.alerts.alarms()), 0)
			kept, err := f.store.Reconciliation(t.Context(), got.ID)
			wantError(t, err, nil)
			same(t, "kept", kept.Error, got.Error)
		},
		"the gateway, for a day": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.statementError = errTimeout })
			from := time.Now()
			time.Sleep(26 * time.Hour)
			_, err := f.Reconcile(t.Context(), shop, from, from.Add(time.Hour))
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "alarms", f.alerts.alarms(), []string{"a reconciliation failed"})
		},
		"the store": func(t *testing.T, f *fixture) {
			broken := errors.New("the disk is full")
			f.gateway.addToStatement(payment(f.paidAttempt(), time.Now()))
			f.paidAttempt()
			later()
			for _, method := range []string{"SaveReconciliation", "AttemptsByNumber", "PaidAttempts", "SucceededRefunds", "AddDifference"} {
				f.memory.broken = func(called string) error {
					if called == method {
						return broken
					}
					return nil
				}
				_, err := f.Reconcile(t.Context(), shop, time.Now().Add(-time.Hour), time.Now())
				wantError(t, err, broken)
			}
		},
		"windows and merchants": func(t *testing.T, f *fixture) {
			now := time.Now()
			for field, call := range map[string]func() error{
				"merchant": func() error { _, err := f.Reconcile(t.Context(), "nobody", now.Add(-2*time.Hour), now); return err },
				"from":     func() error { _, err := f.Reconcile(t.Context(), shop, now.Add(-9*time.Minute), now); return err },
				"to":       func() error { _, err := f.Reconcile(t.Context(), shop, now.Add(-26*time.Hour), now); return err },
			} {
				var wrong *checkout.FieldError
				if err := call(); !errors.As(err, &wrong) || wrong.Field != field {
					t.Errorf("error %v, want one of %s", err, field)
				}
			}
			reports, err := f.store.Reconciliations(t.Context(), "", 9)
			wantError(t, err, nil)
			same(t, "reports", len(reports), 0)
		},
	})
}
