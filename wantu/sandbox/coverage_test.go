package sandbox_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

var update = flag.Bool("update", false, "write docs/gateway.md anew")

const coverageFile = "../../docs/gateway.md"

const coverageHead = `# The gateway, field by field

` + "`TestEveryFieldAndEveryCode`" + ` writes this page from what it saw the client (` + "`wantu`" + `) and the sandbox (` + "`wantu/sandbox`" + `) do. The last
column is the subtest that saw it.

*Manual* is the manual's table: whether a field is required, and its length in characters. After a semicolon stands where the manual
contradicts its table. *example* is a field that only the manual's examples have.

**In a request:**

- *required*: without the field the client returns a ` + "`*wantu.FieldError`" + ` that names it, and sends nothing.
- *at most*: the client sends a value of just that size, and the sandbox accepts it unless its cell says otherwise. With one
  character or digit more, the client returns a ` + "`*wantu.FieldError`" + `.
- a list of values: the client sends these, and returns a ` + "`*wantu.FieldError`" + ` for others.
- *302*, *303*, *304* and *509*: the sandbox answers this return code, with the field's name in ` + "`return_desc`" + `.

**In an answer:**

- *signed*: a change of the value under the old signature is ` + "`wantu.ErrSignature`" + `. *not signed*: it is not, because no signature covers
  an object or a list.
- *compared*: another value under a good signature is ` + "`wantu.ErrMismatch`" + `.
- *required*: an answer without the field is ` + "`wantu.ErrMalformed`" + `. An answer without ` + "`sign`" + ` is ` + "`wantu.ErrSignature`" + `.
- a Go name: the field that has the answer's value. After a dot stands a member of an object, or of the rows of a list.

## Fields
`

// TestEveryFieldAndEveryCode drives each field of each endpoint and each return
// code through the client and the sandbox, and writes down what it saw: that is
// docs/gateway.md. Run it with -update when the table changes.
func TestEveryFieldAndEveryCode(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	tables := decode[manualTables](t, string(raw))
	var doc strings.Builder
	doc.WriteString(coverageHead)
	codes := codeSheet{}
	var names []string
	for _, e := range tables.Endpoints {
		names = append(names, e.Name)
		groups := e.groups(tables.Common)
		t.Run(e.Name, func(t *testing.T) {
			see(t, groups)
			t.Run("code", func(t *testing.T) { codes.see(t, e.Name) })
		})
		fmt.Fprintf(&doc, "\n### `%s` (manual %s)\n", e.Name, e.Section)
		write(t, &doc, groups)
	}
	groups := tables.notificationGroups()
	t.Run("notification", func(t *testing.T) { see(t, groups) })
	doc.WriteString("\n### The notification (manual 2.6)\n")
	write(t, &doc, groups)
	codes.write(t, &doc)
	if slices.Sort(names); !slices.Equal(names, sandbox.Endpoints()) {
		t.Errorf("the tables are of %s, the sandbox serves %s", names, sandbox.Endpoints())
	}
	compareDoc(t, doc.String())
}

// picked reports whether -run names subtests: then there is no whole table.
func picked() bool { return strings.Contains(flag.Lookup("test.run").Value.String(), "/") }

func compareDoc(t *testing.T, want string) {
	t.Helper()
	if picked() {
		return
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(coverageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(coverageFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/gateway.md is not what the code does (%v): go test ./wantu/sandbox -run TestEveryFieldAndEveryCode -update", err)
	}
}

// coverage is one row: what client and sandbox were seen to do with a field.
type coverage struct {
	endpoint        string
	field           manualField
	client, sandbox string
	test            string // the name of the subtest, once it has run
}

// group is a table of rows that are seen in one way.
type group struct {
	side, head string
	rows       []*coverage
	see        func(*coverage, *testing.T)
}

func groupOf(side, head, endpoint string, see func(*coverage, *testing.T), fields ...manualField) group {
	g := group{side: side, head: head, see: see}
	for _, f := range fields {
		g.rows = append(g.rows, &coverage{endpoint: endpoint, field: f})
	}
	return g
}

// see sees each row in a subtest of its own.
func see(t *testing.T, groups []group) {
	t.Helper()
	for _, g := range groups {
		t.Run(g.side, func(t *testing.T) {
			for _, c := range g.rows {
				t.Run(c.field.Name, func(t *testing.T) {
					t.Parallel()
					_, c.test, _ = strings.Cut(t.Name(), "/")
					g.see(c, t)
				})
			}
		})
	}
}

// write writes the tables. First comes the cell of who sends the field.
func write(t *testing.T, doc *strings.Builder, groups []group) {
	t.Helper()
	for _, g := range groups {
		if len(g.rows) == 0 {
			continue
		}
		order := "client | sandbox"
		if g.side == "answer" || g.side == "wechat" {
			order = "sandbox | client"
		}
		fmt.Fprintf(doc, "\n| %s | manual | %s | test |\n|---|---|---|---|---|\n", cmp.Or(g.head, g.side), order)
		for _, c := range g.rows {
			c.row(t, doc, order)
		}
	}
}

func (c *coverage) row(t *testing.T, doc *strings.Builder, order string) {
	t.Helper()
	if (c.client == "" || c.sandbox == "" || c.test == "") && !picked() {
		t.Errorf("%s %s: a cell is blank", c.endpoint, c.field.Name)
	}
	first, second := c.client, c.sandbox
	if strings.HasPrefix(order, "sandbox") {
		first, second = c.sandbox, c.client
	}
	fmt.Fprintf(doc, "| `%s` | %s | %s | %s | `%s` |\n", c.field.Name, c.field.rule(), first, second, c.test)
}
