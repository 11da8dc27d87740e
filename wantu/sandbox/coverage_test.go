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

var update = flag.Bool("update", false, "write docs/gateway.md")

const coverageFile = "../../docs/gateway.md"

const coverageHead = `# The gateway, field by field

` + "`TestEveryFieldAndEveryCode`" + ` writes this file. It calls the client (` + "`wantu`" + `) and the sandbox (` + "`wantu/sandbox`" + `) and records what they do. The last column
names the subtest that checked the row. The column "manual" is the manual's table: whether a field is required, and its greatest length in characters. After a
semicolon it says how the rest of the manual contradicts the table. *example* means that only the manual's examples have the field.

These words describe a request:

- *required*: without the field the client returns a ` + "`*wantu.FieldError`" + ` with its name, and sends nothing.
- *at most*: the client sends a value of exactly this size, and the sandbox accepts it unless its cell says otherwise. For one character or digit more, the
  client returns a ` + "`*wantu.FieldError`" + `.
- A list of values: the client sends these values, and returns a ` + "`*wantu.FieldError`" + ` for others.
- *302*, *303*, *304* and *509*: the sandbox answers this return code, with the field's name in ` + "`return_desc`" + `.

These words describe an answer:

- A Go name: the client returns the value in this field. After a dot is a member of an object, or of the rows of a list.
- *signed*: if the value changes but not the signature, the client returns ` + "`wantu.ErrSignature`" + `.
- *not signed*: the client does not see such a change, because no signature covers an object or a list.
- *compared*: for another value with a good signature the client returns ` + "`wantu.ErrMismatch`" + `.
- *required*: without the field the client returns ` + "`wantu.ErrMalformed`" + `, or ` + "`wantu.ErrSignature`" + ` without ` + "`sign`" + `.

## Fields
`

// TestEveryFieldAndEveryCode checks each field of each endpoint and each return code with
// the client and the sandbox. It compares what they do with docs/gateway.md. With -update
// it writes that file.
func TestEveryFieldAndEveryCode(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/tables.json")
	if err != nil {
		t.Fatal(err)
	}
	tables := decode[manualTables](t, string(raw))
	var doc strings.Builder
	doc.WriteString(coverageHead)
	codes := codeTable{}
	var names []string
	for _, e := range tables.Endpoints {
		names = append(names, e.Name)
		groups := e.groups(tables.Common)
		t.Run(e.Name, func(t *testing.T) {
			checkAll(t, groups)
			t.Run("code", func(t *testing.T) { codes.check(t, e.Name) })
		})
		fmt.Fprintf(&doc, "\n### `%s` (manual %s)\n", e.Name, e.Section)
		write(t, &doc, groups)
	}
	groups := tables.notificationGroups()
	t.Run("notification", func(t *testing.T) { checkAll(t, groups) })
	doc.WriteString("\n### The notification (manual 2.6)\n")
	write(t, &doc, groups)
	codes.write(t, &doc)
	if slices.Sort(names); !slices.Equal(names, sandbox.Endpoints()) {
		t.Errorf("the tables have the endpoints %s, the sandbox has %s", names, sandbox.Endpoints())
	}
	compareDoc(t, doc.String())
}

// runsOnlySubtests reports whether -run names subtests: then the tables are not complete.
func runsOnlySubtests() bool { return strings.Contains(flag.Lookup("test.run").Value.String(), "/") }

func compareDoc(t *testing.T, want string) {
	t.Helper()
	if runsOnlySubtests() {
		return
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(coverageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(coverageFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/gateway.md differs from what the code does (%v); to update it: go test ./wantu/sandbox -run TestEveryFieldAndEveryCode -update", err)
	}
}

// coverage is one row: what the client and the sandbox do with a field.
type coverage struct {
	endpoint        string
	field           manualField
	client, sandbox string
	test            string // the name of the subtest, once it has run
}

// group is a table whose rows are checked in the same way.
type group struct {
	side, head string
	rows       []*coverage
	check      func(*coverage, *testing.T)
}

func groupOf(side, head, endpoint string, see func(*coverage, *testing.T), fields ...manualField) group {
	g := group{side: side, head: head, check: see}
	for _, f := range fields {
		g.rows = append(g.rows, &coverage{endpoint: endpoint, field: f})
	}
	return g
}

// checkAll checks each row in its own subtest.
func checkAll(t *testing.T, groups []group) {
	t.Helper()
	for _, g := range groups {
		t.Run(g.side, func(t *testing.T) {
			for _, c := range g.rows {
				t.Run(c.field.Name, func(t *testing.T) {
					t.Parallel()
					_, c.test, _ = strings.Cut(t.Name(), "/")
					g.check(c, t)
				})
			}
		})
	}
}

// write writes the tables. The side that sends the field has the first column.
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
	if (c.client == "" || c.sandbox == "" || c.test == "") && !runsOnlySubtests() {
		t.Errorf("%s %s: a cell is empty", c.endpoint, c.field.Name)
	}
	first, second := c.client, c.sandbox
	if strings.HasPrefix(order, "sandbox") {
		first, second = c.sandbox, c.client
	}
	fmt.Fprintf(doc, "| `%s` | %s | %s | %s | `%s` |\n", c.field.Name, c.field.rule(), first, second, c.test)
}
