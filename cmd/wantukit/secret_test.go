package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
	"github.com/wantukit/wantukit/web"
)

func TestSecretIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "secret")
	first, err := loadSecret(path)
	if err != nil || len(first) != web.MinSecret {
		t.Fatalf("%d bytes (%v)", len(first), err)
	}
	second, err := loadSecret(path)
	if err != nil || string(second) != string(first) {
		t.Errorf("the second start has another secret (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil { // as an older version or a copy may have left it
		t.Fatal(err)
	}
	if _, err := loadSecret(path); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file stays %v (%v)", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecret(path); err == nil {
		t.Error("a short secret is taken")
	}
}

func TestSecretThatNodesShare(t *testing.T) {
	t.Parallel()
	const long = "a secret of more than 32 bytes, for all"
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	postgres := dbcli.DatabaseFlags{DatabaseURL: "postgres://db.example.com/kit"}
	for name, c := range map[string]struct {
		serve serveCommand
		want  string // "" for an error
	}{
		"in the environment":                    {serveCommand{DatabaseFlags: postgres, Secret: long}, long},
		"in the environment, with a line's end": {serveCommand{DatabaseFlags: postgres, Secret: long + "\r\n"}, long},
		"that is an example's":                  {serveCommand{Secret: "changeme-changeme-changeme-changeme"}, ""},
		"in a file":                             {serveCommand{DatabaseFlags: postgres, SecretFile: file(long)}, long},
		"in a file with an editor's end":        {serveCommand{DatabaseFlags: postgres, SecretFile: file(long + "\r\n")}, long},
		"of random bytes that end a line":       {serveCommand{SecretFile: file(long[:31] + "\n")}, long[:31] + "\n"},
		"not named, for PostgreSQL":             {serveCommand{DatabaseFlags: postgres}, ""},
		"too short in the environment":          {serveCommand{Secret: "canary"}, ""},
		"too short in a file":                   {serveCommand{SecretFile: file("canary")}, ""},
		"in a file that is not there":           {serveCommand{SecretFile: "no such file"}, ""},
		"in a file and in the environment":      {serveCommand{SecretFile: file(long), Secret: long}, ""},
	} {
		got, err := c.serve.secret()
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q (%v)", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v shows it", name, err)
		}
	}
}
