package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func addFault(t *testing.T, s *sandbox.Sandbox, f sandbox.Fault) sandbox.Fault {
	t.Helper()
	f, err := s.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// create opens an order at a sandbox that may misbehave.
func (f fixture) create(number string) error {
	_, err := f.client.CreateQRCode(context.Background(), wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat, TotalFee: 1, FeeType: "HKD", Subject: "x", ProductID: "1",
		OutTradeNo: number, NotifyURL: "http://shop.invalid/n",
	})
	return err
}

func TestSpoiledAnswers(t *testing.T) {
	t.Parallel()
	for kind, want := range map[sandbox.FaultKind]error{
		sandbox.FaultCut:        io.ErrUnexpectedEOF,
		sandbox.FaultUnsigned:   wantu.ErrSignature,
		sandbox.FaultForged:     wantu.ErrSignature,
		sandbox.FaultHTML:       wantu.ErrMalformed,
		sandbox.FaultStatus:     wantu.ErrStatus,
		sandbox.FaultRefuse:     wantu.ErrSystem,
		sandbox.FaultHangUp:     io.EOF,
		sandbox.FaultOtherOrder: wantu.ErrMismatch,
	} {
		for _, when := range []sandbox.FaultWhen{sandbox.Before, sandbox.After} {
			t.Run(string(kind)+" "+string(when), func(t *testing.T) {
				t.Parallel()
				f := start(t, sandbox.Config{})
				addFault(t, f.Sandbox, sandbox.Fault{Kind: kind, When: when, Times: 1})
				if err := f.create("n1"); !errors.Is(err, want) && (when == sandbox.After || err == nil) {
					t.Errorf("error %v, want %v", err, want)
				} else if !wantu.OutcomeUnknown(err) {
					t.Errorf("the outcome of %v is not unknown", err)
				}
				_, err := f.Order("n1")
				if opened := err == nil; opened != (when == sandbox.After) {
					t.Errorf("the order is open: %v", opened)
				}
				if err := f.create("n2"); err != nil {
					t.Errorf("the fault strikes again: %v", err)
				}
				if struck := f.Faults()[0]; struck.Struck != 1 || !struck.Spent() {
					t.Errorf("the fault is %+v", struck)
				}
			})
		}
	}
}

// raw returns the status and the body of an answer as they were received.
func (f fixture) raw(t *testing.T, number string) (status int, body string) {
	t.Helper()
	request := f.signed(t, object("create-qrcode", map[string]any{"out_trade_no": number}))
	response, err := http.Post(f.url+"/paygate/create-qrcode", "", strings.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, _ := io.ReadAll(response.Body) // fails if the answer is cut
	return response.StatusCode, string(answer)
}

func TestBodiesOfSpoiledAnswers(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for _, c := range []struct {
		fault    sandbox.Fault
		status   int
		has, not string
	}{
		{sandbox.Fault{Kind: sandbox.FaultCut}, 200, `"device_sn"`, `"sign"`},
		{sandbox.Fault{Kind: sandbox.FaultUnsigned}, 200, `"return_code":200`, `"sign"`},
		{sandbox.Fault{Kind: sandbox.FaultUnsigned, When: sandbox.Before}, 200, `"return_code":200`, `"sign"`},
		{sandbox.Fault{Kind: sandbox.FaultForged}, 200, `"sign":"`, "DOCTYPE"},
		{sandbox.Fault{Kind: sandbox.FaultHTML}, 200, "<h1>502", "return_code"},
		{sandbox.Fault{Kind: sandbox.FaultHTML, Status: 502}, 502, "<h1>502", "return_code"},
		{sandbox.Fault{Kind: sandbox.FaultStatus}, 500, `"return_code":200`, "html"},
		{sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, When: sandbox.After}, 503, `"qrcode_url"`, "html"},
		{sandbox.Fault{Kind: sandbox.FaultRefuse, ReturnCode: 506}, 200, `"return_code":506,"return_msg":"USER_PAYING"`, "qrcode_url"},
		{sandbox.Fault{Kind: sandbox.FaultOtherOrder}, 200, `"out_trade_no":"another_order"`, "<"},
	} {
		c.fault.Times = 1
		fault := addFault(t, f.Sandbox, c.fault)
		status, body := f.raw(t, fault.ID)
		if status != c.status || !strings.Contains(body, c.has) || strings.Contains(body, c.not) {
			t.Errorf("%s: status %d, %s", fault.Kind, status, body)
		}
	}
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultOtherOrder, Times: 1})
	if _, body := f.raw(t, "another_order"); !strings.Contains(body, `"out_trade_no":"one_more_order"`) {
		t.Errorf("for another_order: %s", body)
	}
}

func TestFaultOfOneEndpoint(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultRefuse, Endpoint: "query", ReturnCode: wantu.CodeOrderInvalid})
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultDrop}) // must not strike a call
	if err := f.create("n1"); err != nil {
		t.Error(err)
	}
	for range 3 {
		contains(t, callEndpoint(t, f, "query", map[string]any{"pay_channel": 1}), `"return_code":402`)
	}
	if all := f.Faults(); all[0].Struck != 3 || all[0].Spent() || all[1].Struck != 0 {
		t.Errorf("the faults are %+v", all)
	}
	f.ClearFaults()
	contains(t, callEndpoint(t, f, "query", map[string]any{"pay_channel": 1}), `"return_code":200`)
}

func TestOldestFaultStrikesFirst(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultRefuse, ReturnCode: 501, Times: 2})
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultRefuse, ReturnCode: 502, Times: 1})
	for _, code := range []string{"501", "501", "502", "200"} {
		_, body := f.raw(t, "n1")
		contains(t, body, `"return_code":`+code)
	}
}

func TestFaultStrikesAnInvalidCall(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultUnsigned})
	_, body := serve(t, f, "POST", "/paygate/query", "rain")
	contains(t, body, `"return_code":300`)
	lacks(t, body, "sign")
}

// callWithLateAnswer makes a call in a synctest bubble while FaultLate is set. It calls f
// while the merchant waits. It returns when the call ended, whether there was an answer,
// and whether the order is open.
func callWithLateAnswer(t *testing.T, when sandbox.FaultWhen, ctx context.Context, f func(*sandbox.Sandbox)) (after time.Duration, ok, opened bool) {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultLate, Delay: 30 * time.Second, When: when})
	body, err := wantu.Encode(object("create-qrcode", nil), sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	answered := make(chan bool)
	go func() {
		recorder := httptest.NewRecorder()
		defer func() { answered <- recover() == nil && strings.Contains(recorder.Body.String(), `"return_code":200`) }()
		request := httptest.NewRequest(http.MethodPost, "/paygate/create-qrcode", bytes.NewReader(body))
		s.ServeHTTP(recorder, request.WithContext(ctx))
	}()
	synctest.Wait()
	f(s)
	ok = <-answered
	_, err = s.Order("n1")
	return time.Since(began), ok, err == nil
}

func TestLateAnswers(t *testing.T) {
	t.Parallel()
	for _, when := range []sandbox.FaultWhen{sandbox.Before, sandbox.After} {
		synctest.Test(t, func(t *testing.T) {
			after, ok, opened := callWithLateAnswer(t, when, context.Background(), func(s *sandbox.Sandbox) {
				if _, err := s.Order("n1"); (err == nil) != (when == sandbox.After) {
					t.Errorf("%s: %v while the merchant waits", when, err)
				}
			})
			if after != 30*time.Second || !ok || !opened {
				t.Errorf("%s: answered after %v (%v), the order is open: %v", when, after, ok, opened)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			ctx, hangUp := context.WithCancel(context.Background())
			after, ok, opened := callWithLateAnswer(t, when, ctx, func(*sandbox.Sandbox) { hangUp() })
			if after != 0 || ok || opened != (when == sandbox.After) {
				t.Errorf("%s, hung up: ended after %v (%v), the order is open: %v", when, after, ok, opened)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			after, ok, _ := callWithLateAnswer(t, when, context.Background(), (*sandbox.Sandbox).Close)
			if after != 0 || ok {
				t.Errorf("%s, closed: ended after %v (%v)", when, after, ok)
			}
		})
	}
}

func TestLateAnswerWithAClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, d := startWithClock(t, sandbox.Config{}, "")
		addFault(t, s, sandbox.Fault{Kind: sandbox.FaultLate, Delay: 30 * time.Second, Times: 1})
		answer := make(chan string, 1)
		go func() { answer <- callEndpoint(t, s, "create-qrcode", nil) }()
		<-time.After(time.Hour) // the system's time must not matter
		d.clock.Advance(29 * time.Second)
		synctest.Wait()
		if len(answer) != 0 {
			t.Error("answered too early")
		}
		d.clock.Advance(time.Second)
		contains(t, <-answer, `"return_code":200`)
	})
}

func TestMerchantHangsUpOnALateAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	addFault(t, f.Sandbox, sandbox.Fault{Kind: sandbox.FaultLate, Delay: time.Hour})
	ctx, hangUp := context.WithCancel(context.Background())
	body := f.signed(t, object("create-qrcode", nil))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/paygate/create-qrcode", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, err := http.DefaultClient.Do(request)
		failed <- err
	}()
	for f.Faults()[0].Struck == 0 {
		runtime.Gosched()
	}
	hangUp()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	} // closing the fixture's server waits until the handler has ended
}

// callThatMayAbort calls an endpoint and recovers from http.ErrAbortHandler, as net/http
// does.
func callThatMayAbort(t *testing.T, h http.Handler, endpoint string, change map[string]any) {
	t.Helper()
	defer func() {
		problem := recover()
		if err, _ := problem.(error); problem != nil && !errors.Is(err, http.ErrAbortHandler) {
			panic(problem)
		}
	}()
	callEndpoint(t, h, endpoint, change)
}

func TestPaymentWithASpoiledAnswerIsNotified(t *testing.T) {
	t.Parallel()
	for _, kind := range []sandbox.FaultKind{
		sandbox.FaultCut, sandbox.FaultHangUp, sandbox.FaultUnsigned, sandbox.FaultForged,
		sandbox.FaultOtherOrder, sandbox.FaultHTML, sandbox.FaultStatus, sandbox.FaultRefuse,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s, d := startWithClock(t, sandbox.Config{}, ackBody)
			addFault(t, s, sandbox.Fault{Kind: kind, When: sandbox.After, Times: 1})
			callThatMayAbort(t, s, "pospay", nil)
			if got := d.numbers(); len(got) != 1 {
				t.Errorf("notifications at %v, want one", got)
			}
		})
	}
}

func TestLateCallIsCarriedOutInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, d := startWithClock(t, sandbox.Config{}, "no")
		openOrders(t, s, "n1")
		pay(t, s)
		addFault(t, s, sandbox.Fault{Kind: sandbox.FaultLate, When: sandbox.Before, Delay: 20 * time.Second, Times: 1})
		answer := make(chan string, 1)
		go func() { answer <- callEndpoint(t, s, "pospay", map[string]any{"out_trade_no": "n2"}) }()
		synctest.Wait()
		d.clock.Advance(40 * time.Second)
		if o, err := s.Order("n2"); err != nil || !o.CreatedAt.Equal(noon().Add(20*time.Second)) {
			t.Errorf("after Advance the order was opened at %v, %v", o.CreatedAt, err)
		}
		want := []string{"0s n1", "15s n1", "20s n2", "30s n1", "35s n2"}
		if got := d.numbers(); !slices.Equal(got, want) {
			t.Errorf("notifications at %v, want %v", got, want)
		}
		contains(t, <-answer, `"return_code":200`)
	})
}
