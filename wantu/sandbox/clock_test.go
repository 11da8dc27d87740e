package sandbox_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// notificationLog is a merchant that records its notifications and answers them.
type notificationLog struct {
	mu     sync.Mutex
	clock  *sandbox.Clock
	lines  []string
	answer func(number string) string
}

func (d *notificationLog) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	message, err := wantu.Decode(body)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%s %s", d.clock.Now().Sub(noon()), body))
	recorder := httptest.NewRecorder()
	_, _ = recorder.WriteString(d.answer(message.Text("out_trade_no")))
	return recorder.Result(), nil
}

// numbers returns the time and the order of each notification, such as "15s n1".
func (d *notificationLog) numbers() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var short []string
	for _, line := range d.lines {
		at, body, _ := strings.Cut(line, " ")
		message, _ := wantu.Decode([]byte(body))
		short = append(short, at+" "+message.Text("out_trade_no"))
	}
	return short
}

// startWithClock returns a sandbox with a Clock, and the log of its notifications.
func startWithClock(t *testing.T, config sandbox.Config, answer string) (*sandbox.Sandbox, *notificationLog) {
	t.Helper()
	config.Clock = sandbox.NewClock(noon())
	d := &notificationLog{clock: config.Clock, answer: func(string) string { return answer }}
	config.HTTPClient = &http.Client{Transport: d}
	s, err := sandbox.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, d
}

// serve calls a handler in memory and returns the status and the body.
func serve(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Host = "localhost"
	h.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

// callEndpoint sends a signed request to an endpoint and returns the body of the answer.
func callEndpoint(t *testing.T, h http.Handler, endpoint string, change map[string]any) string {
	t.Helper()
	body, err := wantu.Encode(object(endpoint, change), sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := serve(t, h, http.MethodPost, "/paygate/"+endpoint, string(body))
	return answer
}

func openOrders(t *testing.T, h http.Handler, numbers ...string) {
	t.Helper()
	for _, number := range numbers {
		contains(t, callEndpoint(t, h, "create-qrcode", map[string]any{"out_trade_no": number}), `"return_code":200`)
	}
}

func TestClockIsUsedForAllTimes(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, `{"return_code":200}`)
	openOrders(t, s, "n1", "n2")
	if o := order(t, s); !o.CreatedAt.Equal(noon()) {
		t.Errorf("opened at %v", o.CreatedAt)
	}
	_, body := serve(t, s, "POST", "/sandbox/clock", `{"advance":"90m"}`)
	contains(t, body, `"now":"2026-03-01T13:30:00Z"`, `"stands":true`)
	pay(t, s)
	if o := order(t, s); !o.PaidAt.Equal(noon().Add(90 * time.Minute)) {
		t.Errorf("paid at %v", o.PaidAt)
	}
	serve(t, s, "POST", "/sandbox/clock", `{"advance":"30m"}`)
	if o, _ := s.Order("n2"); o.Status != sandbox.StatusExpired {
		t.Errorf("after two hours the order is %s", o.Status)
	}
}

func TestClockGoesForward(t *testing.T) {
	t.Parallel()
	c := sandbox.NewClock(noon())
	c.Advance(time.Second)
	c.Advance(-time.Hour)
	if now := c.Now(); !now.Equal(noon().Add(time.Second)) {
		t.Errorf("the clock shows %v", now)
	}
}

func TestAdvancingSendsTheDueRetriesInOrder(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, "no")
	clock := d.clock
	openOrders(t, s, "n1", "n2", "n3")
	for _, number := range []string{"n2", "n1"} {
		if _, err := s.Pay(number); err != nil {
			t.Fatal(err)
		}
		clock.Advance(10 * time.Second)
	}
	clock.Advance(time.Minute)
	want := []string{"0s n2", "10s n1", "15s n2", "25s n1", "30s n2", "40s n1", "1m0s n2", "1m10s n1"}
	if got := d.numbers(); !slices.Equal(got, want) {
		t.Errorf("notifications at %v, want %v", got, want)
	}
	if now := clock.Now(); !now.Equal(noon().Add(80 * time.Second)) {
		t.Errorf("the clock shows %v", now)
	}
	d.answer = func(string) string { return `{"return_code":"SUCCESS"}` }
	clock.Advance(30 * 24 * time.Hour)
	if got := d.numbers()[len(want):]; !slices.Equal(got, []string{"4m0s n2", "4m10s n1"}) {
		t.Errorf("notifications at %v after an acknowledgement", got)
	}
}

func TestMerchantMayMoveTheClockInsideANotification(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, "")
	moved := false
	d.answer = func(string) string {
		if !moved {
			moved = true
			go d.clock.Now() // must not block: Advance does not hold the clock's lock
			d.clock.Advance(15 * time.Second)
		}
		return "no"
	}
	openOrders(t, s, "n1")
	pay(t, s)
	if got := d.numbers(); !slices.Equal(got, []string{"0s n1", "15s n1"}) {
		t.Errorf("notifications at %v", got)
	}
}

func TestCloseStopsTheTimersOfTheClock(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, "no")
	openOrders(t, s, "n1")
	pay(t, s)
	s.Close()
	d.clock.Advance(time.Hour)
	if got := d.numbers(); len(got) != 1 {
		t.Errorf("notifications at %v", got)
	}
}

// runScript makes a run with everything that is random or depends on time. It returns all
// answers and notifications.
func runScript(t *testing.T, seed uint64) string {
	t.Helper()
	s, d := startWithClock(t, sandbox.Config{Rand: sandbox.Seed(seed), PublicURL: "http://localhost:8081"}, "no")
	var out bytes.Buffer
	note := func(status int, body string) { fmt.Fprintln(&out, status, body) }
	note(serve(t, s, "POST", "/sandbox/faults", `{"kind":"forge","times":1,"forgery":"lower"}`))
	note(serve(t, s, "POST", "/sandbox/faults", `{"kind":"duplicate","times":1,"copies":3}`))
	note(serve(t, s, "POST", "/sandbox/faults", `{"kind":"reorder","times":1}`))
	note(0, callEndpoint(t, s, "create-qrcode", nil))
	note(0, callEndpoint(t, s, "web", map[string]any{"out_trade_no": "n2"}))
	note(0, callEndpoint(t, s, "wap", map[string]any{"out_trade_no": "n3"}))
	note(serve(t, s, "GET", "/connect/oauth2/authorize?appid="+sandbox.DefaultWeChatAppID+
		"&redirect_uri=http://a/&response_type=code&scope=snsapi_base", ""))
	for _, number := range []string{"n2", "n1", "n3"} {
		note(serve(t, s, "POST", "/sandbox/orders/"+number+"/pay", ""))
		note(serve(t, s, "POST", "/sandbox/clock", `{"advance":"10s"}`))
	}
	note(serve(t, s, "POST", "/sandbox/clock", `{"advance":"48h"}`))
	for _, path := range []string{"/sandbox/orders", "/sandbox/faults", "/"} {
		note(serve(t, s, "GET", path, ""))
	}
	fmt.Fprint(&out, strings.Join(d.lines, "\n"))
	return out.String()
}

func TestARunCanBeRepeated(t *testing.T) {
	t.Parallel()
	first := runScript(t, 7)
	if second := runScript(t, 7); first != second {
		t.Errorf("two runs differ:\n%s\n\n%s", first, second)
	}
	if other := runScript(t, 8); first == other {
		t.Error("the seed makes no difference")
	}
	contains(t, first, `"trade_status":"SUCCESS"`, "/cashier/", `"struck":1`)
}

func TestClockOverHTTP(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, "no")
	for body, want := range map[string]int{
		`{"advance":"0s"}`: 200, `{"advance":"-1s"}`: 400, `{"advance":"1y"}`: 400, `{"advance":"90000h"}`: 400,
		`{}`: 400, `{"advance":30}`: 400, `{"forward":"1s"}`: 400, `{"advance":{"by":"1s"}}`: 400, `1s`: 400,
		`{"advance":"` + strings.Repeat("1", 70_000) + `"}`: 413,
	} {
		if status, answer := serve(t, s, "POST", "/sandbox/clock", body); status != want {
			t.Errorf("%.40s: status %d, want %d: %s", body, status, want, answer)
		}
	}
	system := start(t, sandbox.Config{})
	if status, body := serve(t, system, "POST", "/sandbox/clock", `{"advance":"1s"}`); status != http.StatusConflict {
		t.Errorf("status %d: %s", status, body)
	}
	_, body := serve(t, system, "GET", "/sandbox/clock", "")
	contains(t, body, `"stands":false`)
}

func TestTimersOfTheSameTimeRunInOrder(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{NotifySchedule: []time.Duration{time.Minute}}, "no")
	var want []string
	for i := range 10 {
		number := fmt.Sprint("n", i)
		openOrders(t, s, number)
		payOrders(t, s, number)
		want = append(want, "1m0s "+number)
	}
	d.clock.Advance(time.Minute)
	if got := d.numbers()[10:]; !slices.Equal(got, want) {
		t.Errorf("notifications at %v, want %v", got, want)
	}
}

func TestPaymentIsNotifiedBeforeTheCallReturns(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	callEndpoint(t, s, "pospay", nil)
	if got := d.numbers(); !slices.Equal(got, []string{"0s n1"}) {
		t.Errorf("pospay: notifications at %v", got)
	}
	callEndpoint(t, s, "pospay", map[string]any{"out_trade_no": "n2", "auth_code": "134642301183000506"})
	for range 2 {
		callEndpoint(t, s, "query", map[string]any{"out_trade_no": "n2"})
	}
	if got := d.numbers(); !slices.Equal(got, []string{"0s n1", "0s n2"}) {
		t.Errorf("query: notifications at %v", got)
	}
}

func TestClockWorksAfterAPanic(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){
		"panic": func() { panic("merchant") }, "Goexit": runtime.Goexit,
	} {
		s, d := startWithClock(t, sandbox.Config{}, "")
		d.answer = func(number string) string {
			if number == "n1" {
				end()
			}
			return ackBody
		}
		openOrders(t, s, "n1", "n2")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer func() { _ = recover() }()
			_, _ = s.Pay("n1")
		}()
		<-ended
		payOrders(t, s, "n2")
		if o, _ := s.Order("n2"); !o.Acknowledged {
			t.Errorf("%s: the clock is stuck", name)
		}
	}
}

func TestClockStaysInYearsOfFourDigits(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	status := http.StatusOK
	for moves := 0; status == http.StatusOK && moves < 900; moves++ {
		var body string
		if status, body = serve(t, s, "POST", "/sandbox/clock", `{"advance":"87600h"}`); body == "" {
			t.Fatalf("no answer in %v", d.clock.Now())
		}
	}
	if year := d.clock.Now().Year(); status != http.StatusBadRequest || year < 9980 {
		t.Errorf("status %d in %d", status, year)
	}
	openOrders(t, s, "n1")
	pay(t, s)
	if _, body := serve(t, s, "GET", "/sandbox/orders/n1", ""); body == "" {
		t.Error("the order cannot be encoded")
	}
}
