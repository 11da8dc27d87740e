package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

var articleID = regexp.MustCompile(`<article class="order" id="order-(\w+)"`)

// listed returns the numbers of the orders on the root page, in its order.
func listed(body string) []string {
	var numbers []string
	for _, m := range articleID.FindAllStringSubmatch(body, -1) {
		numbers = append(numbers, m[1])
	}
	return numbers
}

// TestIndexSearches: each word is a part of the number or of the subject, or the
// beginning of the amount.
func TestIndexSearches(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	for number, change := range map[string]map[string]any{
		"HN1": {"subject": "Harbour Nights, Row C", "total_fee": 48000, "fee_type": "HKD"},
		"HN2": {"subject": "演唱会票 Concert", "total_fee": 123456, "fee_type": "HKD"},
		"mx3": {"subject": "Poster of 480 pixels", "total_fee": 1200, "fee_type": "JPY"},
	} {
		change["out_trade_no"] = number
		callEndpoint(t, s, "create-qrcode", change)
	}
	for search, want := range map[string]string{
		"": "HN1 HN2 mx3", "   ": "HN1 HN2 mx3",
		"hn": "HN1 HN2", "HN1": "HN1", "X3": "mx3",
		"harbour": "HN1", "NIGHTS, row": "HN1", "演唱会": "HN2", "row concert": "",
		"480": "HN1 mx3", "480.00": "HN1", "480.0": "HN1", "48000": "", "80.00": "", "1,234.56": "HN2", "1234": "HN2", "1200": "mx3",
		"hkd": "HN1 HN2", "HKD 480": "HN1", "HKD480.00": "HN1", "HK$480.00": "HN1", "HK$1,234.56": "HN2", "¥1200": "mx3", "JPY1200": "mx3",
		"HK$": "", "$": "", "concert 1234": "HN2", "concert 480": "", "zzz": "",
	} {
		got := listed(index(t, s, "?q="+url.QueryEscape(search)))
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q finds %v, want %q", search, got, want)
		}
	}
}

// TestIndexReadsABoundedSearch: what is beyond the largest size of a subject is not read.
func TestIndexReadsABoundedSearch(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1")
	for size, want := range map[int]int{127: 0, 128: 1} {
		if got := listed(index(t, s, "?q=n1"+strings.Repeat("+", size-len("n1"))+"zzz")); len(got) != want {
			t.Errorf("a word after %d characters: found %v", size, got)
		}
	}
}

// TestIndexListsTheNewestFirst: with the time, which has the date unless it is today's.
func TestIndexListsTheNewestFirst(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	for _, step := range []time.Duration{0, time.Second, 4 * time.Hour, 366 * 24 * time.Hour} { // in UTC+8 it is 20:00
		d.clock.Advance(step)
		openOrders(t, s, fmt.Sprint("n", len(s.Orders())))
	}
	body := index(t, s, "")
	if got := listed(body); !slices.Equal(got, []string{"n3", "n2", "n1", "n0"}) {
		t.Errorf("listed %v", got)
	}
	contains(t, body, ">00:00:01</time>", ">2026-03-02 00:00</time>", ">2026-03-01 20:00</time>")
	s, _ = startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1")
	contains(t, index(t, s, ""), ">20:00:00</time>")
	serve(t, s, "POST", "/sandbox/clock", `{"advance":"4h"}`)
	contains(t, index(t, s, ""), ">03-01 20:00</time>")
}

// TestIndexFoldsWhatIsNoOrder: the parts beside the orders are folded until their forms
// were used. A single order that is found is shown with its details.
func TestIndexFoldsWhatIsNoOrder(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1", "n2")
	body := index(t, s, "")
	contains(t, body, `<details class="fold" id="account">`, `<details class="fold" id="faults">`, `<details class="fold" id="switches">`)
	lacks(t, body, " open>")
	if strings.Index(body, `id="orders"`) > strings.Index(body, `id="account"`) {
		t.Error("the account comes before the orders")
	}
	contains(t, index(t, s, "?open=faults"), `id="faults" open>`)
	contains(t, index(t, s, "?open=switches"), `id="switches" open>`)
	contains(t, index(t, s, "?q=n2"), `<details class="details" open>`)
	contains(t, submit(t, s, "fault", url.Values{"kind": {"rain"}}).Body.String(), `id="faults" open>`, `id="problem"`)
	contains(t, submit(t, s, "advance", url.Values{"advance": {"soon"}}).Body.String(), `id="switches" open>`)
	contains(t, body, `id="notices"></div>`)
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDrop})
	s.Notifications(false)
	contains(t, index(t, s, ""), "1 fault is set", "Notifications are off")
}

// TestIndexIsSentOnlyWhenItChanged: the script of the page asks with the tag of the page
// that it has.
func TestIndexIsSentOnlyWhenItChanged(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	ask := func(path, tag string) *httptest.ResponseRecorder {
		t.Helper()
		request := httptest.NewRequest(http.MethodGet, path, nil)
		request.Host = "localhost"
		request.Header.Set("If-None-Match", tag)
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		return recorder
	}
	for _, change := range []func(){
		func() {},
		func() { openOrders(t, s, "n1") },
		func() { pay(t, s) },
		func() { callEndpoint(t, s, "query", map[string]any{"out_trade_no": "n1", "trade_id": ""}) },
		func() { addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDrop}) },
		func() { s.Notifications(false) },
		func() { d.clock.Advance(3 * time.Hour) },
	} {
		before := ask("/", "").Header().Get("ETag")
		if unchanged := ask("/", before); before == "" || unchanged.Code != http.StatusNotModified || unchanged.Body.Len() > 0 {
			t.Fatalf("tag %q: status %d with %d bytes, want 304", before, unchanged.Code, unchanged.Body.Len())
		}
		change()
		if got := ask("/", before); len(s.Orders()) > 0 && got.Code != http.StatusOK {
			t.Errorf("status %d after a change, want the page", got.Code)
		}
	}
	if other := ask("/?q=n1", ask("/", "").Header().Get("ETag")); other.Code != http.StatusOK {
		t.Errorf("status %d for another search, want the page", other.Code)
	}
}

// BenchmarkIndex measures the root page with as many orders as the sandbox remembers by
// default: without a search, and with a search that no order fits.
func BenchmarkIndex(b *testing.B) {
	s, err := sandbox.New(sandbox.Config{NotifySchedule: []time.Duration{}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	for i := range 10_000 {
		body, err := wantu.Encode(object("create-qrcode", map[string]any{"out_trade_no": fmt.Sprint("n", i)}), sandbox.DefaultKey)
		if err != nil {
			b.Fatal(err)
		}
		request := httptest.NewRequest(http.MethodPost, "/paygate/create-qrcode", strings.NewReader(string(body)))
		s.ServeHTTP(httptest.NewRecorder(), request)
	}
	for name, path := range map[string]string{"newest": "/", "no match": "/?q=harbour+480"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				recorder := httptest.NewRecorder()
				request := httptest.NewRequest(http.MethodGet, path, nil)
				request.Host = "localhost"
				if s.ServeHTTP(recorder, request); recorder.Code != http.StatusOK {
					b.Fatal(recorder.Body)
				}
			}
		})
	}
}
