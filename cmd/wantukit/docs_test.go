package main

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/static"
)

// The tests of this file hold README.md and docs to the code: tables, examples
// and links.

// TestREADMEsExampleTakesAPayment runs the example with the demo in place of
// `make run`.
func TestREADMEsExampleTakesAPayment(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("curl is not installed: run `make tools`")
	}
	d := runDemo(t, &demoCommand{
		Addr: "localhost:0", SandboxAddr: "localhost:0", Data: t.TempDir(), hostFlag: hostFlag{Host: hostsOfThisMachine()[0]},
	})
	example := strings.NewReplacer("http://localhost:8080", d.listener.localURL(), "http://localhost:8081", d.sandboxListener.localURL()).
		Replace(section(readDoc(t, "README.md"), "```sh\n", "```"))
	out, err := exec.CommandContext(t.Context(), "sh", "-eu", "-c", example).CombinedOutput()
	for _, want := range []string{`"object":"checkout.session"`, `"payment_status":"paid"`, `"object":"refund"`, `"status":"succeeded"`, `"amount":24000`} {
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v, want %s in\n%s", err, want, out)
		}
	}
}

func TestAPIDocumentListsTheFields(t *testing.T) {
	t.Parallel()
	header := "| field | required | value |"
	compareLists(t, firstColumn(t, "docs/api.md#create-a-session", header), jsonNames(t, "web", "sessionRequest"))
	compareLists(t, firstColumn(t, "docs/api.md#create-a-refund", header), jsonNames(t, "web", "refundRequest"))
	for of, names := range map[string][]string{
		"docs/api.md#the-session":       jsonNames(t, "checkout", "PublicSession"),
		"docs/api.md#the-refund":        jsonNames(t, "checkout", "PublicRefund"),
		"docs/api.md#errors":            jsonNames(t, "web", "problem"),
		"docs/operating.md#differences": jsonNames(t, "checkout", "Difference"),
	} {
		text := readDoc(t, of)
		for _, name := range names {
			if !strings.Contains(text, `"`+name+`"`) && !strings.Contains(text, "`"+name+"`") {
				t.Errorf("%s does not name %s", of, name)
			}
		}
	}
}

// TestAPIDocumentSaysWhatIsRequired leaves out each field of a session in turn.
func TestAPIDocumentSaysWhatIsRequired(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	whole := map[string]any{
		"amount": 1000, "currency": "HKD", "subject": "s", "success_url": b.demo.publicURL + "/", "cancel_url": b.demo.publicURL + "/",
		"client_reference_id": "1", "channels": []string{"wechat"}, "locale": "en",
		"metadata": map[string]string{"a": "b"},
	}
	for _, row := range table(t, "docs/api.md#create-a-session", "| field | required | value |") {
		field := strings.Trim(row[0], "`")
		part := maps.Clone(whole)
		delete(part, field)
		var got json.RawMessage
		status := b.api(http.MethodPost, "/v1/checkout/sessions", part, &got)
		refused := status == http.StatusBadRequest && strings.Contains(string(got), `"field":"`+field+`"`)
		if taken := status == http.StatusCreated; taken == (row[1] == "yes") || !taken && !refused {
			t.Errorf("without %s, of which the document says that it is required: %s, the API answers %d %s", field, row[1], status, got)
		}
	}
	var session, got struct{ ID, Field string }
	b.api(http.MethodPost, "/v1/checkout/sessions", whole, &session)
	for _, row := range table(t, "docs/api.md#create-a-refund", "| field | required | value |") {
		field := strings.Trim(row[0], "`")
		part := map[string]any{"amount": 1, "client_reference_id": "1", "payment": "first"}
		delete(part, field)
		status := b.api(http.MethodPost, "/v1/checkout/sessions/"+session.ID+"/refunds", part, &got)
		if required := status == http.StatusBadRequest && got.Field == field; required != (row[1] == "yes") {
			t.Errorf("a refund without %s: %d %s", field, status, got.Field)
		}
	}
}

// TestAPIDocumentListsTheProblems compares the document with the page that explains the
// problems.
func TestAPIDocumentListsTheProblems(t *testing.T) {
	t.Parallel()
	_, page := newBuyer(t).get("/docs/problems")
	for _, row := range table(t, "docs/api.md#errors", "| code | status | meaning |") {
		code := strings.Trim(row[0], "`")
		line := "<tr id=\"" + code + "\"><td><code>" + code + "</code></td><td>" + row[1] + "</td><td>" + html.EscapeString(row[2]) + "</td></tr>"
		if !strings.Contains(page, line) {
			t.Errorf("the page has no line %s", line)
		}
	}
	compareLists(t, firstColumn(t, "docs/api.md#errors", "| code | status | meaning |"), constants(t, "web", "problemCode"))
}

// TestEmbeddingDocumentPinsTheScript: shops copy the hash of a version.
func TestEmbeddingDocumentPinsTheScript(t *testing.T) {
	t.Parallel()
	assets, err := static.New(static.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range assets.ShopScripts() {
		script, _ := assets.Named(name, "")
		sum := sha512.Sum384(script.Body)
		version := strings.TrimSuffix(strings.TrimPrefix(name, "wantukit-"), ".js")
		want = append(want, version+" sha384-"+base64.StdEncoding.EncodeToString(sum[:]))
	}
	var got []string
	for _, row := range table(t, "docs/embedding.md", "| version | hash |") {
		got = append(got, strings.ReplaceAll(row[0]+" "+row[1], "`", ""))
	}
	compareLists(t, got, want)
	document := readDoc(t, "docs/embedding.md")
	_, hash, _ := strings.Cut(want[len(want)-1], " ")
	if !strings.Contains(document, "/v1/"+static.ShopScript+`" crossorigin="anonymous"`+"\n  integrity=\""+hash) {
		t.Errorf("the example does not pin %s by %s", static.ShopScript, hash)
	}
}

// TestEmbeddingDocumentVerifiesTheStatus runs the document's function in Node on the URL of a paid
// session, and on others.
func TestEmbeddingDocumentVerifiesTheStatus(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	var made struct{ ID string }
	b.api(http.MethodPost, "/v1/checkout/sessions", map[string]any{
		"amount": 48000, "currency": "HKD", "subject": "Ticket", "channels": []string{"wechat"},
		"success_url": b.demo.publicURL + "/shop/", "user_agent": desktop.userAgent,
	}, &made)
	id := made.ID
	a, err := b.demo.kit.Store().Attempts(t.Context(), id)
	if err != nil || len(a) != 1 {
		t.Fatalf("%d attempts, %v", len(a), err)
	}
	if _, err := b.demo.sandbox.Pay(a[0].OutTradeNo); err != nil {
		t.Fatal(err)
	}
	var status struct{ Next string }
	eventually(t, "the session is paid", func() bool {
		b.api(http.MethodGet, "/c/"+id+"/status", nil, &status)
		return status.Next != ""
	})
	u, err := url.Parse(status.Next)
	if err != nil {
		t.Fatal(err)
	}
	signed := u.Query().Get("wantukit_status")
	document := readDoc(t, "docs/embedding.md")
	_, verify, _ := strings.Cut(document, "```js\nfunction verify")
	verify, _, _ = strings.Cut(verify, "```")
	for parameter, want := range map[string]string{
		signed: `{"id":"` + id + `","status":"paid"}`, strings.Replace(signed, ".paid.", ".refunded.", 1): "null",
		strings.Replace(signed, "cs_", "cs_x", 1): "null", signed + "x": "null", "a": "null", "": "null",
	} {
		script := "const crypto = require('node:crypto');\nfunction verify" + verify +
			fmt.Sprintf("\nconsole.log(JSON.stringify(verify(%q, %q)))", parameter, config.DemoWebhookSecret)
		out, err := exec.CommandContext(t.Context(), "node", "-e", script).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("verify(%q) says %s, want %s (%v)", parameter, got, want, err)
		}
	}
	later := "const crypto = require('node:crypto'); Date.now = () => new Date(2100, 0).getTime();\nfunction verify" + verify +
		fmt.Sprintf("\nconsole.log(verify(%q, %q))", signed, config.DemoWebhookSecret)
	if out, err := exec.CommandContext(t.Context(), "node", "-e", later).CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "null" {
		t.Errorf("an old status is taken: %s, %v", out, err)
	}
}

// TestEmbeddingDocumentListsTheCallbacks compares the options and messages with the scripts.
func TestEmbeddingDocumentListsTheCallbacks(t *testing.T) {
	t.Parallel()
	shop, page := readDoc(t, "static/wantukit.js"), readDoc(t, "static/embed.js")
	var options, types []string
	for _, m := range regexp.MustCompile(`'(on[A-Z][a-z]+)'|options\.(\w+)`).FindAllStringSubmatch(shop, -1) {
		options = append(options, m[1]+m[2])
	}
	for _, m := range regexp.MustCompile(`post\(\w+, '(\w+)'|(?:confirming|paid|expired|canceled|failed): '(\w+)'`).FindAllStringSubmatch(page, -1) {
		types = append(types, m[1]+m[2])
	}
	for header, want := range map[string][]string{"| option | meaning |": options, "| type | fields | meaning |": types} {
		slices.Sort(want)
		compareLists(t, firstColumn(t, "docs/embedding.md", header), slices.Compact(want))
	}
}

// TestAPIDocumentTellsTheVersion compares the document with an answer.
func TestAPIDocumentTellsTheVersion(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, newBuyer(t).demo.publicURL+"/v1/checkout/sessions/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	version := response.Header.Get("Wantukit-Version")
	if text := readDoc(t, "docs/api.md#limits-and-versions"); version == "" || !strings.Contains(text, "so far is `"+version+"`") {
		t.Errorf("docs/api.md does not name the version %q", version)
	}
}

func TestDocumentsListTheConstants(t *testing.T) {
	t.Parallel()
	compareLists(t, firstColumn(t, "docs/webhooks.md", "| type | meaning |"), constants(t, "checkout", "EventType"))
	compareLists(t, firstColumn(t, "docs/operating.md", "| kind | meaning |"), constants(t, "checkout", "DifferenceKind"))
}

// TestOperatingDocumentQuotesTheLog: an operator searches the log for these lines.
func TestOperatingDocumentQuotesTheLog(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			maps.Copy(texts, textsOf(file))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	for _, row := range table(t, "docs/operating.md", "| the line contains | what to do |") {
		line := quoted.FindStringSubmatch(row[0])
		if line == nil || !slices.ContainsFunc(slices.Collect(maps.Keys(texts)), func(text string) bool { return strings.Contains(text, line[1]) }) {
			t.Errorf("no code logs %s", row[0])
		}
	}
}

func TestConfigurationDocumentListsTheFields(t *testing.T) {
	t.Parallel()
	names := slices.DeleteFunc(yamlNames(reflect.TypeFor[config.Shop](), ""), func(name string) bool {
		return strings.HasPrefix(name, "api_keys[].") // TestKeysDocument has them
	})
	compareLists(t, firstColumn(t, "docs/configuration.md", "| field | required | value |"), names)
}

// yamlNames are the names of a configuration's fields, with a dot between the
// name of an object and that of its field, and [] after that of a list.
func yamlNames(of reflect.Type, prefix string) []string {
	var names []string
	for i := range of.NumField() {
		field := of.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			names = append(names, yamlNames(field.Type, prefix)...)
		case name == "": // not exported
		case field.Type.Kind() == reflect.Struct:
			names = append(names, yamlNames(field.Type, prefix+name+".")...)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			names = append(append(names, prefix+name), yamlNames(field.Type.Elem(), prefix+name+"[].")...)
		default:
			names = append(names, prefix+name)
		}
	}
	return names
}

var (
	envValue  = regexp.MustCompile(`env:(\w+)`)
	commented = regexp.MustCompile(`(?m)^( +)# (\w+: .*)$`)
)

// TestConfigurationOfTheDocumentIsTaken reads the example as it is, and with the
// fields that it has in comments. allow_private and proxy exclude each other.
func TestConfigurationOfTheDocumentIsTaken(t *testing.T) {
	example := section(readDoc(t, "docs/configuration.md"), "```yaml\n", "```")
	named := envValue.FindAllStringSubmatch(example, -1)
	if len(named) == 0 {
		t.Fatal("the document's configuration has no env: value")
	}
	for i, m := range named {
		key := fmt.Sprintf("a key of 24 bytes or more %d", i)
		t.Setenv(m[1], "whsec_"+base64.StdEncoding.EncodeToString([]byte(key)))
	}
	examples := map[string]string{"as it is": example}
	for _, without := range []string{"allow_private", "proxy"} {
		examples["without "+without] = commented.ReplaceAllStringFunc(example, func(line string) string {
			if strings.Contains(line, "# "+without+":") {
				return ""
			}
			return strings.Replace(line, "# ", "", 1)
		})
	}
	for name, text := range examples {
		path := writeConfig(t, text)
		for _, picture := range []string{"logo.svg", "wechat.svg"} {
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), picture), []byte("<svg/>"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := config.ReadShops(path); err != nil {
			t.Errorf("%s, the document's configuration is refused: %v", name, err)
		}
	}
}

// TestKeysDocument holds docs/keys.md to the fields of a key in the file and to the scopes, and
// reads its example.
func TestKeysDocument(t *testing.T) {
	document := readDoc(t, "docs/keys.md")
	compareLists(t, firstColumn(t, "docs/keys.md", "| field | required | value |"), yamlNames(reflect.TypeFor[config.APIKey](), ""))
	compareLists(t, firstColumn(t, "docs/keys.md", "| scope | what it allows |"), constants(t, "checkout/apikey", "Scope"))
	example := section(document, "```yaml\n", "```")
	for i, m := range envValue.FindAllStringSubmatch(example, -1) {
		t.Setenv(m[1], fmt.Sprintf("sk_live_of_the_document_%d", i))
	}
	example = "    " + strings.ReplaceAll(example, "\n", "\n    ") + "\n"
	text := strings.NewReplacer(`"file:gateway.key"`, "0123456789abcdef", "    api_keys: [sk_live_0123456789]\n", example).Replace(liveShop)
	shops, err := config.ReadShops(writeConfig(t, text))
	if err != nil {
		t.Fatalf("the document's keys are refused: %v\n%s", err, text)
	}
	if keys, err := shops[0].Keys(); err != nil || len(keys) != strings.Count(example, "  - ") || len(keys) == 0 {
		t.Errorf("%d keys of the document are read (%v)", len(keys), err)
	}
}

func TestConfigurationBesideASandboxIsTaken(t *testing.T) {
	t.Parallel()
	shops, err := config.ReadShops(writeConfig(t, section(readDoc(t, "docs/sandbox.md"), "```yaml\n", "```")))
	if err != nil {
		t.Fatalf("the document's configuration is refused: %v", err)
	}
	if shops[0].Live() {
		t.Error("the shop is live")
	}
}

func TestCommandLineDocumentListsTheCommands(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{}, kong.ExplicitGroups(groups()))
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, leaf := range parser.Model.Leaves(true) {
		name := leaf.Name
		if parent := leaf.Parent; parent != nil && parent.Type == kong.CommandNode {
			name = parent.Name + " " + name
		}
		commands = append(commands, "wantukit "+name)
	}
	compareLists(t, firstColumn(t, "docs/command-line.md", "| command | what it does |"), commands)
	var codes []string
	for _, file := range parsePackage(t, "cmd/wantukit/gatewaycli") {
		for name, value := range constantsOf(file, "") {
			if strings.HasPrefix(name, "Exit") {
				codes = append(codes, value)
			}
		}
	}
	compareLists(t, firstColumn(t, "docs/command-line.md", "| code | meaning |"), codes)
}

var (
	mdLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinksOfTheDocumentsLead: each link within the repository leads to a file,
// and to a heading where it names one.
func TestLinksOfTheDocumentsLead(t *testing.T) {
	t.Parallel()
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(documents, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mdLink.FindAllStringSubmatch(string(text), -1) {
			to, err := url.Parse(m[1])
			if err != nil || to.IsAbs() {
				continue
			}
			target := path
			if to.Path != "" {
				target = filepath.Join(filepath.Dir(path), to.Path)
			}
			body, err := os.ReadFile(target)
			if err != nil || to.Fragment != "" && !slices.Contains(anchors(string(body)), to.Fragment) {
				t.Errorf("%s: the link %s leads nowhere", path, m[1])
			}
		}
	}
}

// anchors are the fragments of a document's headings, as GitHub makes them.
func anchors(text string) []string {
	var found []string
	for _, m := range mdHeading.FindAllStringSubmatch(text, -1) {
		found = append(found, anchor(m[1]))
	}
	return found
}

func anchor(heading string) string {
	return strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// readDoc returns a document of the repository, or the part below the heading
// that a fragment behind its path names.
func readDoc(t *testing.T, name string) string {
	t.Helper()
	path, fragment, _ := strings.Cut(name, "#")
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	if fragment == "" {
		return string(text)
	}
	for part := range strings.SplitSeq(string(text), "\n## ") {
		if heading, _, _ := strings.Cut(part, "\n"); anchor(heading) == fragment {
			return part
		}
	}
	t.Fatalf("%s has no heading %s", path, fragment)
	return ""
}

// section returns the text between two marks.
func section(text, from, to string) string {
	_, after, _ := strings.Cut(text, from)
	within, _, _ := strings.Cut(after, to)
	return within
}

// table returns the cells of each row of the table with this header.
func table(t *testing.T, name, header string) [][]string {
	t.Helper()
	var rows [][]string
	for line := range strings.Lines(section(readDoc(t, name)+"\n\n", header+"\n", "\n\n")) {
		if !strings.HasPrefix(line, "|---") {
			rows = append(rows, strings.Split(strings.Trim(line, "|\n "), " | "))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table %s", name, header)
	}
	return rows
}

// firstColumn returns the first cell of each row, without its backticks.
func firstColumn(t *testing.T, name, header string) []string {
	t.Helper()
	var cells []string
	for _, row := range table(t, name, header) {
		cells = append(cells, strings.Trim(row[0], "`"))
	}
	return cells
}

// compareLists compares what a document lists with what the code has, in any
// order.
func compareLists(t *testing.T, documented, coded []string) {
	t.Helper()
	slices.Sort(documented)
	slices.Sort(coded)
	if !slices.Equal(documented, coded) {
		t.Errorf("the document lists\n%q, the code has\n%q", documented, coded)
	}
}

// parsePackage parses the files of a package, without its tests.
func parsePackage(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob("../../" + folder + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// constants returns the values of a package's constants of a type.
func constants(t *testing.T, folder, typeName string) []string {
	t.Helper()
	var values []string
	for _, file := range parsePackage(t, folder) {
		values = slices.AppendSeq(values, maps.Values(constantsOf(file, typeName)))
	}
	if len(values) == 0 {
		t.Fatalf("%s has no constants of %s", folder, typeName)
	}
	return values
}

// constantsOf returns a file's constants of a type by their names; the type "" is
// that of constants without one.
func constantsOf(file *ast.File, typeName string) map[string]string {
	values := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is || len(spec.Names) != 1 || len(spec.Values) != 1 {
			return true
		}
		kind := ""
		if named, is := spec.Type.(*ast.Ident); is {
			kind = named.Name
		}
		literal, is := spec.Values[0].(*ast.BasicLit)
		if !is || kind != typeName {
			return true
		}
		value, err := strconv.Unquote(literal.Value)
		if err != nil { // a number
			value = literal.Value
		}
		values[spec.Names[0].Name] = value
		return true
	})
	return values
}

// jsonNames returns the names of a struct's fields in JSON.
func jsonNames(t *testing.T, folder, typeName string) []string {
	t.Helper()
	var names []string
	for _, file := range parsePackage(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, is := n.(*ast.TypeSpec)
			if !is || spec.Name.Name != typeName {
				return true
			}
			if object, is := spec.Type.(*ast.StructType); is {
				for _, field := range object.Fields.List {
					if field.Tag == nil {
						continue
					}
					name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
					names = append(names, name)
				}
			}
			return false
		})
	}
	if len(names) == 0 {
		t.Fatalf("%s has no struct %s with names in JSON", folder, typeName)
	}
	return names
}
