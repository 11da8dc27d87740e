package wantu_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

func posPayRequest() wantu.PosPayRequest {
	return wantu.PosPayRequest{
		PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", OutTradeNo: "mall1", AuthCode: authCode,
		NotifyURL: "https://shop.example/n",
	}
}

// posGateway is a gateway that follows a script. For each endpoint the script has the
// answers to its calls, one word for each call. The last word repeats.
type posGateway struct {
	t      *testing.T
	script map[string]string
	calls  map[string]int
	log    []string
	start  time.Time
}

func (g *posGateway) answer(endpoint string, sent wantu.Message) (int, string, error) {
	if sent.Text("out_trade_no") != "mall1" {
		g.t.Errorf("%s is called for %q", endpoint, sent.Text("out_trade_no"))
	}
	words := strings.Fields(g.script[endpoint])
	if len(words) == 0 {
		g.t.Errorf("%s is called", endpoint)
		return 404, "", nil
	}
	word := words[min(g.calls[endpoint], len(words)-1)]
	g.calls[endpoint]++
	g.log = append(g.log, fmt.Sprintf("%v %s", time.Since(g.start), endpoint))
	return g.respond(word)
}

func (g *posGateway) respond(word string) (int, string, error) {
	order := map[string]any{
		"return_code": 200, "out_trade_no": "mall1", "trade_id": "1000", "total_fee": 100, "fee_type": "HKD",
		"trade_time": "2017-11-29 12:34:02", "store_account": "HKG0000000101", "device_sn": "till-1",
	}
	var code int
	switch word {
	case "ok":
	case "lost":
		return 0, "", errors.New("reset")
	case "unreached":
		return 0, "", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case "silent":
		return 0, "", errSilent
	default:
		word, cheap := strings.CutPrefix(word, "cheap:")
		word, foreign := strings.CutPrefix(word, "foreign:")
		if cheap {
			order["total_fee"] = 99
		}
		if foreign {
			order["fee_type"] = "CNY"
		}
		if _, err := fmt.Sscan(word, &code); err == nil {
			order = map[string]any{"return_code": code}
		} else {
			order["trade_status"] = word
		}
	}
	body, err := wantu.Encode(order, canary)
	return 200, string(body), err
}

type posPayCase struct {
	pospay, query, cancel string // the script
	wait                  wantu.PosPayWait
	callerCancels         time.Duration // when the caller cancels the context; 0 means never
	paid, unknown         bool
	want                  error         // must be found by errors.Is
	took                  time.Duration // how long the call must take
	calls                 string        // how often pospay, query and cancel must be called
}

func posPayCases() map[string]posPayCase {
	short := wantu.PosPayWait{Patience: 10 * time.Second, Interval: 4 * time.Second}
	second := time.Second
	return map[string]posPayCase{
		"paid at once":              {pospay: "ok", paid: true, calls: "1 0 0"},
		"refused at once":           {pospay: "507", want: wantu.ErrAuthCodeExpired, calls: "1 0 0"},
		"paid after a password":     {pospay: "506", query: "NOT_PAY SUCCESS", paid: true, took: 6 * second, calls: "1 2 0"},
		"answer lost, paid":         {pospay: "lost", query: "SUCCESS", paid: true, took: 3 * second, calls: "1 1 0"},
		"504, paid":                 {pospay: "504", query: "SUCCESS", paid: true, took: 3 * second, calls: "1 1 0"},
		"504, not paid":             {pospay: "504", query: "NOT_PAY", cancel: "504 ok", want: wantu.ErrCanceled, took: 48 * second, calls: "1 15 2"},
		"500, paid":                 {pospay: "500", query: "SUCCESS", paid: true, took: 3 * second, calls: "1 1 0"},
		"gateway silent, then paid": {pospay: "silent", query: "SUCCESS", paid: true, took: 18 * second, calls: "1 1 0"},
		"query fails, then paid":    {pospay: "506", query: "lost 500 402 SUCCESS", paid: true, took: 12 * second, calls: "1 4 0"},
		"a status nobody knows":     {pospay: "506", query: "THINKING SUCCESS", paid: true, took: 6 * second, calls: "1 2 0"},
		"another amount":            {pospay: "506", query: "cheap:SUCCESS", want: wantu.ErrMismatch, unknown: true, took: 3 * second, calls: "1 1 0"},
		"another currency":          {pospay: "506", query: "foreign:SUCCESS", want: wantu.ErrMismatch, unknown: true, took: 3 * second, calls: "1 1 0"},
		"another amount, not paid": {
			pospay: "506", query: "cheap:NOT_PAY foreign:NOT_PAY cheap:THINKING", cancel: "ok", wait: short, want: wantu.ErrCanceled,
			took: 10 * second, calls: "1 3 1",
		},
		"another amount, failed":       {pospay: "506", query: "cheap:PAY_EEROR", cancel: "ok", want: wantu.ErrTrade, took: 3 * second, calls: "1 1 1"},
		"failed":                       {pospay: "506", query: "PAY_EEROR", cancel: "ok", want: wantu.ErrTrade, took: 3 * second, calls: "1 1 1"},
		"failed, cancel in doubt once": {pospay: "506", query: "PAY_ERROR", cancel: "500 ok", want: wantu.ErrTrade, took: 6 * second, calls: "1 1 2"},
		"failed, nothing to cancel":    {pospay: "506", query: "PAY_ERROR", cancel: "402", want: wantu.ErrTrade, took: 6 * second, calls: "1 2 1"},
		"failed, a query says 501":     {pospay: "506", query: "501 SUCCESS", paid: true, took: 6 * second, calls: "1 2 0"},
		"nobody paid":                  {pospay: "506", query: "NOT_PAY", cancel: "ok", want: wantu.ErrCanceled, took: 45 * second, calls: "1 15 1"},
		"nobody paid, short": {
			pospay: "506", query: "NOT_PAY", cancel: "ok", wait: short, want: wantu.ErrCanceled, took: 10 * second, calls: "1 3 1",
		},
		"paid at the last moment": {pospay: "506", query: "NOT_PAY NOT_PAY SUCCESS", wait: short, paid: true, took: 10 * second, calls: "1 3 0"},
		"cancel after a few tries": {
			pospay: "506", query: "NOT_PAY", cancel: "lost 500 506 ok", wait: short, want: wantu.ErrCanceled, took: 19 * second, calls: "1 3 4",
		},
		"cancel in doubt for ever": {
			pospay: "506", query: "NOT_PAY", cancel: "500", unknown: true, took: 40 * second, calls: "1 4 11",
			wait: wantu.PosPayWait{Patience: 10 * second, Interval: 2900 * time.Millisecond},
		},
		"cancel without answer": {
			pospay: "506", query: "NOT_PAY", cancel: "silent", wait: short, unknown: true, took: 40 * second, calls: "1 3 2",
		},
		"never arrived": {pospay: "lost", query: "402", cancel: "402", wait: short, want: wantu.ErrOrderInvalid, took: 19 * second, calls: "1 6 3"},
		"never arrived, queried for long": {
			pospay: "lost", query: "402", cancel: "402", want: wantu.ErrOrderInvalid, took: 48 * second, calls: "1 16 1",
		},
		"arrived late, unpaid": {
			pospay: "lost", query: "402 402 402 NOT_PAY", cancel: "402 ok", wait: short, want: wantu.ErrCanceled, took: 13 * second, calls: "1 4 2",
		},
		"the caller leaves before it arrived": {
			pospay: "silent", query: "402 SUCCESS", cancel: "402", callerCancels: second, paid: true, took: 7 * second, calls: "1 2 2",
			wait: wantu.PosPayWait{Interval: time.Millisecond},
		},
		"paid, though a cancellation may have acted": {
			pospay: "506", query: "NOT_PAY NOT_PAY NOT_PAY SUCCESS", cancel: "lost 402", wait: short, unknown: true,
			took: 16 * second, calls: "1 4 2",
		},
		"paid, though an earlier cancellation may have acted": {
			pospay: "506", query: "402 402 402 402 SUCCESS", cancel: "500 402", wait: short, unknown: true, took: 19 * second, calls: "1 5 3",
		},
		"paid, and no cancellation arrived": {
			pospay: "506", query: "NOT_PAY NOT_PAY NOT_PAY SUCCESS", cancel: "unreached 402", wait: short, paid: true,
			took: 16 * second, calls: "1 4 2",
		},
		"paid otherwise, though a cancellation may have acted": {
			pospay: "506", query: "NOT_PAY NOT_PAY NOT_PAY cheap:SUCCESS", cancel: "lost 402", wait: short, unknown: true,
			took: 16 * second, calls: "1 4 2",
		},
		"failed, and a cancellation may have acted": {
			pospay: "506", query: "NOT_PAY NOT_PAY NOT_PAY PAY_EEROR", cancel: "lost 402", wait: short, want: wantu.ErrTrade,
			took: 16 * second, calls: "1 4 2",
		},
		"arrived late, after the cancel": {
			pospay: "lost", query: "402 402 402 SUCCESS", cancel: "402", wait: short, paid: true, took: 13 * second, calls: "1 4 1",
		},
		"paid, past canceling": {
			pospay: "506", query: "500 500 500 SUCCESS", cancel: "401", wait: short, paid: true, took: 13 * second, calls: "1 4 1",
		},
		"cancel refused, unpaid": {pospay: "506", query: "NOT_PAY", cancel: "302", wait: short, unknown: true, took: 19 * second, calls: "1 6 3"},
		"no such order, though there is one": {
			pospay: "506", query: "NOT_PAY", cancel: "402", wait: short, unknown: true, took: 19 * second, calls: "1 6 3",
		},
		"the caller leaves": {
			pospay: "506", query: "NOT_PAY", cancel: "lost ok", callerCancels: 4 * second, want: context.Canceled, took: 7 * second, calls: "1 1 2",
		},
		"the caller leaves at once": {
			pospay: "silent", cancel: "ok", callerCancels: second, want: wantu.ErrCanceled, took: second, calls: "1 0 1",
		},
		"the caller leaves during a query": {
			pospay: "506", query: "silent", cancel: "ok", callerCancels: 4 * second, want: wantu.ErrCanceled, took: 4 * second, calls: "1 1 1",
		},
	}
}

func TestPosPayAndWait(t *testing.T) {
	t.Parallel()
	for name, c := range posPayCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { c.run(t) })
		})
	}
}

func (c posPayCase) run(t *testing.T) {
	g := &posGateway{
		t: t, script: map[string]string{"pospay": c.pospay, "query": c.query, "cancel": c.cancel},
		calls: map[string]int{}, start: time.Now(),
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.callerCancels > 0 {
		time.AfterFunc(c.callerCancels, cancel)
	}
	client := newClient(t, wantu.Config{HTTPClient: inMemory(g.answer)})
	response, err := client.PosPayAndWait(ctx, posPayRequest(), c.wait)
	if c.paid != (err == nil) || c.want != nil && !errors.Is(err, c.want) || wantu.OutcomeUnknown(err) != c.unknown || wantu.Retryable(err) {
		t.Errorf("error %v, unknown %t, retryable %t", err, wantu.OutcomeUnknown(err), wantu.Retryable(err))
	}
	want := wantu.PosPayResponse{}
	if c.paid {
		want = wantu.PosPayResponse{
			OutTradeNo: "mall1", TradeID: "1000", TotalFee: 100, FeeType: "HKD", TradeTime: response.TradeTime,
			TradeTimeText: response.TradeTimeText, StoreAccount: "HKG0000000101", DeviceSN: "till-1",
		}
	}
	if response != want || response.TradeTime.IsZero() == c.paid {
		t.Errorf("got %+v, want %+v", response, want)
	}
	if took := time.Since(g.start); took != c.took {
		t.Errorf("took %v, want %v: %v", took, c.took, g.log)
	}
	if calls := fmt.Sprintf("%d %d %d", g.calls["pospay"], g.calls["query"], g.calls["cancel"]); calls != c.calls {
		t.Errorf("called %s, want %s: %v", calls, c.calls, g.log)
	}
	if canceled := errors.Is(err, wantu.ErrCanceled); canceled != (errors.Is(c.want, wantu.ErrCanceled) || errors.Is(c.want, context.Canceled)) {
		t.Errorf("canceled %t: %v", canceled, err)
	}
}

// TestOrderThatArrivesAfterTheFirstCancellation: even with a short deadline and interval,
// PosPayAndWait finds an order that reaches the gateway after the first cancellation.
func TestOrderThatArrivesAfterTheFirstCancellation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &posGateway{t: t, calls: map[string]int{}, start: time.Now()}
		late := inMemory(func(endpoint string, sent wantu.Message) (int, string, error) {
			g.script = map[string]string{"pospay": "silent", "query": "402", "cancel": "402"}
			if time.Since(g.start) >= 500*time.Millisecond {
				g.script["query"] = "SUCCESS"
			}
			return g.answer(endpoint, sent)
		})
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		paid, err := newClient(t, wantu.Config{HTTPClient: late}).
			PosPayAndWait(ctx, posPayRequest(), wantu.PosPayWait{Interval: 50 * time.Millisecond})
		if err != nil || paid.OutTradeNo != "mall1" {
			t.Errorf("got %+v, %v: %v", paid, err, g.log)
		}
	})
}

// TestOrderThatMayStillArrive: if Config.Timeout is longer than the cancellation takes,
// the order may still be on its way at the end, so the outcome is unknown.
func TestOrderThatMayStillArrive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &posGateway{t: t, script: map[string]string{"pospay": "silent", "query": "402", "cancel": "402"}, calls: map[string]int{}}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		client := newClient(t, wantu.Config{HTTPClient: inMemory(g.answer), Timeout: time.Minute})
		start := time.Now()
		_, err := client.PosPayAndWait(ctx, posPayRequest(), wantu.PosPayWait{})
		if !wantu.OutcomeUnknown(err) || errors.Is(err, wantu.ErrOrderInvalid) || time.Since(start) != 31*time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

func TestPosPayAndWaitChecksItsFields(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, err := offlineClient(t).PosPayAndWait(ctx, posPayRequest(), wantu.PosPayWait{Patience: -1})
	wantFieldError(t, err, "Patience")
	_, err = offlineClient(t).PosPayAndWait(ctx, posPayRequest(), wantu.PosPayWait{Interval: -1})
	wantFieldError(t, err, "Interval")
	_, err = offlineClient(t).PosPayAndWait(ctx, wantu.PosPayRequest{PayChannel: wantu.WeChat}, wantu.PosPayWait{})
	wantFieldError(t, err, "total_fee")
}

// TestTextOfAnUnsettledPayment checks the text of the error after which the order may be
// paid.
func TestTextOfAnUnsettledPayment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &posGateway{t: t, script: map[string]string{"pospay": "506", "query": "NOT_PAY", "cancel": "402"}, calls: map[string]int{}}
		_, err := newClient(t, wantu.Config{HTTPClient: inMemory(g.answer)}).
			PosPayAndWait(context.Background(), posPayRequest(), wantu.PosPayWait{})
		want := "wantu: pospay: the order may be paid, and it could not be canceled: wantu: cancel: 402 ORDER_INVALID"
		if err == nil || err.Error() != want || errors.Is(err, wantu.ErrOrderInvalid) {
			t.Errorf("error %v", err)
		}
	})
}
