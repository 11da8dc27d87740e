package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// The tests compare the README's pictures and tables with the code.

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	packageLine = regexp.MustCompile(`(?m)^    (\w+)\["([\w/]+)<br>`)
	edgeLine    = regexp.MustCompile(`(?m)^ +(\w+) --> (\w+(?: & \w+)*)$`)
)

func TestReadmeDrawsThePackagesAsTheyAre(t *testing.T) {
	t.Parallel()
	picture := section(readme(t), "flowchart TD", "```")
	packages := map[string]string{}
	for _, m := range packageLine.FindAllStringSubmatch(picture, -1) {
		packages[m[1]] = m[2]
	}
	drawn := map[string][]string{}
	for _, m := range edgeLine.FindAllStringSubmatch(picture, -1) {
		for to := range strings.SplitSeq(m[2], " & ") {
			drawn[packages[m[1]]] = append(drawn[packages[m[1]]], packages[to])
		}
	}
	shown := slices.Collect(maps.Values(packages))
	for _, name := range shown {
		want := slices.DeleteFunc(imports(t, name), func(imported string) bool { return !slices.Contains(shown, imported) })
		got := slices.Sorted(slices.Values(drawn[name]))
		if !slices.Equal(got, want) {
			t.Errorf("the picture has %s import %v; the code imports %v", name, got, want)
		}
	}
	for name := range mayImport {
		if !slices.Contains(shown, name) && !strings.Contains(name, "/internal/") {
			t.Errorf("the picture lacks %s", name)
		}
	}
}

// imports returns the packages of this module that a package imports, sorted.
func imports(t *testing.T, name string) []string {
	t.Helper()
	var env []string
	if name == "web/wasm" {
		env = forBrowser
	}
	var ours []string
	for _, imported := range golist(t, env, "-f", `{{join .Imports "\n"}}`, module+name) {
		if name, isOurs := strings.CutPrefix(imported, module); isOurs {
			ours = append(ours, name)
		}
	}
	return slices.Sorted(slices.Values(ours))
}

func TestReadmeDrawsTheMovesAsTheyAre(t *testing.T) {
	t.Parallel()
	picture := section(readme(t), "stateDiagram-v2", "```")
	sameMoves(t, section(picture, "as status", "}"), checkout.StatusOpen, checkout.StatusComplete, checkout.StatusExpired, checkout.StatusCanceled)
	sameMoves(t, section(picture, "as payment", "}"), checkout.PaymentUnpaid, checkout.PaymentProcessing, checkout.PaymentPaid,
		checkout.PaymentPartiallyRefunded, checkout.PaymentRefunded)
	sameMoves(t, section(picture, "as attempt", "}"), checkout.AttemptCreating, checkout.AttemptPending, checkout.AttemptPaid,
		checkout.AttemptFailed, checkout.AttemptClosed)
	sameMoves(t, section(picture, "as refund", "}"), checkout.RefundPending, checkout.RefundSucceeded, checkout.RefundFailed)
}

// sameMoves compares a drawing with the transitions of its states. A name that the
// diagram uses elsewhere has a _ at its end.
func sameMoves[S interface {
	~string
	CanMove(S) bool
}](t *testing.T, drawing string, states ...S) {
	t.Helper()
	drawn := map[[2]S]bool{}
	for _, m := range edgeLine.FindAllStringSubmatch(drawing, -1) {
		drawn[[2]S{S(strings.TrimSuffix(m[1], "_")), S(strings.TrimSuffix(m[2], "_"))}] = true
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
		t.Errorf("drawn and unknown: %v", drawn)
	}
}

// rowsOfReadme are the rows of the README's flow table, each with the names of its
// rows in the browser tests.
var rowsOfReadme = map[string][]string{
	"a computer":                               {"computer"},
	"a phone or tablet":                        {"phone", "phone-by-hints", "tablet"},
	"WeChat on a phone":                        {"wechat"},
	"WeChat or WeCom on a computer":            {"wechat-computer", "wecom-computer"},
	"WeChat on an unknown device":              {"wechat-unknown"},
	"a mini program of WeChat's":               {"mini-program"},
	"WeCom on a phone":                         {"wecom"},
	"Alipay":                                   {"alipay"},
	"AlipayHK":                                 {"alipayhk"},
	"QQ, Weibo, Douyin, DingTalk, another app": {"qq", "weibo", "douyin", "dingtalk-computer"},
	"a TV, console, car or watch":              {"tv", "car"},
	"a crawler, a link preview, a page that is loaded ahead": {"crawler"},
	"unknown": {"unknown"},
}

// wordsOfReadme are the README's words for each guide.
var wordsOfReadme = map[flow.Guide]string{
	flow.GuideOpenInWeChat:     "open in WeChat",
	flow.GuideOpenInBrowser:    "open in a browser",
	flow.GuideLeaveMiniProgram: "leave it",
	flow.GuideSwitchWallet:     "switch to",
}

func TestReadmeListsTheFlowTableAsItIs(t *testing.T) {
	t.Parallel()
	var listed, shown []string
	for line := range strings.Lines(section(readme(t), "| where | Alipay | AlipayHK | WeChat Pay |", "\n\n")) {
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		for _, name := range rowsOfReadme[cells[0]] {
			listed = append(listed, name)
			sameChoices(t, name, cells)
		}
	}
	for _, row := range rowsOfTheTable() {
		shown = append(shown, row.name)
	}
	slices.Sort(listed)
	slices.Sort(shown)
	if !slices.Equal(listed, shown) {
		t.Errorf("the README lists %v, the tests %v", listed, shown)
	}
}

// sameChoices compares a row of the README with the choices for its wallets.
func sameChoices(t *testing.T, name string, cells []string) {
	t.Helper()
	rows := rowsOfTheTable()
	row := rows[slices.IndexFunc(rows, func(r shownAt) bool { return r.name == name })]
	for i, w := range flow.Wallets() {
		said, choice := cells[i+1], row.choice(w)
		if said == "the same" {
			said = cells[i]
			cells[i+1] = said
		}
		anyway := strings.Contains(said, "try anyway")
		words := wordsOfReadme[choice.Guide]
		if choice.Flow != flow.Guided || anyway {
			words = ""
		}
		if !strings.HasPrefix(said, "`"+string(choice.Flow)+"`") || !strings.Contains(said, words) || anyway != (choice.Anyway != "") {
			t.Errorf("%s, %s: the README says %s, the table %+v", name, w, said, choice)
		}
	}
}

var envValue = regexp.MustCompile(`env:(\w+)`)

func TestReadmeConfigurationIsTaken(t *testing.T) {
	example := section(readme(t), "```yaml\n", "```")
	named := envValue.FindAllStringSubmatch(example, -1)
	if len(named) == 0 {
		t.Fatal("the README's configuration has no env: value")
	}
	for i, m := range named {
		key := fmt.Sprintf("a key of 24 bytes or more %d", i)
		t.Setenv(m[1], "whsec_"+base64.StdEncoding.EncodeToString([]byte(key)))
	}
	path := filepath.Join(t.TempDir(), "shops.yaml")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.ReadShops(path); err != nil {
		t.Errorf("the README's configuration is refused: %v", err)
	}
}

func TestReadmeConfigurationBesideASandboxIsTaken(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(readme(t), "## Develop against the sandbox")
	shops, err := config.ReadShops(writeConfig(t, section(rest, "```yaml\n", "```")))
	if err != nil {
		t.Fatalf("the README's configuration is refused: %v", err)
	}
	if shops[0].Live() {
		t.Error("the shop is live")
	}
}

// section returns the text between two marks.
func section(text, from, to string) string {
	_, after, _ := strings.Cut(text, from)
	within, _, _ := strings.Cut(after, to)
	return within
}
