package sandbox_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

const ackBody = `{"return_code":200}`

func payOrders(t *testing.T, s *sandbox.Sandbox, numbers ...string) {
	t.Helper()
	for _, number := range numbers {
		if _, err := s.Pay(number); err != nil {
			t.Fatal(err)
		}
	}
}

// results returns the attempts to notify order "n1", such as "acknowledged (delay)".
func results(t *testing.T, s *sandbox.Sandbox) []string {
	t.Helper()
	var texts []string
	for _, try := range order(t, s).Notifications {
		text := try.Result
		if try.Fault != "" {
			text += " (" + string(try.Fault) + ")"
		}
		if try.Forged {
			text += " forged"
		}
		texts = append(texts, text)
	}
	return texts
}

func TestFaultsOfNotifications(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   sandbox.Fault
		came    []string
		results []string
		tries   int
	}{
		"delay": {
			sandbox.Fault{Kind: sandbox.FaultDelay, Delay: time.Minute},
			[]string{"1m0s n1"}, []string{"acknowledged (delay)"}, 1,
		},
		"drop": {
			sandbox.Fault{Kind: sandbox.FaultDrop},
			[]string{"15s n1"}, []string{"dropped (drop)", "acknowledged"}, 2,
		},
		"duplicate": {
			sandbox.Fault{Kind: sandbox.FaultDuplicate, Copies: 2},
			[]string{"0s n1", "0s n1", "0s n1"},
			[]string{"acknowledged (duplicate)", "acknowledged (duplicate)", "acknowledged (duplicate)"}, 3,
		},
		"forge": {
			sandbox.Fault{Kind: sandbox.FaultForge},
			[]string{"0s n1", "0s n1"}, []string{"acknowledged (forge) forged", "acknowledged (forge)"}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, d := startWithClock(t, sandbox.Config{}, ackBody)
			c.fault.Times = 1
			addFault(t, s, c.fault)
			openOrders(t, s, "n1")
			pay(t, s)
			d.clock.Advance(time.Hour)
			if got := d.numbers(); !slices.Equal(got, c.came) {
				t.Errorf("notifications at %v, want %v", got, c.came)
			}
			if got := results(t, s); !slices.Equal(got, c.results) {
				t.Errorf("results %q, want %q", got, c.results)
			}
			if o := order(t, s); !o.Acknowledged || o.NotifyTries != c.tries || s.Faults()[0].Struck != 1 {
				t.Errorf("the order is %+v", o)
			}
		})
	}
}

func TestForgedNotifications(t *testing.T) {
	t.Parallel()
	for forgery, fee := range map[sandbox.Forgery]string{
		sandbox.ForgeSignature: "100", sandbox.ForgeHigher: "101", sandbox.ForgeLower: "99",
	} {
		s, d := startWithClock(t, sandbox.Config{NotifySchedule: []time.Duration{}}, ackBody)
		addFault(t, s, sandbox.Fault{Kind: sandbox.FaultForge, Forgery: forgery})
		openOrders(t, s, "n1")
		pay(t, s)
		if len(d.lines) != 2 {
			t.Fatalf("%s: notifications %v", forgery, d.lines)
		}
		for i, want := range []string{fee, "100"} {
			_, body, _ := strings.Cut(d.lines[i], " ")
			message, err := wantu.Decode([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			good := message.Verify(sandbox.DefaultKey) == nil
			if message.Text("total_fee") != want || good != (i == 1) {
				t.Errorf("%s, notification %d: %s, good signature %v", forgery, i+1, body, good)
			}
		}
	}
}

func TestAcknowledgedForgeryDoesNotCount(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{NotifySchedule: []time.Duration{}}, "")
	d.answer = func(string) string { return []string{ackBody, "no"}[len(d.lines)-1] }
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultForge})
	openOrders(t, s, "n1")
	pay(t, s)
	if o := order(t, s); o.Acknowledged || !o.Notifications[0].Acknowledged || o.Notifications[1].Acknowledged {
		t.Errorf("the order is %+v", o)
	}
}

func TestNotificationsAreReordered(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
	openOrders(t, s, "n1", "n2", "n3", "n4", "n5")
	payOrders(t, s, "n1", "n2", "n3", "n4", "n5")
	want := []string{"0s n2", "0s n1", "0s n4", "0s n3"}
	if got := d.numbers(); !slices.Equal(got, want) {
		t.Errorf("notifications at %v, want %v", got, want)
	}
	s.ClearFaults() // sends the fifth
	if got := d.numbers(); !slices.Equal(got, append(want, "0s n5")) {
		t.Errorf("notifications at %v", got)
	}
	if got := results(t, s); !slices.Equal(got, []string{"acknowledged (reorder)"}) {
		t.Errorf("results %q", got)
	}
}

func TestRemovingReorderSendsHeldNotifications(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	other := addFault(t, s, sandbox.Fault{Kind: sandbox.FaultRefuse, Endpoint: "close"})
	holder := addFault(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
	openOrders(t, s, "n1")
	pay(t, s)
	for fault, want := range []int{0, 1} {
		if err := s.RemoveFault([]string{other.ID, holder.ID}[fault]); err != nil {
			t.Fatal(err)
		}
		if got := d.numbers(); len(got) != want {
			t.Errorf("notifications at %v, want %d", got, want)
		}
	}
}

func TestHeldNotificationsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{
		{Kind: sandbox.FaultReorder}, {Kind: sandbox.FaultDelay, Delay: time.Hour},
	} {
		end := map[string]func(*sandbox.Sandbox, context.CancelFunc){
			"hung up": func(_ *sandbox.Sandbox, hangUp context.CancelFunc) { hangUp() },
			"closed":  func(s *sandbox.Sandbox, _ context.CancelFunc) { s.Close() },
		}
		for name, end := range end {
			t.Run(string(fault.Kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				simulate(t, sandbox.Config{}, func(int) string { return ackBody }, func(s *sandbox.Sandbox, m *merchant) {
					s.Notifications(false)
					pay(t, s)
					synctest.Wait()
					addFault(t, s, fault)
					ctx, hangUp := context.WithCancel(context.Background())
					defer hangUp()
					done := make(chan error)
					go func() { done <- s.Notify(ctx, "n1") }()
					synctest.Wait()
					if len(done) != 0 {
						t.Error("Notify does not wait")
					}
					end(s, hangUp)
					if err := <-done; !errors.Is(err, sandbox.ErrNotAcknowledged) {
						t.Errorf("error %v", err)
					}
					s.ClearFaults()
					<-time.After(2 * time.Hour)
					if got := m.times(); len(got) != 0 {
						t.Errorf("notifications at %v", got)
					}
				})
			})
		}
	}
}

func TestForgottenOrderIsNotNotified(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{MaxOrders: 1}, "no")
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultReorder, Times: 1})
	openOrders(t, s, "n1")
	pay(t, s)
	openOrders(t, s, "n2")
	payOrders(t, s, "n2")
	d.clock.Advance(time.Minute)
	if got := d.numbers(); !slices.Equal(got, []string{"0s n2", "15s n2", "30s n2", "1m0s n2"}) {
		t.Errorf("notifications at %v", got)
	}
}

func TestDuplicatesAreSentAtTheSameTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		all.Add(100)
		client := &http.Client{Transport: shop(func(*http.Request) string {
			all.Done()
			all.Wait() // a deadlock unless all 100 are sent at the same time
			return ackBody
		})}
		s, err := sandbox.New(sandbox.Config{HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDuplicate, Copies: 99, Times: 1})
		openOrders(t, s, "n1")
		pay(t, s)
		synctest.Wait()
		if o := order(t, s); o.NotifyTries != 100 || len(o.Notifications) != 50 || !o.Acknowledged {
			t.Errorf("%d attempts, %d in the log", o.NotifyTries, len(o.Notifications))
		}
	})
}

func TestLogKeepsTheNewestTries(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{NotifySchedule: make([]time.Duration, 70)}, "no")
	openOrders(t, s, "n1")
	pay(t, s) // makes 71 attempts at the same time
	before := order(t, s)
	d.clock.Advance(time.Minute)
	if err := s.Notify(context.Background(), "n1"); !errors.Is(err, sandbox.ErrNotAcknowledged) {
		t.Errorf("error %v", err)
	}
	after := order(t, s)
	if before.NotifyTries != 71 || after.NotifyTries != 72 || len(before.Notifications) != 50 || len(after.Notifications) != 50 {
		t.Errorf("%d and %d attempts, %d and %d in the log", before.NotifyTries, after.NotifyTries,
			len(before.Notifications), len(after.Notifications))
	}
	if !before.Notifications[49].At.Equal(noon()) || !after.Notifications[49].At.Equal(noon().Add(time.Minute)) {
		t.Error("the newest is not the last")
	}
}

// failingTransport fails every request with the same error.
type failingTransport struct{ err error }

func (r failingTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

type timeoutError struct{ error }

func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

func TestLogContainsNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "token-of-the-merchant"
	for want, err := range map[string]error{
		"no HTTP answer":                            errors.New("http://shop.invalid/" + secret),
		"the host was not found":                    &net.OpError{Op: "dial", Err: &net.DNSError{Err: secret, Name: secret}},
		"no connection: " + connectionRefusedText(): fmt.Errorf("%s: %w", secret, syscall.ECONNREFUSED),
		"no answer within 10 s":                     timeoutError{errors.New(secret)},
		"stopped before an answer came":             fmt.Errorf("%s: %w", secret, context.Canceled),
		"the certificate is not trusted":            certificateError(secret),
		"HTTP status 302":                           nil,
		"the answer is not a good JSON object":      nil,
		"return_code is not success":                nil,
	} {
		var transport http.RoundTripper = failingTransport{err}
		if err == nil {
			transport = badAnswers(want, secret)
		}
		s, err := sandbox.New(sandbox.Config{
			Clock: sandbox.NewClock(noon()), HTTPClient: &http.Client{Transport: transport}, NotifySchedule: []time.Duration{},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		openOrders(t, s, "n1")
		pay(t, s)
		if got := results(t, s); !slices.Equal(got, []string{want}) {
			t.Errorf("results %q, want %q", got, want)
		}
	}
}

func certificateError(text string) error {
	return &tls.CertificateVerificationError{Err: errors.New(text)}
}

func connectionRefusedText() string { return syscall.ECONNREFUSED.Error() }

// badAnswers is a merchant that does not acknowledge. Its answers contain a secret.
func badAnswers(want, secret string) http.RoundTripper {
	return roundTrip(func(*http.Request) *http.Response {
		recorder := httptest.NewRecorder()
		switch want {
		case "HTTP status 302":
			recorder.Header().Set("Location", "http://shop.invalid/"+secret)
			recorder.WriteHeader(http.StatusFound)
		case "return_code is not success":
			_, _ = io.WriteString(recorder, `{"return_code":"FAIL","return_msg":"`+secret+`"}`)
		default:
			_, _ = io.WriteString(recorder, secret)
		}
		return recorder.Result()
	})
}

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func TestHeldNotificationOfACanceledOrderDoesNotCount(t *testing.T) {
	t.Parallel()
	for range 300 {
		s, d := startWithClock(t, sandbox.Config{}, ackBody)
		addFault(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
		openOrders(t, s, "n1", "n2", "n3")
		payOrders(t, s, "n1")
		contains(t, callEndpoint(t, s, "cancel", nil), `"return_code":200`)
		payOrders(t, s, "n2", "n3") // n1 no longer waits, so n2 is held back until n3 is sent
		if got := d.numbers(); !slices.Equal(got, []string{"0s n3", "0s n2"}) {
			t.Fatalf("notifications at %v", got)
		}
	}
}

func TestOrderCanceledWhileHeldBackIsNotNotified(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{
		{Kind: sandbox.FaultReorder, Times: 1}, {Kind: sandbox.FaultDelay, Delay: time.Minute, Times: 1},
	} {
		s, d := startWithClock(t, sandbox.Config{}, ackBody)
		openOrders(t, s, "n1")
		pay(t, s)
		addFault(t, s, fault)
		wantRedirect(t, submit(t, s, "notify", url.Values{"number": {"n1"}}), "/#order-n1")
		contains(t, callEndpoint(t, s, "cancel", nil), `"return_code":200`)
		d.clock.Advance(time.Hour)
		s.ClearFaults()
		if got := d.numbers(); len(got) != 1 || len(order(t, s).Notifications) != 1 {
			t.Errorf("%s: notifications at %v, want only the first", fault.Kind, got)
		}
	}
}

func TestRemovingDelaySendsHeldNotifications(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	fault := addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDelay, Delay: time.Hour})
	openOrders(t, s, "n1", "n2")
	payOrders(t, s, "n1")
	d.clock.Advance(time.Minute)
	if err := s.RemoveFault(fault.ID); err != nil {
		t.Fatal(err)
	}
	payOrders(t, s, "n2")
	d.clock.Advance(2 * time.Hour)
	if got := d.numbers(); !slices.Equal(got, []string{"1m0s n1", "1m0s n2"}) {
		t.Errorf("notifications at %v", got)
	}
}

func TestDelayedNotificationIsNotReordered(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDelay, Delay: time.Minute, Times: 1})
	openOrders(t, s, "n1", "n2")
	payOrders(t, s, "n1", "n2")
	if got := d.numbers(); !slices.Equal(got, []string{"0s n2"}) {
		t.Errorf("notifications at %v", got)
	}
}

func TestCopiesStopAtATimeout(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Config{
		Clock: sandbox.NewClock(noon()), NotifySchedule: []time.Duration{},
		HTTPClient: &http.Client{Transport: failingTransport{timeoutError{errors.New("hangs")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDuplicate, Copies: 1000})
	openOrders(t, s, "n1")
	pay(t, s)
	if got := results(t, s); !slices.Equal(got, []string{"no answer within 10 s (duplicate)"}) {
		t.Errorf("results %q", got)
	}
}

func TestNotifyButtonHoldsOnlyOneNotification(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{{Kind: sandbox.FaultReorder}, {Kind: sandbox.FaultDelay, Delay: time.Hour}} {
		s, d := startWithClock(t, sandbox.Config{}, ackBody)
		addFault(t, s, fault)
		openOrders(t, s, "n1")
		pay(t, s) // the notification of the schedule is held too
		for range 20 {
			wantRedirect(t, submit(t, s, "notify", url.Values{"number": {"n1"}}), "/#order-n1")
		}
		s.ClearFaults()
		if got := d.numbers(); len(got) != 2 {
			t.Errorf("%s: %d notifications, want that of the schedule and one more", fault.Kind, len(got))
		}
	}
}
