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

const taken = `{"return_code":200}`

func payAll(t *testing.T, s *sandbox.Sandbox, numbers ...string) {
	t.Helper()
	for _, number := range numbers {
		if _, err := s.Pay(number); err != nil {
			t.Fatal(err)
		}
	}
}

// results are the tries of order "n1", such as "acknowledged (delay)".
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
			s, d := still(t, sandbox.Config{}, taken)
			c.fault.Times = 1
			set(t, s, c.fault)
			open(t, s, "n1")
			pay(t, s)
			d.clock.Advance(time.Hour)
			if got := d.numbers(); !slices.Equal(got, c.came) {
				t.Errorf("came %v, want %v", got, c.came)
			}
			if got := results(t, s); !slices.Equal(got, c.results) {
				t.Errorf("results %q, want %q", got, c.results)
			}
			if o := order(t, s); !o.Acknowledged || o.NotifyTries != c.tries || s.Faults()[0].Struck != 1 {
				t.Errorf("remembered %+v", o)
			}
		})
	}
}

func TestForgedNotifications(t *testing.T) {
	t.Parallel()
	for forgery, fee := range map[sandbox.Forgery]string{
		sandbox.ForgeSignature: "100", sandbox.ForgeHigher: "101", sandbox.ForgeLower: "99",
	} {
		s, d := still(t, sandbox.Config{NotifySchedule: []time.Duration{}}, taken)
		set(t, s, sandbox.Fault{Kind: sandbox.FaultForge, Forgery: forgery})
		open(t, s, "n1")
		pay(t, s)
		if len(d.lines) != 2 {
			t.Fatalf("%s: came %v", forgery, d.lines)
		}
		for i, want := range []string{fee, "100"} {
			_, body, _ := strings.Cut(d.lines[i], " ")
			message, err := wantu.Decode([]byte(body))
			if err != nil {
				t.Fatal(err)
			}
			good := message.Verify(sandbox.DefaultKey) == nil
			if message.Text("total_fee") != want || good != (i == 1) {
				t.Errorf("%s, number %d: %s, well signed %v", forgery, i+1, body, good)
			}
		}
	}
}

func TestForgedOneThatIsTakenDoesNotCount(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{NotifySchedule: []time.Duration{}}, "")
	d.answer = func(string) string { return []string{taken, "no"}[len(d.lines)-1] }
	set(t, s, sandbox.Fault{Kind: sandbox.FaultForge})
	open(t, s, "n1")
	pay(t, s)
	if o := order(t, s); o.Acknowledged || !o.Notifications[0].Acknowledged || o.Notifications[1].Acknowledged {
		t.Errorf("remembered %+v", o)
	}
}

func TestNotificationsAreSwapped(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{}, taken)
	set(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
	open(t, s, "n1", "n2", "n3", "n4", "n5")
	payAll(t, s, "n1", "n2", "n3", "n4", "n5")
	want := []string{"0s n2", "0s n1", "0s n4", "0s n3"}
	if got := d.numbers(); !slices.Equal(got, want) {
		t.Errorf("came %v, want %v", got, want)
	}
	s.ClearFaults() // lets the fifth go
	if got := d.numbers(); !slices.Equal(got, append(want, "0s n5")) {
		t.Errorf("came %v", got)
	}
	if got := results(t, s); !slices.Equal(got, []string{"acknowledged (reorder)"}) {
		t.Errorf("results %q", got)
	}
}

func TestRemovingAFaultLetsGoWhatItHolds(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{}, taken)
	other := set(t, s, sandbox.Fault{Kind: sandbox.FaultRefuse, Endpoint: "close"})
	holder := set(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
	open(t, s, "n1")
	pay(t, s)
	for fault, want := range []int{0, 1} {
		if err := s.RemoveFault([]string{other.ID, holder.ID}[fault]); err != nil {
			t.Fatal(err)
		}
		if got := d.numbers(); len(got) != want {
			t.Errorf("came %v, want %d", got, want)
		}
	}
}

func TestHeldNotificationsEnd(t *testing.T) {
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
				simulate(t, sandbox.Config{}, func(int) string { return taken }, func(s *sandbox.Sandbox, m *merchant) {
					s.Notifications(false)
					pay(t, s)
					synctest.Wait()
					set(t, s, fault)
					ctx, hangUp := context.WithCancel(context.Background())
					defer hangUp()
					done := make(chan error)
					go func() { done <- s.Notify(ctx, "n1") }()
					synctest.Wait()
					if len(done) != 0 {
						t.Error("it does not wait")
					}
					end(s, hangUp)
					if err := <-done; !errors.Is(err, sandbox.ErrNotAcknowledged) {
						t.Errorf("error %v", err)
					}
					s.ClearFaults()
					<-time.After(2 * time.Hour)
					if got := m.times(); len(got) != 0 {
						t.Errorf("came at %v", got)
					}
				})
			})
		}
	}
}

func TestForgottenOrderIsNotNotified(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{MaxOrders: 1}, "no")
	set(t, s, sandbox.Fault{Kind: sandbox.FaultReorder, Times: 1})
	open(t, s, "n1")
	pay(t, s)
	open(t, s, "n2")
	payAll(t, s, "n2")
	d.clock.Advance(time.Minute)
	if got := d.numbers(); !slices.Equal(got, []string{"0s n2", "15s n2", "30s n2", "1m0s n2"}) {
		t.Errorf("came %v", got)
	}
}

func TestDuplicatesComeAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all sync.WaitGroup
		all.Add(100)
		client := &http.Client{Transport: shop(func(*http.Request) string {
			all.Done()
			all.Wait() // a deadlock unless all hundred are under way
			return taken
		})}
		s, err := sandbox.New(sandbox.Config{HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		set(t, s, sandbox.Fault{Kind: sandbox.FaultDuplicate, Copies: 99, Times: 1})
		open(t, s, "n1")
		pay(t, s)
		synctest.Wait()
		if o := order(t, s); o.NotifyTries != 100 || len(o.Notifications) != 50 || !o.Acknowledged {
			t.Errorf("%d tries, %d remembered", o.NotifyTries, len(o.Notifications))
		}
	})
}

func TestLogKeepsTheNewestAndChangesNoCopy(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{NotifySchedule: make([]time.Duration, 70)}, "no")
	open(t, s, "n1")
	pay(t, s) // 71 tries, all at once
	before := order(t, s)
	d.clock.Advance(time.Minute)
	if err := s.Notify(context.Background(), "n1"); !errors.Is(err, sandbox.ErrNotAcknowledged) {
		t.Errorf("error %v", err)
	}
	after := order(t, s)
	if before.NotifyTries != 71 || after.NotifyTries != 72 || len(before.Notifications) != 50 || len(after.Notifications) != 50 {
		t.Errorf("%d and %d tries, %d and %d remembered", before.NotifyTries, after.NotifyTries,
			len(before.Notifications), len(after.Notifications))
	}
	if !before.Notifications[49].At.Equal(noon()) || !after.Notifications[49].At.Equal(noon().Add(time.Minute)) {
		t.Error("the newest is not the last")
	}
}

// refusing fails every request with an error that tells a secret.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

type slow struct{ error }

func (slow) Timeout() bool   { return true }
func (slow) Temporary() bool { return true }

func TestLogTellsNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "token-of-the-merchant"
	for want, err := range map[string]error{
		"no HTTP answer":                       errors.New("http://shop.invalid/" + secret),
		"the host was not found":               &net.OpError{Op: "dial", Err: &net.DNSError{Err: secret, Name: secret}},
		"no connection: " + refused():          fmt.Errorf("%s: %w", secret, syscall.ECONNREFUSED),
		"no answer within 10 s":                slow{errors.New(secret)},
		"stopped before an answer came":        fmt.Errorf("%s: %w", secret, context.Canceled),
		"the certificate is not trusted":       certificateError(secret),
		"HTTP status 302":                      nil,
		"the answer is not a good JSON object": nil,
		"return_code is not success":           nil,
	} {
		var transport http.RoundTripper = refusing{err}
		if err == nil {
			transport = answering(want, secret)
		}
		s, err := sandbox.New(sandbox.Config{
			Clock: sandbox.NewClock(noon()), HTTPClient: &http.Client{Transport: transport}, NotifySchedule: []time.Duration{},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		open(t, s, "n1")
		pay(t, s)
		if got := results(t, s); !slices.Equal(got, []string{want}) {
			t.Errorf("results %q, want %q", got, want)
		}
	}
}

func certificateError(text string) error {
	return &tls.CertificateVerificationError{Err: errors.New(text)}
}

func refused() string { return syscall.ECONNREFUSED.Error() }

// answering is a shop whose answers are not what the sandbox waits for.
func answering(want, secret string) http.RoundTripper {
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

func TestCanceledOrderHoldsNoOtherBack(t *testing.T) {
	t.Parallel()
	for range 300 {
		s, d := still(t, sandbox.Config{}, taken)
		set(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
		open(t, s, "n1", "n2", "n3")
		payAll(t, s, "n1")
		contains(t, call(t, s, "cancel", nil), `"return_code":200`)
		payAll(t, s, "n2", "n3") // n2 has nobody to go before, so that n3 goes before it
		if got := d.numbers(); !slices.Equal(got, []string{"0s n3", "0s n2"}) {
			t.Fatalf("came %v", got)
		}
	}
}

func TestWhatIsCanceledWhileHeldBackIsNotNotified(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{
		{Kind: sandbox.FaultReorder, Times: 1}, {Kind: sandbox.FaultDelay, Delay: time.Minute, Times: 1},
	} {
		s, d := still(t, sandbox.Config{}, taken)
		open(t, s, "n1")
		pay(t, s)
		set(t, s, fault)
		goesBack(t, submit(t, s, "notify", url.Values{"number": {"n1"}}), "/")
		contains(t, call(t, s, "cancel", nil), `"return_code":200`)
		d.clock.Advance(time.Hour)
		s.ClearFaults()
		if got := d.numbers(); len(got) != 1 || len(order(t, s).Notifications) != 1 {
			t.Errorf("%s: came %v, want the one before", fault.Kind, got)
		}
	}
}

func TestRemovingADelayLetsGoWhatItHolds(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{}, taken)
	fault := set(t, s, sandbox.Fault{Kind: sandbox.FaultDelay, Delay: time.Hour})
	open(t, s, "n1", "n2")
	payAll(t, s, "n1")
	d.clock.Advance(time.Minute)
	if err := s.RemoveFault(fault.ID); err != nil {
		t.Fatal(err)
	}
	payAll(t, s, "n2")
	d.clock.Advance(2 * time.Hour)
	if got := d.numbers(); !slices.Equal(got, []string{"1m0s n1", "1m0s n2"}) {
		t.Errorf("came %v", got)
	}
}

func TestDelayedOneIsNotSwapped(t *testing.T) {
	t.Parallel()
	s, d := still(t, sandbox.Config{}, taken)
	set(t, s, sandbox.Fault{Kind: sandbox.FaultDelay, Delay: time.Minute, Times: 1})
	open(t, s, "n1", "n2")
	payAll(t, s, "n1", "n2")
	if got := d.numbers(); !slices.Equal(got, []string{"0s n2"}) {
		t.Errorf("came %v", got)
	}
}

func TestCopiesEndAtATimeOut(t *testing.T) {
	t.Parallel()
	s, err := sandbox.New(sandbox.Config{
		Clock: sandbox.NewClock(noon()), NotifySchedule: []time.Duration{},
		HTTPClient: &http.Client{Transport: refusing{slow{errors.New("hangs")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	set(t, s, sandbox.Fault{Kind: sandbox.FaultDuplicate, Copies: 1000})
	open(t, s, "n1")
	pay(t, s)
	if got := results(t, s); !slices.Equal(got, []string{"no answer within 10 s (duplicate)"}) {
		t.Errorf("results %q", got)
	}
}

func TestButtonHoldsOneNotification(t *testing.T) {
	t.Parallel()
	for _, fault := range []sandbox.Fault{{Kind: sandbox.FaultReorder}, {Kind: sandbox.FaultDelay, Delay: time.Hour}} {
		s, d := still(t, sandbox.Config{}, taken)
		set(t, s, fault)
		open(t, s, "n1")
		pay(t, s) // the schedule's own is held as well
		for range 20 {
			goesBack(t, submit(t, s, "notify", url.Values{"number": {"n1"}}), "/")
		}
		s.ClearFaults()
		if got := d.numbers(); len(got) != 2 {
			t.Errorf("%s: %d came, want the schedule's and one", fault.Kind, len(got))
		}
	}
}
