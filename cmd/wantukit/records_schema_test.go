package main

import (
	"bytes"
	"database/sql"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web/kit"
)

// TestVerbsNeverMigrate: a server of an older version may be running on the
// database.
func TestVerbsNeverMigrate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ older, want string }{
		"the checkout's schema": {`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`, "run `wantukit migrate`"},
		"a newer one":           {`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`, "version 9999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			db, err := kit.Database{Folder: data}.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Writer().ExecContext(t.Context(), c.older); err != nil {
				t.Fatal(err)
			}
			before := schemaRows(t, db.Writer())
			for _, verb := range [][]string{
				{"session", "show", "cs_1"}, {"webhook", "list"}, {"webhook", "replay", "evt_1"}, {"webhook", "enable", "shop"}, {"reconcile", "--list"}, {"keys", "list"},
			} {
				var said bytes.Buffer
				code := run(t.Context(), append(verb, "--data", data), gatewaycli.Streams{Out: &said, Err: &said})
				if code == gatewaycli.ExitDone || !strings.Contains(said.String(), c.want) {
					t.Errorf("%v: exit %d, %s", verb, code, &said)
				}
			}
			if after := schemaRows(t, db.Writer()); after != before {
				t.Errorf("%d migrations, before %d", after, before)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func schemaRows(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM goose_db_version").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
