package templates_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

var styleElement = regexp.MustCompile(`(?s)<style>.*?</style>`)

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, render(t, templates.Checkout(sample)))
		})
	}
	t.Run("problem", func(t *testing.T) {
		t.Parallel()
		golden(t, "problem", render(t, templates.Problem(templates.ProblemPage{Lang: templates.LangTraditional, Status: 404})))
	})
}

// golden compares a page with its golden file, one tag a line and without the style
// sheet.
func golden(t *testing.T, name, html string) {
	t.Helper()
	html = styleElement.ReplaceAllString(html, "<style></style>")
	html = strings.ReplaceAll(html, "><", ">\n<") + "\n"
	file := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(file, []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), html); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./templates -update accepts the change:\n%s", file, diff)
	}
}
