package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// merchant receives notifications and records their times.
type merchant struct {
	t      *testing.T
	client *wantu.Client
	answer func(try int) string

	mu    sync.Mutex
	start time.Time
	came  []time.Duration
	last  wantu.Notification
}

func (m *merchant) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if m.last, err = m.client.ParseNotification(body); err != nil || r.Method != http.MethodPost {
		m.t.Errorf("%s %s: %v", r.Method, body, err)
	}
	m.came = append(m.came, time.Since(m.start))
	answer := m.answer(len(m.came))
	if answer == "" {
		return nil, errors.New("connection refused")
	}
	recorder := httptest.NewRecorder()
	if answer == "500" || answer == "302" {
		recorder.Header().Set("Location", "http://elsewhere.invalid")
		recorder.WriteHeader(map[string]int{"500": 500, "302": 302}[answer])
		answer = `{"return_code":200}`
	}
	_, _ = recorder.WriteString(answer)
	return recorder.Result(), nil
}

func (m *merchant) times() []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.came)
}

// simulate runs f in a synctest bubble, with an open order "n1".
func simulate(t *testing.T, config sandbox.Config, answer func(try int) string, f func(*sandbox.Sandbox, *merchant)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, err := wantu.New(wantu.Config{
			BaseURL: "http://localhost/paygate", Key: sandbox.DefaultKey,
			MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
		})
		if err != nil {
			t.Fatal(err)
		}
		m := &merchant{t: t, client: client, answer: answer, start: time.Now()}
		config.HTTPClient = &http.Client{Transport: m}
		s, err := sandbox.New(config)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		body, err := wantu.Encode(object("create-qrcode", nil), sandbox.DefaultKey)
		if err != nil {
			t.Fatal(err)
		}
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/paygate/create-qrcode", bytes.NewReader(body)))
		contains(t, recorder.Body.String(), `"return_code":200`)
		f(s, m)
	})
}

func pay(t *testing.T, s *sandbox.Sandbox) {
	t.Helper()
	if _, err := s.Pay("n1"); err != nil {
		t.Fatal(err)
	}
}

func order(t *testing.T, s *sandbox.Sandbox) sandbox.Order {
	t.Helper()
	o, err := s.Order("n1")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestNotificationIsRepeatedUntilAcknowledged(t *testing.T) {
	t.Parallel()
	for name, acknowledgement := range map[string]string{
		"number": string(wantu.AckSuccess()), "string": `{"return_code":"200"}`, "text": `{"return_code":"SUCCESS"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusals := []string{
				"", "500", "302", "OK", `{"return_code":"FAIL"}`, `{"return_code":201}`, string(wantu.AckFail("later")),
				strings.Repeat("x", 1<<17),
			}
			var log bytes.Buffer
			config := sandbox.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			simulate(t, config, func(try int) string {
				if try <= len(refusals) {
					return refusals[try-1]
				}
				return acknowledgement
			}, func(s *sandbox.Sandbox, m *merchant) {
				pay(t, s)
				<-time.After(48 * time.Hour)
				want := []time.Duration{
					0, 15 * time.Second, 30 * time.Second, time.Minute, 4 * time.Minute, 14 * time.Minute,
					34 * time.Minute, 64 * time.Minute, 94 * time.Minute,
				}
				if got := m.times(); !slices.Equal(got, want) {
					t.Errorf("notifications at %v, want %v", got, want)
				}
				if o := order(t, s); o.NotifyTries != 9 || !o.Acknowledged {
					t.Errorf("the order is %+v", o)
				}
			})
			contains(t, log.String(), "out_trade_no=n1")
			lacks(t, log.String(), sandbox.DefaultKey, "shop.invalid")
		})
	}
}

func TestNotificationValues(t *testing.T) {
	t.Parallel()
	simulate(t, sandbox.Config{}, func(int) string { return string(wantu.AckSuccess()) }, func(s *sandbox.Sandbox, m *merchant) {
		pay(t, s)
		synctest.Wait()
		want := wantu.Notification{
			ReturnCode: wantu.CodeSuccess, MerchantAccount: sandbox.DefaultMerchantAccount, OutTradeNo: "n1",
			TradeID: order(t, s).TradeID, TotalFee: 100, FeeType: "HKD", Subject: "x", TradeStatus: wantu.Success,
			TradeTime: m.last.TradeTime, TradeTimeText: wantu.FormatTime(m.start),
		}
		if m.last != want || !m.last.TradeTime.Equal(m.start.Truncate(time.Second)) {
			t.Errorf("got %+v, want %+v", m.last, want)
		}
	})
}

func TestNotificationStopsAfterTheSchedule(t *testing.T) {
	t.Parallel()
	refuse := func(int) string { return "500" }
	simulate(t, sandbox.Config{}, refuse, func(s *sandbox.Sandbox, m *merchant) {
		pay(t, s)
		<-time.After(7 * 24 * time.Hour)
		if got := m.times(); len(got) != 16 || got[15] != 24*time.Hour+4*time.Minute {
			t.Errorf("%d attempts, the last after %v", len(got), got[len(got)-1])
		}
	})
	simulate(t, sandbox.Config{NotifySchedule: []time.Duration{}}, refuse, func(s *sandbox.Sandbox, m *merchant) {
		pay(t, s)
		<-time.After(7 * 24 * time.Hour)
		if got := m.times(); len(got) != 1 {
			t.Errorf("attempts at %v, want one", got)
		}
	})
}

func TestFailureIsNotNotified(t *testing.T) {
	t.Parallel()
	simulate(t, sandbox.Config{}, func(int) string { return "500" }, func(s *sandbox.Sandbox, m *merchant) {
		if _, err := s.Fail("n1"); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		if got := m.times(); len(got) != 0 {
			t.Errorf("attempts at %v, want none", got)
		}
	})
}

func TestNotificationsOffAndOn(t *testing.T) {
	t.Parallel()
	simulate(t, sandbox.Config{}, func(int) string { return string(wantu.AckSuccess()) }, func(s *sandbox.Sandbox, m *merchant) {
		s.Notifications(false)
		pay(t, s)
		<-time.After(20 * time.Second)
		if got := m.times(); len(got) != 0 {
			t.Errorf("attempts at %v while off", got)
		}
		s.Notifications(true)
		<-time.After(time.Hour)
		if got := m.times(); !slices.Equal(got, []time.Duration{30 * time.Second}) {
			t.Errorf("attempts at %v, want one after 30s", got)
		}
	})
}

func TestNotifyNow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	answers := []string{"500", string(wantu.AckSuccess())}
	simulate(t, sandbox.Config{}, func(try int) string { return answers[try-1] }, func(s *sandbox.Sandbox, _ *merchant) {
		s.Notifications(false)
		if err := s.Notify(ctx, "n2"); !errors.Is(err, sandbox.ErrUnknownOrder) {
			t.Errorf("unknown: %v", err)
		}
		if err := s.Notify(ctx, "n1"); !errors.Is(err, sandbox.ErrNotPaid) {
			t.Errorf("not paid: %v", err)
		}
		pay(t, s)
		if err := s.Notify(ctx, "n1"); !errors.Is(err, sandbox.ErrNotAcknowledged) {
			t.Errorf("refused: %v", err)
		}
		if err := s.Notify(ctx, "n1"); err != nil {
			t.Errorf("acknowledged: %v", err)
		}
	})
}

func TestCloseStopsNotifications(t *testing.T) {
	t.Parallel()
	simulate(t, sandbox.Config{}, func(int) string { return "500" }, func(s *sandbox.Sandbox, m *merchant) {
		pay(t, s)
		synctest.Wait()
		s.Close()
		<-time.After(time.Hour)
		if got := m.times(); len(got) != 1 {
			t.Errorf("attempts at %v, want one", got)
		}
	})
	simulate(t, sandbox.Config{}, func(int) string { return "500" }, func(s *sandbox.Sandbox, m *merchant) {
		s.Close()
		pay(t, s)
		<-time.After(time.Hour)
		if got := m.times(); len(got) != 0 {
			t.Errorf("attempts at %v after Close", got)
		}
	})
}

func TestOrderIsPaidOnceByManyClicks(t *testing.T) {
	t.Parallel()
	simulate(t, sandbox.Config{}, func(int) string { return string(wantu.AckSuccess()) }, func(s *sandbox.Sandbox, m *merchant) {
		var clicks sync.WaitGroup
		paid := make(chan bool, 100)
		for range cap(paid) {
			clicks.Go(func() {
				_, err := s.Pay("n1")
				paid <- err == nil
			})
		}
		clicks.Wait()
		close(paid)
		count := 0
		for ok := range paid {
			if ok {
				count++
			}
		}
		synctest.Wait()
		if count != 1 || len(m.times()) != 1 {
			t.Errorf("paid %d times, notified %d times", count, len(m.times()))
		}
	})
}

// endless is a very long answer. It counts the bytes that are read.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.read.Add(int64(len(p))) > 1<<20 {
		return 0, io.EOF
	}
	return len(p), nil
}

func (*endless) Close() error { return nil }

func TestEndlessAnswerIsNotReadToTheEnd(t *testing.T) {
	t.Parallel()
	body := &endless{}
	s, err := sandbox.New(sandbox.Config{
		Clock: sandbox.NewClock(noon()), NotifySchedule: []time.Duration{},
		HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) *http.Response {
			return &http.Response{StatusCode: http.StatusOK, Body: body}
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	openOrders(t, s, "n1")
	pay(t, s)
	if read := body.read.Load(); read == 0 || read > wantu.MaxBody+1 {
		t.Errorf("%d bytes are read", read)
	}
}
