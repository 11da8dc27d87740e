package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/wantukit/wantukit/"

// anything in mayImport allows every package of this module but cmd.
const anything = "anything"

// mayImport lists what each package may import of this module, and nothing else
// is allowed. The picture in docs/architecture.md shows the same.
var mayImport = map[string][]string{
	"wantu":                             {},
	"checkout":                          {"checkout/flow", "checkout/page"},
	"checkout/apikey":                   {},
	"checkout/flow":                     {},
	"checkout/page":                     {},
	"templates":                         {"checkout/flow", "checkout/page"},
	"static":                            {"static/internal/squeeze"},
	"wantu/sandbox":                     {"wantu"},
	"checkout/reconcile":                {"checkout"},
	"checkout/store":                    {"checkout", "checkout/apikey", "checkout/flow", "checkout/store/internal/stmtcache"},
	"checkout/store/internal/stmtcache": {},
	"checkout/storetest":                {"checkout", "checkout/flow"},
	"checkout/storetest/pgtest":         {},
	"checkout/storetest/faultdisk":      {},
	"checkout/modeltest":                {},
	"checkout/modeltest/mutants":        {},
	"checkout/worker":                   {"checkout", "checkout/apikey", "checkout/flow"},
	"checkout/wantupay":                 {"checkout", "checkout/flow", "wantu"},
	"web/client":                        {"checkout/flow", "checkout/page"},
	"web/wasm":                          {"web/client", "checkout/page"},
	"web":                               {"checkout", "checkout/apikey", "checkout/flow", "checkout/page", "templates", "static"},
	"web/kit":                           {anything},
	"web/kit/internal/outage":           {},
	// Tools that `make` runs; nothing imports them.
	"static/internal/squeeze": {},
	"static/internal/pack":    {"static/internal/squeeze"},
}

// tooLarge are packages that the browser's packages never import, each with the
// reason.
var tooLarge = map[string]string{
	"net/http":                   "it would add over half a megabyte to what a phone loads",
	"database/sql":               "the domain states a Store; SQL is checkout/store's",
	"encoding/json":              "its reflection adds 260 kB to what a phone loads",
	"log/slog":                   "the domain reports; the program logs",
	"github.com/a-h/templ":       "pages are drawn on the server alone",
	"fmt":                        "it brings reflection to the browser",
	"reflect":                    "it keeps the linker from dropping what is not used",
	"net/url":                    "it brings fmt to the browser",
	"regexp":                     "it adds 100 kB for what a loop does",
	"github.com/skip2/go-qrcode": "codes are drawn on the server: it adds 200 kB",
}

// browserPackages must not import tooLarge: the page's program is built from them.
// The domain is one of them, and must depend on no technology either.
var browserPackages = []string{"checkout", "checkout/flow", "checkout/page", "web/client", "web/wasm"}

// golist runs go list and returns its lines.
func golist(t *testing.T, env []string, args ...string) []string {
	t.Helper()
	command := exec.Command("go", append([]string{"list"}, args...)...)
	command.Dir, command.Env = "../..", append(os.Environ(), env...)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}

var forBrowser = []string{"GOOS=js", "GOARCH=wasm"}

func TestPackagesImportWhatTheTableAllows(t *testing.T) {
	t.Parallel()
	for _, path := range append(golist(t, nil, "./..."), module+"web/wasm") {
		name := strings.TrimPrefix(path, module)
		if strings.HasPrefix(name, "cmd/") {
			continue
		}
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("the package %s is not in the table", name)
			continue
		}
		var env []string
		if name == "web/wasm" {
			env = forBrowser
		}
		for _, imported := range golist(t, env, "-f", `{{join .Imports "\n"}}`, path) {
			ours, isOurs := strings.CutPrefix(imported, module)
			isAllowed := slices.Contains(allowed, ours) || slices.Contains(allowed, anything) && !strings.HasPrefix(ours, "cmd/")
			if isOurs && !isAllowed {
				t.Errorf("%s imports %s, which the table does not allow", name, ours)
			}
			if imported == "github.com/labstack/echo/v4" && name != "web" {
				t.Errorf("%s imports Echo: only web may", name)
			}
		}
	}
}

func TestClientOfTheGatewayIsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, imported := range golist(t, nil, "-f", `{{join .Imports "\n"}}`, module+"wantu") {
		if strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
			t.Errorf("wantu imports %s, want the standard library only", imported)
		}
	}
}

func TestBrowserPackagesImportNothingLarge(t *testing.T) {
	t.Parallel()
	for _, name := range browserPackages {
		for _, dep := range golist(t, forBrowser, "-deps", module+name) {
			if reason, isTooLarge := tooLarge[dep]; isTooLarge {
				t.Errorf("%s depends on %s: %s", name, dep, reason)
			}
		}
	}
}

// TestRiverIsOfOneVersion: River's parts share tables and internal contracts, and
// are released together.
func TestRiverIsOfOneVersion(t *testing.T) {
	t.Parallel()
	versions := map[string][]string{}
	for _, line := range golist(t, nil, "-m", "-f", "{{.Path}} {{.Version}}", "all") {
		if path, version, _ := strings.Cut(line, " "); strings.HasPrefix(path, "github.com/riverqueue/river") {
			versions[version] = append(versions[version], path)
		}
	}
	if len(versions) != 1 {
		t.Errorf("River's parts have the versions %v, want one", versions)
	}
}
