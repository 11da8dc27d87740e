package wantu_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// statementGateway is a gateway with trades at the start and the end of each window. For a
// window of maxWindow or longer its answer is too large.
type statementGateway struct {
	t         *testing.T
	windows   []string // the windows that were asked for
	maxWindow time.Duration
	fail      int // which call fails, counted from 1
}

func (b *statementGateway) answer(endpoint string, sent wantu.Message) (int, string, error) {
	start, err := wantu.ParseTime(sent.Text("start_date"))
	if err != nil || endpoint != "order-list" {
		b.t.Errorf("%s: %v", endpoint, err)
	}
	end, err := wantu.ParseTime(sent.Text("end_date"))
	if err != nil {
		b.t.Error(err)
	}
	b.windows = append(b.windows, sent.Text("start_date")+" - "+sent.Text("end_date"))
	if len(b.windows) == b.fail {
		return 500, "", nil
	}
	if end.Sub(start) >= b.maxWindow {
		return 200, strings.Repeat(" ", wantu.MaxStatement+1), nil
	}
	row := func(at time.Time) any {
		return map[string]any{
			"trade_id": wantu.FormatTime(at), "out_trade_no": "a", "type": 1, "total_fee": "0.10", "fee_type": "HKD",
			"date_added": wantu.FormatTime(at),
		}
	}
	body, err := wantu.Encode(map[string]any{"return_code": 200, "order_list": []any{row(start), row(end)}}, canary)
	return 200, string(body), err
}

func (b *statementGateway) statement(r wantu.OrderListRequest) (ids []string, err error) {
	client := newClient(b.t, wantu.Config{HTTPClient: inMemory(b.answer)})
	for trade, failure := range client.Statement(context.Background(), r) {
		if err != nil {
			b.t.Fatal("it continues after an error")
		}
		if err = failure; err == nil {
			ids = append(ids, trade.TradeID)
		} else if trade != (wantu.Trade{}) {
			b.t.Errorf("an error comes with %+v", trade)
		}
	}
	return ids, err
}

const week = 7 * 24 * time.Hour

func span(length time.Duration) wantu.OrderListRequest {
	return wantu.OrderListRequest{PayChannel: wantu.WeChat, StartDate: fixedTime(), EndDate: fixedTime().Add(length)}
}

// TestStatementLeavesNothingOut: each window begins one second after the end of the window
// before.
func TestStatementLeavesNothingOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		length, most time.Duration
		windows      int
	}{
		"one second":              {0, 2 * week, 1},
		"a second less than 7 d":  {week - time.Second, 2 * week, 1},
		"7 days and their second": {week, 2 * week, 2},
		"30 days":                 {30 * 24 * time.Hour, 2 * week, 5},
		"too large, in halves":    {week - time.Second, week - time.Second, 3},
		"too large, in quarters":  {week - time.Second, week / 3, 7},
		"two seconds, too large":  {time.Second, time.Second, 3},
		"three seconds":           {2 * time.Second, time.Second, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &statementGateway{t: t, maxWindow: c.most}
			ids, err := b.statement(span(c.length))
			if err != nil || len(b.windows) != c.windows {
				t.Fatalf("asked for %v: %v", b.windows, err)
			}
			if first, last := ids[0], ids[len(ids)-1]; first != wantu.FormatTime(fixedTime()) || last != wantu.FormatTime(fixedTime().Add(c.length)) {
				t.Errorf("from %s to %s", first, last)
			}
			for i := 1; i+1 < len(ids); i += 2 { // the end of one window and the start of the next
				end, err := wantu.ParseTime(ids[i])
				if err != nil || ids[i+1] != wantu.FormatTime(end.Add(time.Second)) {
					t.Errorf("%s follows %s, %v", ids[i+1], ids[i], err)
				}
			}
		})
	}
}

func TestStatementTruncatesToSeconds(t *testing.T) {
	t.Parallel()
	b := &statementGateway{t: t, maxWindow: week}
	_, err := b.statement(wantu.OrderListRequest{
		PayChannel: wantu.WeChat, StartDate: fixedTime().Truncate(time.Second).Add(900 * time.Millisecond),
		EndDate: fixedTime().Truncate(time.Second).Add(1100 * time.Millisecond),
	})
	if want := "2018-02-08 10:58:41 - 2018-02-08 10:58:42"; err != nil || len(b.windows) != 1 || b.windows[0] != want {
		t.Errorf("asked for %v, %v, want %s", b.windows, err, want)
	}
}

func TestStatementEndsAtTheFirstError(t *testing.T) {
	t.Parallel()
	b := &statementGateway{t: t, maxWindow: 2 * week, fail: 2}
	ids, err := b.statement(span(4 * week))
	if !errors.Is(err, wantu.ErrStatus) || !wantu.Retryable(err) || len(ids) != 2 || len(b.windows) != 2 {
		t.Errorf("read %v in %v, error %v", ids, b.windows, err)
	}
	b = &statementGateway{t: t, maxWindow: time.Second, fail: 3}
	if ids, err = b.statement(span(time.Second)); !errors.Is(err, wantu.ErrStatus) || len(ids) != 2 {
		t.Errorf("in a half: read %v, error %v", ids, err)
	}
	b = &statementGateway{t: t}
	if ids, err = b.statement(span(0)); !errors.Is(err, wantu.ErrMalformed) || len(ids) != 0 || len(b.windows) != 1 {
		t.Errorf("one second that is too large: read %v in %v, error %v", ids, b.windows, err)
	}
}

func TestStatementStopsWhenTheCallerBreaks(t *testing.T) {
	t.Parallel()
	for name, most := range map[string]time.Duration{"in a window": 2 * week, "in a half of one": week - time.Second} {
		b := &statementGateway{t: t, maxWindow: most}
		client := newClient(t, wantu.Config{HTTPClient: inMemory(b.answer)})
		read := 0
		for _, err := range client.Statement(context.Background(), span(8*week)) {
			if err != nil {
				t.Fatal(err)
			}
			if read++; read == 1 {
				break
			}
		}
		if asked := len(b.windows); read != 1 || asked > 2 || most == 2*week && asked != 1 {
			t.Errorf("%s: read %d in %v", name, read, b.windows)
		}
	}
}

func TestStatementChecksItsFields(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]wantu.OrderListRequest{
		"pay_channel": {StartDate: fixedTime(), EndDate: fixedTime()},
		"start_date":  {PayChannel: wantu.WeChat, EndDate: fixedTime()},
		"end_date":    {PayChannel: wantu.WeChat, StartDate: fixedTime(), EndDate: fixedTime().Add(-time.Second)},
	} {
		errs := 0
		for _, err := range offlineClient(t).Statement(context.Background(), r) {
			wantFieldError(t, err, want)
			errs++
		}
		if errs != 1 {
			t.Errorf("%s: %d errors", want, errs)
		}
	}
}
