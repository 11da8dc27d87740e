package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
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

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// These tests post hostile notifications over HTTP to a server with a database and a
// gateway. docs/hostile.md lists the cases.

// records are the session and the attempts in the database, and the number of queries.
type records struct {
	Session  checkout.Session
	Attempts []checkout.Attempt
	Queries  int
}

func (f *fixture) readRecords(id string) records {
	f.Helper()
	session := must(f.store.Session(f.Context(), id))
	session.Version = 0 // an event increments it even if it changes nothing else
	attempts := f.attempts(id)
	for i := range attempts { // counting a notification is no change
		attempts[i].Notifications, attempts[i].NotificationAt = checkout.NotificationCounts{}, time.Time{}
	}
	return records{session, attempts, f.gateway.called("query")}
}

// checkEvents checks a session's events in their order, and that each is queued once as a
// webhook. Webhooks have no order: two requests queue theirs as each has committed.
func (f *fixture) checkEvents(id string, want ...checkout.EventType) {
	f.Helper()
	var stored []checkout.EventType
	for _, e := range must(f.store.Events(f.Context(), id)) {
		stored = append(stored, e.Type)
	}
	queued := f.webhooks.types()
	if !slices.Equal(stored, want) || !slices.Equal(slices.Sorted(slices.Values(queued)), slices.Sorted(slices.Values(want))) {
		f.Errorf("stored events %v, queued webhooks %v, want %v", stored, queued, want)
	}
}

// checkState checks the states of a session and its first attempt.
func (f *fixture) checkState(id string, a checkout.AttemptState, s checkout.Status, p checkout.PaymentStatus) {
	f.Helper()
	got := f.readRecords(id)
	if got.Attempts[0].State != a || got.Session.Status != s || got.Session.PaymentStatus != p {
		f.Errorf("the attempt is %s, the session %s and %s, want %s, %s and %s",
			got.Attempts[0].State, got.Session.Status, got.Session.PaymentStatus, a, s, p)
	}
}

// sign returns the signature in a body.
func sign(body string) string { return must(wantu.Decode([]byte(body))).Text("sign") }

// checkRefused posts a body, and checks that it is not acknowledged, changes no record and
// causes no query, and that the log has a line without a key or a signature.
func (n *notified) checkRefused(body string, headers ...string) {
	n.Helper()
	before := n.readRecords(n.id)
	got := n.deliver(body, headers...)
	if got.status != http.StatusBadRequest || got.body != string(wantu.AckFail("refused")) {
		n.Errorf("the answer is %d %s, want 400 and no acknowledgement", got.status, got.body)
	}
	if diff := cmp.Diff(before, n.readRecords(n.id)); diff != "" {
		n.Errorf("the notification changed the records (-before +after):\n%s", diff)
	}
	text := n.log.String()
	if !strings.Contains(text, "notification not accepted") && !strings.Contains(text, "notification refused") {
		n.Errorf("the log has no line about the notification: %s", text)
	}
	if strings.Contains(text, sandbox.DefaultKey) || strings.Contains(text, sign(n.signed(nil))) {
		n.Errorf("the log holds a key or a signature: %s", text)
	}
}

// storedVerdict returns the verdict of the only stored notification.
func (n *notified) storedVerdict() (v checkout.Verdict) {
	n.Helper()
	if err := n.db.Writer().QueryRowContext(n.Context(), "SELECT result FROM timeline WHERE kind = 'notification'").Scan(&v); err != nil {
		n.Error(err)
	}
	return v
}

func TestHostileNotificationRejected(t *testing.T) {
	t.Parallel()
	signedLike := func(literal string) func(*notified) string {
		return func(n *notified) string {
			good := n.signed(nil)
			return strings.Replace(good, `"`+sign(good)+`"`, literal, 1)
		}
	}
	with := func(more string) func(*notified) string {
		return func(n *notified) string { return strings.Replace(n.signed(nil), "{", "{"+more+",", 1) }
	}
	for name, body := range map[string]func(*notified) string{
		"no sign": func(n *notified) string {
			good := n.signed(nil)
			return strings.Replace(good, `"sign":"`+sign(good)+`"`, `"nothing":1`, 1)
		},
		"sign empty":    signedLike(`""`),
		"sign null":     signedLike("null"),
		"sign an array": signedLike(`["AABBCCDDEEFF00112233445566778899"]`),
		"sign an array of it": func(n *notified) string {
			good := n.signed(nil)
			return strings.Replace(good, `"`+sign(good)+`"`, `["`+sign(good)+`"]`, 1)
		},
		"sign a number":          signedLike("12345678901234567890123456789012"),
		"sign of an empty key":   func(n *notified) string { return signedBy(n, "") },
		"sign of another key":    func(n *notified) string { return signedBy(n, "another-key-of-a-merchant") },
		"total_fee twice":        with(`"total_fee":1250`),
		"total_fee twice, first": with(`"total_fee":1`),
		"Total_fee beside it":    with(`"Total_fee":1250`),
		"sign twice":             with(`"sign":"AABBCCDDEEFF00112233445566778899"`),
		"10,000 levels deep":     func(*notified) string { return strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000) },
		"nothing":                func(*notified) string { return "{}" },
		"a form":                 func(*notified) string { return "total_fee=1250&trade_status=SUCCESS" },
		"cut in the middle":      func(n *notified) string { good := n.signed(nil); return good[:len(good)/2] },
		"two of them":            func(n *notified) string { return n.signed(nil) + n.signed(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			n.checkRefused(body(n))
			n.checkEvents(n.id)
			if v := n.storedVerdict(); v != checkout.VerdictRejected {
				t.Errorf("the stored verdict is %s, want rejected", v)
			}
		})
	}
}

// signedBy returns the good message signed with another key. It does not use the client,
// which refuses an empty key.
func signedBy(n *notified, key string) string {
	n.Helper()
	message := n.message(nil)
	fields := must(wantu.Decode(must(wantu.Encode(message, sandbox.DefaultKey)))).Fields()
	message["sign"] = wantu.Sign(fields, key)
	return string(must(json.Marshal(message)))
}

func TestHostileNotificationOneByteChanged(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	good := n.signed(nil)
	for i := range good {
		changed := []byte(good)
		changed[i] ^= 1
		got := n.deliver(string(changed))
		want := http.StatusBadRequest
		if i >= 100 { // the sender may be limited from here on
			want = got.status
		}
		if got.status != want || got.status < 400 || got.body != string(wantu.AckFail("refused")) {
			t.Fatalf("byte %d of %q: %d %s", i, changed, got.status, got.body)
		}
	}
	n.checkState(n.id, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
	n.checkEvents(n.id)
	if asked := n.gateway.called("query"); asked != 0 {
		t.Errorf("the gateway was asked %d times", asked)
	}
}

// TestHostileNotificationLocalhostIsNoWayIn checks that no host and no header replaces the
// signature.
func TestHostileNotificationLocalhostIsNoWayIn(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"Host: localhost":           {"Host", "localhost"},
		"Host: localhost:8080":      {"Host", "localhost:8080"},
		"Host: 127.0.0.1":           {"Host", "127.0.0.1"},
		"X-Forwarded-For and -Host": {"X-Forwarded-For", "127.0.0.1", "X-Forwarded-Host", "localhost", "X-Real-IP", "::1"},
		"debug":                     {"Host", "localhost", "X-Debug", "1", "Cookie", "debug=1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			n.checkRefused(strings.Replace(n.signed(nil), "1250", "1251", 1), headers...)
			n.checkEvents(n.id)
		})
	}
}

// TestHostileNotificationSplitAnew checks messages with a genuine signature and other
// fields. That is possible because the signature covers the joined names and values.
// Such a message is at most a hint.
func TestHostileNotificationSplitAnew(t *testing.T) {
	t.Parallel()
	for name, split := range map[string]struct {
		amount string
		status int
	}{"for a cent": {"1", 400}, "for the whole amount": {"1250", 200}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			body := n.splitAnew(split.amount)
			if err := must(wantu.Decode([]byte(body))).Verify(sandbox.DefaultKey); err != nil {
				t.Fatalf("the signature does not fit: %v", err)
			}
			if got := n.deliver(body); got.status != split.status {
				t.Errorf("%d %s, want %d", got.status, got.body, split.status)
			}
			n.drain()
			if a := n.attempts(n.id)[0]; a.State != checkout.AttemptPending {
				t.Errorf("the attempt is %s, want pending", a.State)
			}
			if s := must(n.store.Session(t.Context(), n.id)); s.Status != checkout.StatusOpen || s.PaymentStatus.Settled() {
				t.Errorf("the session is %s and %s, want open and not settled", s.Status, s.PaymentStatus)
			}
		})
	}
}

// splitAnew returns a message with the signature of a genuine message about an unpaid
// order. The attach of the genuine message holds the text of other fields, which are
// real fields here. The genuine fields become the value of a field that nobody reads.
func (n *notified) splitAnew(amount string) string {
	n.Helper()
	forged := []string{
		"fee_type", "HKD", "merchant_account", sandbox.DefaultMerchantAccount, "out_trade_no", n.attempt.OutTradeNo,
		"return_code", "200", "total_fee", amount, "trade_id", n.attempt.TradeID, "trade_status", "SUCCESS",
	}
	joined := []string{"z"}
	split := map[string]any{"attach": "z"}
	for i := 0; i < len(forged); i += 2 {
		joined = append(joined, forged[i]+"="+forged[i+1])
		split[forged[i]] = forged[i+1]
	}
	genuine := map[string]any{"attach": strings.Join(append(joined, "x=1"), "&"), "merchant_account": sandbox.DefaultMerchantAccount, "total_fee": "5", "trade_status": "NOT_PAY"}
	split["x"] = "1&merchant_account=" + sandbox.DefaultMerchantAccount + "&total_fee=5&trade_status=NOT_PAY"
	split["sign"] = sign(string(must(wantu.Encode(genuine, sandbox.DefaultKey))))
	return string(must(json.Marshal(split)))
}

// drain waits for the queries in the background.
func (f *fixture) drain() {
	f.Helper()
	if err := f.service.Drain(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func TestHostileNotificationOfAnotherOrder(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(*notified) map[string]any{
		"amount a cent low": func(n *notified) map[string]any { return map[string]any{"total_fee": n.attempt.Amount - 1} },
		"other currency":    func(*notified) map[string]any { return map[string]any{"fee_type": "CNY"} },
		"other store":       func(*notified) map[string]any { return map[string]any{"store_account": "HKG0000000102"} },
		"other merchant":    func(*notified) map[string]any { return map[string]any{"merchant_account": "HKG0000000002"} },
		"other number":      func(*notified) map[string]any { return map[string]any{"out_trade_no": "unknown"} },
		"trade_id of another order": func(n *notified) map[string]any {
			other := n.session(`,"channels":["wechat"]`)
			n.post("/c/"+other, "/attempts", map[string][]string{"wallet": {"wechat"}})
			return map[string]any{"trade_id": n.attempts(other)[0].TradeID}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			body := n.signed(replace(n))
			n.checkRefused(body)
			n.checkEvents(n.id, checkout.EventNotificationMismatch)
			if v := n.storedVerdict(); v != checkout.VerdictMismatch {
				t.Errorf("the stored verdict is %s, want mismatch", v)
			}
			n.checkRefused(body) // the shop gets no second event
			n.checkEvents(n.id, checkout.EventNotificationMismatch)
		})
	}
}

func TestHostileNotificationOfAnUnknownOrder(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	for _, token := range []string{"x", strings.Repeat("a", 26), n.attempt.ReturnToken} {
		got := n.send(http.MethodPost, "/n/"+token, n.signed(map[string]any{"out_trade_no": "unknown"}))
		if got.status != http.StatusNotFound || got.body != string(wantu.AckFail("refused")) {
			t.Errorf("token %s: %d %s", token, got.status, got.body)
		}
	}
	if lines := strings.Count(n.log.String(), "no order has this notify_url"); lines != 3 {
		t.Errorf("the log has %d lines about them, want 3", lines)
	}
	n.checkState(n.id, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
}

func TestHostileNotificationNestedFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	for name, nested := range map[string]any{
		"an object":          map[string]any{"trade_status": "SUCCESS"},
		"an array of one":    []any{map[string]any{"trade_status": "SUCCESS"}},
		"with a sign of its": map[string]any{"trade_status": "SUCCESS", "sign": "AABBCCDDEEFF00112233445566778899"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			body := n.signed(map[string]any{"trade_status": "NOT_PAY"})
			unsigned := fmt.Sprintf(`{"x":%s,`, must(json.Marshal(nested)))
			if got := n.deliver(strings.Replace(body, "{", unsigned, 1)); got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			n.drain()
			n.checkState(n.id, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			n.checkEvents(n.id)
			if asked := n.gateway.called("query"); asked != 0 {
				t.Errorf("the gateway was asked %d times", asked)
			}
		})
	}
}

func TestHostileNotificationAThousandAtOnce(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	if _, err := n.sandbox.Pay(n.attempt.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	n.client.Transport = &http.Transport{MaxConnsPerHost: 100, MaxIdleConnsPerHost: 100}
	defer n.client.CloseIdleConnections()
	body := n.signed(nil)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if got := n.deliver(body); got.status != http.StatusOK || got.body != string(wantu.AckSuccess()) {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	wg.Wait()
	n.drain()
	n.checkState(n.id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
	n.checkEvents(n.id, checkout.EventPaid)
	if stored := n.storedNotifications(); stored != checkout.KeptNotifications {
		t.Errorf("%d notifications are stored, want the first %d", stored, checkout.KeptNotifications)
	}
	if counted := n.attempts(n.id)[0].Notifications.Accepted; counted < checkout.KeptNotifications || counted > 1000 {
		t.Errorf("%d notifications are counted, want %d to 1000", counted, checkout.KeptNotifications)
	}
	if asked := n.gateway.called("query"); asked != 1 {
		t.Errorf("the gateway was asked %d times", asked)
	}
}

func TestHostileNotificationNotPaidAfterPaid(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	if _, err := n.sandbox.Pay(n.attempt.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	if _, err := n.service.Confirm(t.Context(), n.attempt.ID, checkout.CauseSchedule); err != nil {
		t.Fatal(err)
	}
	paid := n.readRecords(n.id)
	for _, status := range []string{"NOT_PAY", "PAY_EEROR", "CLOSED"} {
		if got := n.deliver(n.signed(map[string]any{"trade_status": status})); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", status, got.status, got.body)
		}
	}
	n.drain()
	if diff := cmp.Diff(paid, n.readRecords(n.id)); diff != "" {
		t.Errorf("the notifications changed the records (-before +after):\n%s", diff)
	}
	n.checkState(n.id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
	n.checkEvents(n.id, checkout.EventPaid)
}

// TestHostileNotificationThatQueryDenies checks that the attempt stays unpaid, that there
// is an alarm, and that the gateway is queried again until it reports the payment.
func TestHostileNotificationThatQueryDenies(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	if got := n.deliver(n.signed(nil)); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	n.drain()
	n.checkState(n.id, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
	n.checkEvents(n.id)
	if text := n.log.String(); !strings.Contains(text, `"the gateway reports a payment that query does not" alarm=true`) {
		t.Errorf("the log has no alarm: %s", text)
	}
	asked := n.gateway.called("query")
	if _, err := n.sandbox.Pay(n.attempt.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	n.clock.advance(time.Minute)
	if err := n.service.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := n.gateway.called("query"); again != asked+1 {
		t.Errorf("the number of queries was %d and is %d, want one more", asked, again)
	}
	n.checkState(n.id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
	n.checkEvents(n.id, checkout.EventPaid)
}

// endless returns a large body that is not in memory.
func endless(size int64) io.Reader { return io.LimitReader(spaces{}, size) }

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestHostileNotificationMemoryStaysFlat measures the memory for large bodies, so it is
// not parallel.
func TestHostileNotificationMemoryStaysFlat(t *testing.T) {
	n := newNotified(t)
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	if _, err := io.Copy(zip, endless(40<<20)); err != nil || zip.Close() != nil {
		t.Fatal("could not build the gzip bomb")
	}
	deep := strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)
	for name, c := range map[string]struct {
		body   func() io.Reader
		status int
		header http.Header
	}{
		"10 MB":                      {func() io.Reader { return endless(10 << 20) }, 413, nil},
		"1 GB":                       {func() io.Reader { return endless(1 << 30) }, 413, nil},
		"10,000 levels":              {func() io.Reader { return strings.NewReader(deep) }, 400, nil},
		"10,000 levels of arrays":    {func() io.Reader { return strings.NewReader(strings.Repeat("[", 10_000)) }, 400, nil},
		"a gzip bomb":                {func() io.Reader { return bytes.NewReader(bomb.Bytes()) }, 415, http.Header{"Content-Encoding": {"gzip"}}},
		"a gzip bomb without saying": {func() io.Reader { return bytes.NewReader(bomb.Bytes()) }, 400, nil},
	} {
		deliver := func() {
			r := httptest.NewRequest(http.MethodPost, "/n/"+n.attempt.NotifyToken, c.body())
			for name, values := range c.header {
				r.Header[name] = values
			}
			w := httptest.NewRecorder()
			n.web.ServeHTTP(w, r)
			if w.Code != c.status || w.Body.String() != string(wantu.AckFail("refused")) {
				t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.status)
			}
		}
		deliver() // allocates what is allocated only once
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		const times = 10
		for range times {
			deliver()
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / times; each > 2<<20 {
			t.Errorf("%s: %d kB are allocated for a request, want 2 MB at most", name, each>>10)
		} else {
			t.Logf("%s: %d kB are allocated", name, each>>10)
		}
	}
	n.checkState(n.id, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
}
