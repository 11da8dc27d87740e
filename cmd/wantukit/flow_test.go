package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// TestFlowAnswersBeforeItIsAskedAgain: a program that uses a pipe waits for each
// answer before it sends the next line.
func TestFlowAnswersBeforeItIsAskedAgain(t *testing.T) {
	t.Parallel()
	questions, ask := io.Pipe()
	answers, answer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(t.Context(), []string{"flow", "--jsonl"}, gatewaycli.Streams{In: questions, Out: answer, Err: io.Discard})
		_ = answer.Close()
	}()
	lines := bufio.NewScanner(answers)
	for _, ua := range []string{"curl/8.0", "Wget/1.0"} {
		if _, err := fmt.Fprintf(ask, "{\"ua\": %q}\n", ua); err != nil {
			t.Fatal(err)
		}
		if name, _, _ := strings.Cut(strings.ToLower(ua), "/"); !lines.Scan() || !strings.Contains(lines.Text(), name) {
			t.Errorf("asked about %s it says %s", ua, lines.Text())
		}
	}
	_ = ask.Close()
	if code := <-done; code != gatewaycli.ExitDone {
		t.Errorf("exit %d", code)
	}
}

// TestFlowPassesOverAnEndlessLine: the verb does not keep more than the longest
// line in memory.
func TestFlowPassesOverAnEndlessLine(t *testing.T) {
	t.Parallel()
	in := io.MultiReader(strings.NewReader(`{"ua": "`+strings.Repeat("x", 5<<20)+"\"}\n"), strings.NewReader(`{"ua": "curl/8.0"}`))
	var out, said bytes.Buffer
	code := run(t.Context(), []string{"flow", "--jsonl"}, gatewaycli.Streams{In: in, Out: &out, Err: &said})
	first, second, _ := strings.Cut(out.String(), "\n")
	if code != gatewaycli.ExitUsage || !strings.Contains(first, "line 1: over 1 MiB") || !strings.Contains(second, `"program":true`) || !strings.Contains(said.String(), "line 1") {
		t.Errorf("exit %d:\n%s%s", code, &out, &said)
	}
}

func TestFlowTellsThatItCouldNotWrite(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"flow", "x"}, {"flow", "--jsonl"}} {
		var said bytes.Buffer
		code := run(t.Context(), args, gatewaycli.Streams{In: strings.NewReader(`{"ua": "x"}`), Out: brokenPipe{}, Err: &said})
		if code != gatewaycli.ExitFailed || !strings.Contains(said.String(), "broken pipe") {
			t.Errorf("%v: exit %d: %s", args, code, &said)
		}
	}
}

// TestFlowOfAShopWithoutWeChatAccount: the verb answers what the shop's pages show.
func TestFlowOfAShopWithoutWeChatAccount(t *testing.T) {
	t.Parallel()
	const ua = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60"
	for name, c := range map[string]struct {
		args []string
		in   string
		want string
	}{
		"one browser":                  {[]string{"flow", ua}, "", "wechat     jsapi; one tap away: native"},
		"one browser, without account": {[]string{"flow", "--no-wechat-account", ua}, "", "wechat     native\n"},
		"why":                          {[]string{"flow", "--no-wechat-account", ua}, "", "the shop has no WeChat account"},
		"lines":                        {[]string{"flow", "--jsonl"}, `{"ua": "` + ua + `"}`, `"wechat":"jsapi"`},
		"lines, without account":       {[]string{"flow", "--jsonl", "--no-wechat-account"}, `{"ua": "` + ua + `"}`, `"wechat":"native"`},
	} {
		var out, said bytes.Buffer
		code := run(t.Context(), c.args, gatewaycli.Streams{In: strings.NewReader(c.in), Out: &out, Err: &said})
		if code != gatewaycli.ExitDone || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit %d, want %q:\n%s%s", name, code, c.want, &out, &said)
		}
	}
}
