package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web/kit"
)

// keyRow is a key as `keys` prints it with --json.
type keyRow struct {
	ID, Merchant, Name, Hint, State, Key string
	Scopes                               []string
	Restricted, Configured               bool
	CreatedAt                            string `json:"created_at"`
	UsedAt                               string `json:"used_at"`
	ExpiresAt                            string `json:"expires_at"`
	RevokedAt                            string `json:"revoked_at"`
}

// keyDesk is an operator who manages the keys in the database of a folder.
type keyDesk struct {
	*testing.T
	data string
}

// keys runs a verb and returns its exit code and what it printed.
func (d keyDesk) keys(args ...string) (code int, out, said string) {
	d.Helper()
	var stdout, stderr bytes.Buffer
	code = run(d.Context(), append(append([]string{"keys"}, args...), "--data", d.data), gatewaycli.Streams{Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// do runs a verb that must succeed, and returns what it printed.
func (d keyDesk) do(args ...string) string {
	d.Helper()
	code, out, said := d.keys(args...)
	if code != gatewaycli.ExitDone {
		d.Fatalf("%q: exit %d: %s", args, code, said)
	}
	return out
}

// create creates a key.
func (d keyDesk) create(args ...string) (k keyRow) {
	d.Helper()
	if err := json.Unmarshal([]byte(d.do(append([]string{"create", "--json"}, args...)...)), &k); err != nil {
		d.Fatal(err)
	}
	return k
}

// list returns the keys by their IDs.
func (d keyDesk) list(args ...string) map[string]keyRow {
	d.Helper()
	var rows []keyRow
	if err := json.Unmarshal([]byte(d.do(append([]string{"list", "--json"}, args...)...)), &rows); err != nil {
		d.Fatal(err)
	}
	byID := map[string]keyRow{}
	for _, k := range rows {
		byID[k.ID] = k
	}
	return byID
}

// newKeyDesk returns a desk with a database of its own, that no server uses.
func newKeyDesk(t *testing.T) keyDesk {
	t.Helper()
	d := keyDesk{t, t.TempDir()}
	db, err := kit.Database{Folder: d.data}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestKeysWhileTheServerRuns: keys work, are replaced and are refused without a restart.
func TestKeysWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	shop := runDemo(t, &demoCommand{Addr: "localhost:0", SandboxAddr: "localhost:0", Data: data})
	d := keyDesk{t, data}
	status := func(method, path, key string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, shop.publicURL+"/v1/checkout/sessions"+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	// A POST with an empty object is 400 for a key that may create, a GET 404 for one that may read.
	canCreate := func(key string) bool { return status(http.MethodPost, "", key) == http.StatusBadRequest }
	isRefused := func(key string) bool { return status(http.MethodPost, "", key) == http.StatusUnauthorized }

	code, out, said := d.keys("create", "--merchant", "demo", "--name", "the shop's server")
	secret := strings.TrimSpace(out)
	if code != gatewaycli.ExitDone || !strings.HasPrefix(secret, "sk_test_") || strings.Contains(said, secret) || !strings.Contains(said, `"the shop's server" of demo, works within`) {
		t.Fatalf("exit %d: %q, %q", code, out, said)
	}
	eventually(t, "the new key works", func() bool { return canCreate(secret) })
	reader := d.create("--merchant", "demo", "--name", "reports", "--scopes", "read,refund", "--expires-in", "720h")
	if !strings.HasPrefix(reader.Key, "rk_test_") || !reader.Restricted || !slices.Equal(reader.Scopes, []string{"read", "refund"}) || reader.ExpiresAt == "" {
		t.Errorf("the restricted key is %+v", reader)
	}
	eventually(t, "the restricted key can read", func() bool { return status(http.MethodGet, "/cs_1", reader.Key) == http.StatusNotFound })
	if got := status(http.MethodPost, "", reader.Key); got != http.StatusForbidden {
		t.Errorf("the key that may read creates a session: %d", got)
	}

	var first keyRow
	for _, k := range d.list() {
		if k.Name == "the shop's server" {
			first = k
		}
	}
	var successor keyRow
	if err := json.Unmarshal([]byte(d.do("roll", first.ID, "--overlap", "10s", "--json")), &successor); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the successor works", func() bool { return canCreate(successor.Key) })
	eventually(t, "the old key ends", func() bool { return isRefused(secret) })
	if rolled := d.list()[first.ID]; rolled.State != "expired" {
		t.Errorf("the rolled key is %+v", rolled)
	}
	d.do("revoke", successor.ID)
	eventually(t, "the revoked key is refused", func() bool { return isRefused(successor.Key) })
	if revoked := d.list()[successor.ID]; revoked.State != "revoked" || revoked.RevokedAt == "" {
		t.Errorf("the revoked key is %+v", revoked)
	}
}

func TestKeysAreListed(t *testing.T) {
	t.Parallel()
	d := newKeyDesk(t)
	hash := apikey.HashOf("of the books")
	file := writeConfig(t, strings.NewReplacer(`"file:gateway.key"`, "0123456789abcdef",
		"[sk_live_0123456789]", "[sk_live_0123456789, {name: books, hash: "+hash.Hex()+", scopes: [read]}]").Replace(liveShop))
	made := d.create("--merchant", "harbour", "--name", "till", "--config", file)
	if !strings.HasPrefix(made.Key, "sk_live_") || made.Hint != "sk_live_…"+made.Key[len(made.Key)-4:] || made.State != "valid" {
		t.Errorf("the new key is %+v", made)
	}
	d.create("--merchant", "demo", "--name", "of another merchant")
	rows := d.list("--config", file, "--merchant", "harbour")
	if len(rows) != 3 || rows[made.ID].Name != "till" || rows[made.ID].Configured ||
		!rows["harbour/books"].Configured || !rows["harbour/books"].Restricted || rows["harbour/api_keys[0]"].Restricted {
		t.Errorf("the keys are %+v", rows)
	}
	table := d.do("list", "--config", file)
	for _, want := range []string{"SCOPES", made.ID, made.Hint, "harbour/books", "in the file", "of another merchant"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table has no %q:\n%s", want, table)
		}
	}
	if strings.Contains(table, made.Key) || strings.Contains(table, "0123456789") || strings.Contains(table, hash.Hex()) {
		t.Errorf("the table shows a key:\n%s", table)
	}
}

// TestUseOfAKeyIsListed: a server records when its keys were last used, also those of its
// file.
func TestUseOfAKeyIsListed(t *testing.T) {
	t.Parallel()
	d := newKeyDesk(t)
	k := d.create("--merchant", "demo", "--name", "till")
	db, err := kit.Database{Folder: d.data}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	_, err = db.Writer().ExecContext(t.Context(), "INSERT INTO api_key_uses (key_id, used_at) VALUES ($1, $2), ($3, $2)", k.ID, at.UnixMilli(), "harbour/api_keys[0]")
	if err != nil {
		t.Fatal(err)
	}
	file := writeConfig(t, strings.Replace(liveShop, `"file:gateway.key"`, "0123456789abcdef", 1))
	rows := d.list("--config", file)
	for _, id := range []string{k.ID, "harbour/api_keys[0]"} {
		if rows[id].UsedAt != "2026-03-01T12:00:00Z" {
			t.Errorf("%s was last used at %q", id, rows[id].UsedAt)
		}
	}
}

// TestDatabaseHasNoKey: whoever reads the database gets no key.
func TestDatabaseHasNoKey(t *testing.T) {
	t.Parallel()
	d := newKeyDesk(t)
	k := d.create("--merchant", "demo", "--name", "till")
	random := strings.TrimPrefix(k.Key, "sk_test_")
	files, err := os.ReadDir(d.data)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	found := false
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(d.data, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(content, []byte(k.ID))
		if bytes.Contains(content, []byte(random)) {
			t.Errorf("%s has the key", file.Name())
		}
	}
	if !found {
		t.Error("the database does not have the key's id: nothing was searched")
	}
}

func TestWrongKeyCommands(t *testing.T) {
	t.Parallel()
	d := newKeyDesk(t)
	file := writeConfig(t, strings.Replace(liveShop, `"file:gateway.key"`, "0123456789abcdef", 1))
	ended := d.create("--merchant", "demo", "--name", "till")
	d.do("revoke", ended.ID)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"an unknown scope":           {[]string{"create", "--merchant", "demo", "--name", "x", "--scopes", "write"}, gatewaycli.ExitUsage, "--scopes"},
		"a name with a slash":        {[]string{"create", "--merchant", "demo", "--name", "a/b"}, gatewaycli.ExitUsage, "--name"},
		"a key that has expired":     {[]string{"create", "--merchant", "demo", "--name", "x", "--expires-in", "-1h"}, gatewaycli.ExitUsage, "--expires-in"},
		"a merchant without a file":  {[]string{"create", "--merchant", "harbour", "--name", "x"}, gatewaycli.ExitUsage, "--merchant needs --config"},
		"a merchant of no file":      {[]string{"create", "--merchant", "peak", "--name", "x", "--config", file}, gatewaycli.ExitUsage, "--merchant peak"},
		"no name":                    {[]string{"create", "--merchant", "demo"}, gatewaycli.ExitUsage, "--name"},
		"a list of an unknown shop":  {[]string{"list", "--merchant", "peak", "--config", file}, gatewaycli.ExitUsage, "--merchant"},
		"a negative overlap":         {[]string{"roll", ended.ID, "--overlap", "-1h"}, gatewaycli.ExitUsage, "--overlap"},
		"rolling a revoked key":      {[]string{"roll", ended.ID}, gatewaycli.ExitNo, "is revoked or expired"},
		"revoking a revoked key":     {[]string{"revoke", ended.ID}, gatewaycli.ExitNo, "is revoked or expired"},
		"rolling an unknown key":     {[]string{"roll", "key_nothing"}, gatewaycli.ExitNo, "no key has the id"},
		"revoking an unknown key":    {[]string{"revoke", "key_nothing"}, gatewaycli.ExitNo, "no key has the id"},
		"rolling a key of the file":  {[]string{"roll", "harbour/till"}, gatewaycli.ExitUsage, "of the configuration file"},
		"revoking a key of the file": {[]string{"revoke", "harbour/till"}, gatewaycli.ExitUsage, "of the configuration file"},
	} {
		code, out, said := d.keys(c.args...)
		if code != c.code || !strings.Contains(said, c.want) || out != "" {
			t.Errorf("%s: exit %d, %q, %q; want %d and %q", name, code, out, said, c.code, c.want)
		}
	}
	if rows := d.list(); len(rows) != 1 {
		t.Errorf("%d keys are stored, want the first one alone", len(rows))
	}
}
