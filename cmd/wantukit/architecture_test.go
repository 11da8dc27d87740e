package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// The tests of this file hold docs/architecture.md and the code to each other.

const architectureFile = "docs/architecture.md"

var (
	packageLine = regexp.MustCompile(`(?m)^    (\w+)\["([\w/]+)<br>`)
	edgeLine    = regexp.MustCompile(`(?m)^ +(\w+) --> (\w+(?: & \w+)*)$`)
)

func TestArchitectureDrawsTheImports(t *testing.T) {
	t.Parallel()
	picture := section(readDoc(t, architectureFile), "flowchart TD", "```")
	paths := map[string]string{} // by the name in the picture
	for _, m := range packageLine.FindAllStringSubmatch(picture, -1) {
		paths[m[1]] = m[2]
	}
	drawn := map[string][]string{}
	for _, m := range edgeLine.FindAllStringSubmatch(picture, -1) {
		for to := range strings.SplitSeq(m[2], " & ") {
			drawn[paths[m[1]]] = append(drawn[paths[m[1]]], paths[to])
		}
	}
	shown := slices.Collect(maps.Values(paths))
	for _, path := range shown {
		want := slices.DeleteFunc(imports(t, path), func(imported string) bool { return !slices.Contains(shown, imported) })
		got := slices.Sorted(slices.Values(drawn[path]))
		if !slices.Equal(got, want) {
			t.Errorf("the picture draws that %s imports %v; the code imports %v", path, got, want)
		}
	}
	for path := range mayImport {
		if !slices.Contains(shown, path) && !strings.Contains(path, "/internal/") {
			t.Errorf("the picture does not have %s", path)
		}
	}
}

// imports returns the packages of this module that a package imports, sorted.
func imports(t *testing.T, path string) []string {
	t.Helper()
	var env []string
	if path == "web/wasm" {
		env = forBrowser
	}
	var ours []string
	for _, imported := range golist(t, env, "-f", `{{join .Imports "\n"}}`, module+path) {
		if name, is := strings.CutPrefix(imported, module); is {
			ours = append(ours, name)
		}
	}
	return slices.Sorted(slices.Values(ours))
}

func TestArchitectureNamesEachPackage(t *testing.T) {
	t.Parallel()
	text := readDoc(t, architectureFile)
	for _, path := range append(golist(t, nil, "./..."), module+"web/wasm") {
		name := strings.TrimPrefix(path, module)
		if !strings.Contains(text, "`"+name+"`") && !strings.Contains(text, `["`+name+"<br>") {
			t.Errorf("%s does not name the package %s", architectureFile, name)
		}
	}
}

func TestArchitectureDrawsTheStates(t *testing.T) {
	t.Parallel()
	picture := section(readDoc(t, architectureFile), "stateDiagram-v2", "```")
	compareMoves[checkout.Status](t, section(picture, "as status", "}"), "Status")
	compareMoves[checkout.PaymentStatus](t, section(picture, "as payment", "}"), "PaymentStatus")
	compareMoves[checkout.AttemptState](t, section(picture, "as attempt", "}"), "AttemptState")
	compareMoves[checkout.RefundState](t, section(picture, "as refund", "}"), "RefundState")
}

// compareMoves compares a drawing with what CanMove says of the states, which
// are all constants of the type. A name that the diagram already has elsewhere is
// drawn with a _ at its end.
func compareMoves[S interface {
	~string
	CanMove(S) bool
}](t *testing.T, drawing, typeName string) {
	t.Helper()
	drawn, named := map[[2]S]bool{}, map[S]bool{}
	for _, m := range edgeLine.FindAllStringSubmatch(drawing, -1) {
		from, to := S(strings.TrimSuffix(m[1], "_")), S(strings.TrimSuffix(m[2], "_"))
		drawn[[2]S{from, to}], named[from], named[to] = true, true, true
	}
	var states []S
	for _, value := range constants(t, "checkout", typeName) {
		states = append(states, S(value))
		if !named[S(value)] {
			t.Errorf("the picture does not have the %s %s", typeName, value)
		}
	}
	for _, from := range states {
		for _, to := range states {
			if from.CanMove(to) != drawn[[2]S{from, to}] {
				t.Errorf("%s to %s: drawn %v, allowed %v", from, to, drawn[[2]S{from, to}], from.CanMove(to))
			}
			delete(drawn, [2]S{from, to})
		}
	}
	if len(drawn) > 0 {
		t.Errorf("the picture has moves of states that do not exist: %v", drawn)
	}
}

var goFile = regexp.MustCompile("`([a-z][a-z_/]*\\.go)`")

// TestRulesHaveTheirCodeAndTests: each rule names code and tests, and what it
// names exists.
func TestRulesHaveTheirCodeAndTests(t *testing.T) {
	t.Parallel()
	tests := namedTests(t)
	for _, rule := range table(t, architectureFile, "| rule | code | tests |") {
		files, named := goFile.FindAllStringSubmatch(rule[1], -1), namedTest.FindAllStringSubmatch(rule[2], -1)
		if len(files) == 0 || len(named) == 0 {
			t.Errorf("this rule names no code or no test: %s", rule[0])
		}
		for _, m := range files {
			if _, err := os.Stat("../../" + m[1]); err != nil {
				t.Errorf("there is no file %s", m[1])
			}
		}
		for _, m := range named {
			if _, exists := tests[m[1]+"."+m[2]]; !exists {
				t.Errorf("there is no test %s", m[0])
			}
		}
	}
}

func TestArchitectureListsTheFlows(t *testing.T) {
	t.Parallel()
	compareLists(t, firstColumn(t, architectureFile, "| flow | the shopper |"), constants(t, "checkout/flow", "Flow"))
}

// documentedRows are the rows of the flow table in docs/architecture.md, each
// with the rows that the tests in the browser have for it.
var documentedRows = map[string][]string{
	"a computer": {"computer", "program"},
	"a Mac, or an iPad that says that it is one": {"mac"},
	"a phone or tablet":                          {"phone", "phone-by-hints", "tablet"},
	"WeChat on a phone":                          {"wechat"},
	"WeChat or WeCom on a computer":              {"wechat-computer", "wecom-computer"},
	"WeChat on an unknown device":                {"wechat-unknown"},
	"a mini program of WeChat's":                 {"mini-program"},
	"WeCom on a phone":                           {"wecom"},
	"Alipay":                                     {"alipay"},
	"AlipayHK":                                   {"alipayhk"},
	"QQ, Weibo, Douyin, DingTalk, another app":   {"qq", "weibo", "douyin", "dingtalk-computer"},
	"a TV, console, car or watch":                {"tv", "car"},
	"unknown":                                    {"unknown"},
}

// documentedGuides are the words for a guide in docs/architecture.md.
var documentedGuides = map[flow.Guide]string{
	flow.GuideOpenInWeChat:     "open in WeChat",
	flow.GuideOpenInBrowser:    "open in a browser",
	flow.GuideLeaveMiniProgram: "leave it",
	flow.GuideSwitchWallet:     "switch to",
}

func TestArchitectureListsTheFlowTable(t *testing.T) {
	t.Parallel()
	var listed, shown []string
	for _, cells := range table(t, architectureFile, "| where | Alipay | AlipayHK | WeChat Pay |") {
		for _, name := range documentedRows[cells[0]] {
			listed = append(listed, name)
			compareChoices(t, name, cells)
		}
	}
	for _, row := range rowsOfTheTable() {
		shown = append(shown, row.name)
	}
	slices.Sort(listed)
	slices.Sort(shown)
	if !slices.Equal(listed, shown) {
		t.Errorf("the document lists %v, the tests in the browser %v", listed, shown)
	}
}

// compareChoices compares a row of the document with the choices for its wallets.
func compareChoices(t *testing.T, name string, cells []string) {
	t.Helper()
	rows := rowsOfTheTable()
	row := rows[slices.IndexFunc(rows, func(r shownAt) bool { return r.name == name })]
	if len(cells) != 1+len(flow.Wallets()) {
		t.Fatalf("the row %v does not have a column for each of %v", cells, flow.Wallets())
	}
	for i, w := range flow.Wallets() {
		documented, choice := cells[i+1], row.choice(w)
		if documented == "the same" {
			documented = cells[i]
			cells[i+1] = documented
		}
		anyway := strings.Contains(documented, "try anyway")
		words := documentedGuides[choice.Guide]
		if choice.Flow != flow.Guided || anyway {
			words = ""
		}
		if !strings.HasPrefix(documented, "`"+string(choice.Flow)+"`") || !strings.Contains(documented, words) || anyway != (choice.Anyway != "") {
			t.Errorf("%s, %s: the document says %s, the table %+v", name, w, documented, choice)
		}
	}
}

// TestContributingNamesFilesAndTests: the lists of what to change name files and
// tests that exist.
func TestContributingNamesFilesAndTests(t *testing.T) {
	t.Parallel()
	text, tests := readDoc(t, "CONTRIBUTING.md"), namedTests(t)
	for _, m := range namedTest.FindAllStringSubmatch(text, -1) {
		if _, exists := tests[m[1]+"."+m[2]]; !exists {
			t.Errorf("there is no test %s", m[0])
		}
	}
	for _, m := range goFile.FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat("../../" + m[1]); err != nil {
			t.Errorf("there is no file %s", m[1])
		}
	}
}
