package pgtest

import (
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PgBouncer starts a PgBouncer in front of the shared server, and returns the URL of
// an empty database behind it. settings are lines of its configuration, such as
// "pool_mode = transaction". It stops when the test ends.
func PgBouncer(t testing.TB, settings ...string) string {
	t.Helper()
	database, err := pgx.ParseConfig(Database(t))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "pb")
	if err != nil {
		t.Fatal(err)
	}
	var p program
	t.Cleanup(func() {
		if err := errors.Join(p.stop(), os.RemoveAll(folder)); err != nil {
			t.Error(err)
		}
	})
	databaseURL := "postgres://wantukit@/" + database.Database + "?" + url.Values{"host": {folder}, "port": {"6432"}}.Encode()
	if err := startBouncer(&p, folder, database.Host, settings); err != nil {
		t.Fatal(err)
	}
	if err := p.awaitReady(databaseURL); err != nil {
		t.Fatal(err)
	}
	return databaseURL
}

// startBouncer starts a PgBouncer on a Unix socket in folder, in front of the server
// whose socket is in the folder host.
func startBouncer(p *program, folder, host string, settings []string) error {
	bouncer, err := findBouncer()
	if err != nil {
		return err
	}
	users, config := filepath.Join(folder, "users"), filepath.Join(folder, "pgbouncer.ini")
	text := "[databases]\n* = host=" + host + "\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = " + folder +
		"\nauth_type = trust\nauth_file = " + users + "\n"
	text += strings.Join(settings, "\n") + "\n"
	// Readable by the server's user. The files contain no secret.
	err = errors.Join(os.WriteFile(users, []byte(`"wantukit" ""`), 0o644), os.WriteFile(config, []byte(text), 0o644), chownToServer(folder)) // #nosec G306
	if err != nil {
		return err
	}
	return p.run(folder, bouncer, config)
}

// findBouncer returns the path of PgBouncer. On Debian it is not in the PATH of most
// users.
func findBouncer() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	path, err := exec.LookPath("/usr/sbin/pgbouncer")
	if err != nil {
		return "", errors.New("pgbouncer is neither in PATH nor in /usr/sbin: run `make tools`")
	}
	return path, nil
}
