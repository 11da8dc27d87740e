package web_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
)

// These tests have a gateway whose answers cannot be used. The database must not
// change, the caller must get ErrOutcomeUnknown, and everything must end well once the
// gateway answers again. docs/hostile.md lists the cases.

// shortCallTimeout sets a call timeout that a test can wait for.
func shortCallTimeout(c *checkout.Config, _ *web.Config) { c.CallTimeout = 500 * time.Millisecond }

// corruptions are the unusable answers of the gateway, each as a fault of the sandbox or
// as a body.
var corruptions = map[string]struct {
	fault sandbox.Fault
	body  string
}{
	"unsigned":                 {fault: sandbox.Fault{Kind: sandbox.FaultUnsigned}},
	"signed by another":        {fault: sandbox.Fault{Kind: sandbox.FaultForged}},
	"signed for another order": {fault: sandbox.Fault{Kind: sandbox.FaultOtherOrder}},
	"HTML with status 200":     {fault: sandbox.Fault{Kind: sandbox.FaultHTML}},
	"truncated":                {fault: sandbox.Fault{Kind: sandbox.FaultCut}},
	"status 500":               {fault: sandbox.Fault{Kind: sandbox.FaultStatus}},
	"lost":                     {fault: sandbox.Fault{Kind: sandbox.FaultHangUp, When: sandbox.After}},
	"30 s late":                {fault: sandbox.Fault{Kind: sandbox.FaultLate, Delay: 30 * time.Second}},
	"not JSON":                 {body: "return_code=200&trade_status=SUCCESS"},
	"another kind of JSON":     {body: `["return_code", 200]`},
	"nothing":                  {body: " "},
}

// corrupt makes the answers of one endpoint unusable until repair is called.
func (f *fixture) corrupt(name, endpoint string) {
	f.Helper()
	if body := corruptions[name].body; body != "" {
		f.gateway.set(func(called string, w http.ResponseWriter, _ *http.Request) bool {
			if called == endpoint {
				_, _ = io.WriteString(w, body)
			}
			return called == endpoint
		})
		return
	}
	fault := corruptions[name].fault
	fault.Endpoint = endpoint
	if _, err := f.sandbox.AddFault(fault); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) repair() {
	f.gateway.set(nil)
	f.sandbox.ClearFaults()
}

// checkUnchanged compares the records of a session with earlier ones. The number and the
// times of the queries may differ.
func (f *fixture) checkUnchanged(id string, before records) {
	f.Helper()
	after := f.readRecords(id)
	before.Queries = after.Queries
	queries := cmpopts.IgnoreFields(checkout.Attempt{}, "NextQueryAt", "QueriedAt", "Queries")
	if diff := cmp.Diff(before, after, queries); diff != "" {
		f.Errorf("the records changed (-before +after):\n%s", diff)
	}
}

// unknown reports an error that is not ErrOutcomeUnknown.
func unknown(t testing.TB, err error) {
	t.Helper()
	if !errors.Is(err, checkout.ErrOutcomeUnknown) {
		t.Errorf("the error is %v, want ErrOutcomeUnknown", err)
	}
}

// eachCorruption runs a test for each corruption of an endpoint, with a pending order of
// 1250.
func eachCorruption(t *testing.T, do func(f *fixture, id string, a checkout.Attempt, corrupt func())) {
	t.Helper()
	t.Parallel()
	endpoint := map[string]string{
		"TestHostileGatewayQuery": "query", "TestHostileGatewayClose": "close", "TestHostileGatewayRefund": "refund",
	}[t.Name()]
	for name := range corruptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixtureAs(t, shortCallTimeout)
			f.sandbox.Notifications(false)
			id, a := f.newPendingOrder()
			do(f, id, a, func() { f.corrupt(name, endpoint) })
		})
	}
}

// newPendingOrder creates a session with a WeChat code.
func (f *fixture) newPendingOrder() (string, checkout.Attempt) {
	f.Helper()
	id := f.session(`,"channels":["wechat"]`)
	f.post("/c/"+id, "/attempts", map[string][]string{"wallet": {"wechat"}})
	return id, f.attempts(id)[0]
}

func (f *fixture) pay(a checkout.Attempt) {
	f.Helper()
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		f.Fatal(err)
	}
}

// sweep advances the clock and runs the sweep.
func (f *fixture) sweep(later time.Duration) {
	f.Helper()
	f.clock.advance(later)
	if err := f.service.Sweep(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func TestHostileGatewayQuery(t *testing.T) {
	eachCorruption(t, func(f *fixture, id string, a checkout.Attempt, corrupt func()) {
		f.pay(a)
		before := f.readRecords(id)
		corrupt()
		_, err := f.service.Confirm(f.Context(), a.ID, checkout.CauseSchedule)
		unknown(f, err)
		f.checkUnchanged(id, before)
		f.checkEvents(id)
		f.repair()
		f.sweep(time.Minute)
		f.checkState(id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
		f.checkEvents(id, checkout.EventPaid)
	})
}

func TestHostileGatewayClose(t *testing.T) {
	eachCorruption(t, func(f *fixture, id string, _ checkout.Attempt, corrupt func()) {
		before := f.readRecords(id)
		corrupt()
		_, err := f.service.Cancel(f.Context(), id)
		unknown(f, err)
		f.checkUnchanged(id, before)
		f.checkEvents(id)
		f.repair()
		if _, err := f.service.Cancel(f.Context(), id); err != nil {
			f.Error(err)
		}
		f.checkState(id, checkout.AttemptClosed, checkout.StatusCanceled, checkout.PaymentUnpaid)
		f.checkEvents(id, checkout.EventCanceled)
	})
}

func TestHostileGatewayRefund(t *testing.T) {
	eachCorruption(t, func(f *fixture, id string, a checkout.Attempt, corrupt func()) {
		f.pay(a)
		f.sweep(time.Minute)
		before := f.readRecords(id)
		corrupt()
		got := f.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/refunds", `{"amount":500,"client_reference_id":"r"}`)
		if got.status != http.StatusCreated || !strings.Contains(got.body, `"status":"pending"`) {
			f.Errorf("%d %s, want the refund pending", got.status, got.body)
		}
		after := f.readRecords(id)
		if after.Session.PaymentStatus != checkout.PaymentPaid || after.Session.AmountRefunded != 0 || after.Attempts[0].State != before.Attempts[0].State {
			f.Errorf("the records are %+v, want them unchanged", after)
		}
		f.checkEvents(id, checkout.EventPaid)
		f.repair()
		f.sweep(time.Minute)
		f.checkState(id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPartiallyRefunded)
		f.checkEvents(id, checkout.EventPaid, checkout.EventRefundSucceeded)
		if order := must(f.sandbox.Order(a.OutTradeNo)); len(order.Refunds) != 1 || order.Refunded() != 500 {
			f.Errorf("the refunds at the gateway are %+v, want one of 500", order.Refunds)
		}
	})
}

func TestHostileGatewayCreate(t *testing.T) {
	t.Parallel()
	for name := range corruptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixtureAs(t, shortCallTimeout)
			f.sandbox.Notifications(false)
			id := f.session(`,"channels":["wechat"]`)
			f.corrupt(name, "create-qrcode")
			to := f.post("/c/"+id, "/attempts", map[string][]string{"wallet": {"wechat"}}).header.Get("Location")
			if !strings.HasSuffix(to, "?notice=gateway_down") {
				t.Errorf("the shopper is redirected to %s, want the notice gateway_down", to)
			}
			f.checkState(id, checkout.AttemptCreating, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkEvents(id)
			f.repair()
			f.post("/c/"+id, "/attempts", map[string][]string{"wallet": {"wechat"}})
			f.checkOnePayable(id)
		})
	}
}

// checkOnePayable checks that exactly one order of a session can be paid at the gateway,
// and that the page shows this order.
func (f *fixture) checkOnePayable(id string) {
	f.Helper()
	var payable, shown []string
	for _, o := range f.sandbox.Orders() {
		if o.Status == "NOT_PAY" {
			payable = append(payable, o.OutTradeNo)
		}
	}
	for _, a := range f.attempts(id) {
		if a.State == checkout.AttemptPending {
			shown = append(shown, a.OutTradeNo)
		}
	}
	if len(payable) != 1 || !slices.Equal(payable, shown) {
		f.Errorf("the gateway has the payable orders %v, the page shows %v, want one and the same", payable, shown)
	}
}

// recordCalls records the gateway's calls, and returns a function that returns them.
func (f *fixture) recordCalls() func() []string {
	var mu sync.Mutex
	var calls []string
	f.gateway.set(func(endpoint string, _ http.ResponseWriter, r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		message, bad := wantu.Decode(body)
		if err != nil || bad != nil {
			f.Errorf("the body of the call to %s is %q", endpoint, body)
		}
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, endpoint+" "+message.Text("out_trade_no"))
		return false
	})
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(calls)
	}
}

// TestHostileGatewayTakesTheOrderAndTimesOut checks that an order whose answer is late is
// queried by its own number, and that there are never two payable orders.
func TestHostileGatewayTakesTheOrderAndTimesOut(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(f *fixture, id string, first checkout.Attempt, calls func() []string){
		"and it is paid": func(f *fixture, id string, first checkout.Attempt, calls func() []string) {
			f.pay(first)
			f.sweep(10 * time.Second)
			f.checkState(id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
			f.checkEvents(id, checkout.EventPaid)
			f.checkCalls(calls, "query "+first.OutTradeNo)
		},
		"and nobody clicks": func(f *fixture, id string, first checkout.Attempt, calls func() []string) {
			f.sweep(10 * time.Second)
			f.checkState(id, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkCalls(calls, "query "+first.OutTradeNo, "close "+first.OutTradeNo)
		},
		"and it is paid before the next click": func(f *fixture, id string, first checkout.Attempt, calls func() []string) {
			f.pay(first)
			f.post("/c/"+id, "/attempts", map[string][]string{"wallet": {"wechat"}})
			f.checkState(id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
			f.checkCalls(calls, "query "+first.OutTradeNo)
		},
		"and the shopper clicks again": func(f *fixture, id string, first checkout.Attempt, calls func() []string) {
			f.post("/c/"+id, "/attempts", map[string][]string{"wallet": {"wechat"}})
			f.checkOnePayable(id)
			second := f.attempts(id)[1]
			f.checkCalls(calls, "query "+first.OutTradeNo, "close "+first.OutTradeNo, "create-qrcode "+second.OutTradeNo)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixtureAs(t, shortCallTimeout)
			f.sandbox.Notifications(false)
			id := f.session(`,"channels":["wechat"]`)
			f.corrupt("30 s late", "create-qrcode")
			f.post("/c/"+id, "/attempts", map[string][]string{"wallet": {"wechat"}})
			first := f.attempts(id)[0]
			if orders := f.sandbox.Orders(); len(orders) != 1 || orders[0].OutTradeNo != first.OutTradeNo {
				t.Fatalf("the gateway has the orders %+v, want the first attempt's", orders)
			}
			f.repair()
			then(f, id, first, f.recordCalls())
		})
	}
}

// checkCalls checks the gateway's calls since the order was placed.
func (f *fixture) checkCalls(calls func() []string, want ...string) {
	f.Helper()
	if got := calls(); !slices.Equal(got, want) {
		f.Errorf("the gateway's calls are %v, want %v", got, want)
	}
}

// TestHostileGatewayNumberLiterals checks that an amount is read exactly or refused. As a
// float, 1e2 would be 100, and 0.10 could become 0.
func TestHostileGatewayNumberLiterals(t *testing.T) {
	t.Parallel()
	for literal, c := range map[string]struct {
		state checkout.AttemptState
		told  []checkout.EventType
	}{
		"1250":             {checkout.AttemptPaid, []checkout.EventType{checkout.EventPaid}},
		`"1250"`:           {checkout.AttemptPaid, []checkout.EventType{checkout.EventPaid}},
		"99999999999":      {checkout.AttemptPending, []checkout.EventType{checkout.EventAmountMismatch}},
		"9007199254740993": {checkout.AttemptPending, nil},
		"0.10":             {checkout.AttemptPending, nil},
		"12.50":            {checkout.AttemptPending, nil},
		"1250.0":           {checkout.AttemptPending, nil},
		"1250.4":           {checkout.AttemptPending, nil},
		"1e2":              {checkout.AttemptPending, nil},
		"1.25e3":           {checkout.AttemptPending, nil},
		`"1.25e3"`:         {checkout.AttemptPending, nil},
		`"0x4e2"`:          {checkout.AttemptPending, nil},
		`"+1250"`:          {checkout.AttemptPending, nil},
		`" 1250"`:          {checkout.AttemptPending, nil},
		"-1250":            {checkout.AttemptPending, nil},
		"true":             {checkout.AttemptPending, nil},
	} {
		t.Run(literal, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			n.pay(n.attempt)
			n.answering("total_fee", literal)
			_, err := n.service.Confirm(t.Context(), n.attempt.ID, checkout.CauseSchedule)
			if c.told == nil {
				unknown(t, err)
			} else if err != nil {
				t.Error(err)
			}
			if a := n.attempts(n.id)[0]; a.State != c.state {
				t.Errorf("the attempt is %s, want %s", a.State, c.state)
			}
			n.checkEvents(n.id, c.told...)
			if c.state != checkout.AttemptPaid {
				got := n.deliver(n.resigned([]byte(n.signed(nil)), "total_fee", literal))
				if got.status != http.StatusBadRequest {
					t.Errorf("a notification with this amount: %d %s, want 400", got.status, got.body)
				}
			}
		})
	}
}

// answering makes the gateway's query answer with a JSON literal in one field.
func (n *notified) answering(field, literal string) {
	n.gateway.set(func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
		if endpoint != "query" {
			return false
		}
		answer := httptest.NewRecorder()
		n.sandbox.ServeHTTP(answer, r)
		_, _ = io.WriteString(w, n.resigned(answer.Body.Bytes(), field, literal))
		return true
	})
}

// resigned returns a message with a JSON literal in one field, and with a new signature.
func (n *notified) resigned(body []byte, field, literal string) string {
	n.Helper()
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil {
		n.Error(err)
	}
	delete(object, "sign")
	object[field] = json.RawMessage(literal)
	return string(must(wantu.Encode(object, sandbox.DefaultKey)))
}

// TestHostileGatewayReportsAnotherOrder checks that the attempt is quarantined, with an
// alarm, if query reports a payment of another order or amount.
func TestHostileGatewayReportsAnotherOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ field, literal string }{
		"amount a cent low":         {"total_fee", "1249"},
		"amount a cent high":        {"total_fee", "1251"},
		"other currency":            {"fee_type", `"CNY"`},
		"trade_id of another order": {"trade_id", `"100020171129124053091020"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			n.pay(n.attempt)
			n.answering(c.field, c.literal)
			if got := n.deliver(n.signed(nil)); got.status != http.StatusOK {
				t.Errorf("%d %s", got.status, got.body)
			}
			n.drain()
			n.gateway.set(nil)
			n.sweep(time.Minute)
			got := n.readRecords(n.id)
			if !got.Attempts[0].Quarantined || !got.Session.AmountMismatch {
				t.Errorf("the attempt is not quarantined: %+v", got)
			}
			n.checkState(n.id, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			n.checkEvents(n.id, checkout.EventAmountMismatch)
			if !strings.Contains(n.log.String(), "quarantined: another") || !strings.Contains(n.log.String(), "alarm=true") {
				t.Errorf("the log has no alarm: %s", n.log)
			}
		})
	}
}
