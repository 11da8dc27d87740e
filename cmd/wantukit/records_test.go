package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web/kit"
)

// countWebhooks counts the events that have a webhook: a pending one, a job, or a try.
const countWebhooks = `SELECT count(*) FROM (SELECT event_id FROM delivery_pending UNION SELECT event_id FROM delivery_tries
	UNION SELECT args->>'event_id' FROM river_job WHERE kind = 'webhook') AS webhooks`

// webhook runs a webhook verb on the database in a folder.
func webhook(t *testing.T, data string, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	var said bytes.Buffer
	code = run(t.Context(), append(append([]string{"webhook"}, args...), "--data", data), gatewaycli.Streams{Out: out, Err: &said})
	return code, said.String()
}

// TestWebhooksOfAShopThatWasGone runs an operator's verbs while a server runs: a
// disabled endpoint is enabled, and gets the events that it missed.
func TestWebhooksOfAShopThatWasGone(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	var file string
	db := b.demo.kit.DB().Writer()
	if err := db.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		t.Fatal(err)
	}
	data := filepath.Dir(file)
	if err := b.demo.kit.Store().DisableWebhooks(t.Context(), "demo", checkout.DefaultEndpoint, time.Now(), "the shop answered 410"); err != nil {
		t.Fatal(err)
	}
	id := b.session("wechat")
	b.pay(b.start(id, flow.WalletWeChat))
	b.awaitPaid(id)
	var list struct {
		Parked []struct {
			Event, Type, Merchant, Session, Reason string
			Tries                                  int
		}
		Disabled []struct{ Merchant, Reason string }
	}
	eventually(t, "the event is parked", func() bool {
		var out bytes.Buffer
		if code, said := webhook(t, data, &out, "list", "--json"); code != gatewaycli.ExitDone {
			t.Fatalf("exit %d: %s", code, said)
		}
		if err := json.Unmarshal(out.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		return len(list.Parked) == 1
	})
	if p := list.Parked[0]; p.Session != id || p.Type != "session.paid" || p.Merchant != "demo" || p.Tries != 0 || len(list.Disabled) != 1 {
		t.Errorf("listed %+v", list)
	}
	for _, step := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"list"}, gatewaycli.ExitDone, "demo is disabled since "},
		{[]string{"replay", list.Parked[0].Event}, gatewaycli.ExitFailed, "wantukit webhook enable demo"},
		{[]string{"replay", "--all"}, gatewaycli.ExitDone, "1 event of demo left parked"},
		{[]string{"enable", "demo"}, gatewaycli.ExitDone, "wantukit webhook replay --all --merchant demo"},
		{[]string{"enable", "demo"}, gatewaycli.ExitNo, "is not disabled"},
		{[]string{"replay", "--all", "--merchant", "demo"}, gatewaycli.ExitDone, "1 event will be sent again"},
		{[]string{"replay", "--all"}, gatewaycli.ExitDone, "0 events will be sent again"},
	} {
		var out bytes.Buffer
		if code, said := webhook(t, data, &out, step.args...); code != step.code || !strings.Contains(out.String()+said, step.want) {
			t.Errorf("%v: exit %d, want %d: %s%s", step.args, code, step.code, &out, said)
		}
	}
	eventually(t, "the shop is told", func() bool {
		var told int
		err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM delivery_tries WHERE error = ''").Scan(&told)
		return err == nil && told == 1
	})
	var out bytes.Buffer
	code, said := webhook(t, data, &out, "tries", list.Parked[0].Event, "--json")
	var tries []struct {
		Try, Status int
		Error       string
	}
	if err := json.Unmarshal(out.Bytes(), &tries); err != nil || code != gatewaycli.ExitDone {
		t.Fatalf("exit %d, %v: %s%s", code, err, &out, said)
	}
	if len(tries) != 1 || tries[0].Try != 1 || tries[0].Status/100 != 2 || tries[0].Error != "" {
		t.Errorf("the tries are %+v", tries)
	}
}

func TestWebhookVerbsThatAreWrong(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	const none = `merchants: [{id: harbour, name: A, api_keys: [sk_live_0123456789], return_hosts: [shop.example.com],
		gateway: {base_url: "http://127.0.0.1:1/paygate", merchant_account: H1, store_account: H2, key: the-key-of-today-1}}]`
	shops := filepath.Join(data, "shops.yaml")
	if err := os.WriteFile(shops, []byte(none), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := webhook(t, filepath.Join(data, "nowhere"), io.Discard, "list"); code != gatewaycli.ExitUsage || !strings.Contains(said, "--data") {
		t.Errorf("no database: exit %d: %s", code, said)
	}
	if _, err := os.Stat(filepath.Join(data, "nowhere")); err == nil {
		t.Error("looking for a database made one")
	}
	parkOne(t, data)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"list", "--merchant", "harbor", "--config", shops}, gatewaycli.ExitUsage, "one of harbour"},
		{[]string{"enable", "harbor", "--config", shops}, gatewaycli.ExitUsage, "one of harbour"},
		{[]string{"enable"}, gatewaycli.ExitUsage, "merchant"},
		{[]string{"replay"}, gatewaycli.ExitUsage, "--all"},
		{[]string{"replay", "evt_1", "--all"}, gatewaycli.ExitUsage, "--all"},
		{[]string{"replay", "evt_1", "--merchant", "harbour"}, gatewaycli.ExitUsage, "--merchant"},
		{[]string{"replay", "evt_1", "evt_nobody"}, gatewaycli.ExitFailed, "evt_nobody"},
		{[]string{"tries"}, gatewaycli.ExitUsage, "event"},
		{[]string{"tries", "evt_nobody"}, gatewaycli.ExitFailed, "evt_nobody"},
		{[]string{"replay", "evt_1", "--config", shops}, gatewaycli.ExitFailed, "has no webhook endpoint"},
		{[]string{"list", "--config", filepath.Join(data, "nothing.yaml"), "--merchant", "harbour"}, gatewaycli.ExitUsage, "nothing.yaml"},
	} {
		if code, said := webhook(t, data, io.Discard, c.args...); code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%v: exit %d, want %d: %s", c.args, code, c.code, said)
		}
	}
	var out bytes.Buffer
	if code, said := webhook(t, data, &out, "list", "--config", shops); code != gatewaycli.ExitDone || !strings.Contains(out.String(), "evt_1") {
		t.Errorf("nothing was to change: exit %d: %s%s", code, &out, said)
	}
	recordTry(t, data, checkout.WebhookTry{
		EventID: "evt_1", Endpoint: checkout.DefaultEndpoint, Number: 10, At: time.Now(), Status: 502, Took: 15 * time.Millisecond, Answer: "\x1b[2Joh no", Error: "the shop answered 502",
	})
	if code, said := webhook(t, data, &out, "tries", "evt_1"); code != gatewaycli.ExitDone || !strings.Contains(out.String(), "oh no") {
		t.Errorf("the tries: exit %d: %s%s", code, &out, said)
	}
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f }); i >= 0 {
		t.Errorf("a control character at %d in %q", i, &out)
	}
	if code, said := webhook(t, data, brokenPipe{}, "replay", "evt_1"); code != gatewaycli.ExitUnknown {
		t.Errorf("done and not told: exit %d: %s", code, said)
	}
}

// parkOne makes a database with the parked event evt_1 of the merchant harbour.
func parkOne(t *testing.T, data string) {
	t.Helper()
	ctx := t.Context()
	db, err := kit.Database{Folder: data}.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := worker.NewQueue(ctx, db, checkout.NewSteadyClock(time.Now, func(time.Duration) {}), nil); err != nil {
		t.Fatal(err)
	}
	s := store.New(db, nil)
	e := checkout.Event{ID: "evt_1", Type: checkout.EventPaid, Merchant: "harbour", SessionID: "cs_1"}
	if err := s.CreateSession(ctx, checkout.Session{ID: "cs_1", Merchant: "harbour"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Apply(ctx, checkout.Change{Events: []checkout.Event{e}}); err != nil {
		t.Fatal(err)
	}
	if err := s.ParkWebhook(ctx, e, checkout.DefaultEndpoint, time.Now(), 10, "malformed answer \x1b]0;owned\x07\u009b2J"); err != nil {
		t.Fatal(err)
	}
}

// recordTry records a try in the database in a folder.
func recordTry(t *testing.T, data string, try checkout.WebhookTry) {
	t.Helper()
	db, err := kit.Database{Folder: data}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := store.New(db, nil).RecordWebhookTries(t.Context(), []checkout.WebhookTry{try}, nil); err != nil {
		t.Fatal(err)
	}
}
