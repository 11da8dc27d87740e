// Package flowcli is the command line that explains how a shopper's browser would
// pay. It calls no gateway and opens no database.
//
// [Verbs] are kong's commands. gatewaycli.ExitCode returns the exit code of one.
package flowcli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// Verbs are the commands.
type Verbs struct {
	Flow flowVerb `cmd:"" group:"flows" help:"Show how a browser would pay, and why."`
}

// Groups are the titles under which the help lists the verbs.
func Groups() []kong.Group {
	return []kong.Group{{Key: "flows", Title: "To see why a page offers what it offers:"}}
}

// flowVerb explains the choice for one browser, or for the browser of each line of
// standard input.
type flowVerb struct {
	UserAgent string   `arg:"" optional:"" help:"The browser's User-Agent header. Defaults to none."`
	Header    []string `placeholder:"'NAME: VALUE'" sep:"none" env:"-" help:"Another header of the browser, such as 'Sec-CH-UA-Mobile: ?1'. Can be repeated."`
	NoWeChat  bool     `name:"no-wechat-account" env:"-" help:"Explain the pages of a shop that has no WeChat account (wechat.app_id)."`
	JSONL     bool     `name:"jsonl" env:"-" help:"Read one {\"ua\": …, \"headers\": {…}} per line from standard input, and answer each with a line of JSON."`
}

// Run implements kong's command.
func (v *flowVerb) Run(s gatewaycli.Streams) error {
	shop := checkout.Merchant{WeChatAccount: !v.NoWeChat}
	if v.JSONL {
		if v.UserAgent != "" || len(v.Header) > 0 {
			return gatewaycli.Usage(errors.New("--jsonl reads the user agents and headers from standard input: do not give them as flags"))
		}
		return explainLines(s.In, s.Out, shop)
	}
	header := http.Header{}
	for _, line := range v.Header {
		name, value, found := strings.Cut(line, ":")
		if !found || strings.TrimSpace(name) == "" {
			return gatewaycli.Usage(errors.New("--header must be 'Name: value'"))
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if v.UserAgent != "" {
		header.Set("User-Agent", v.UserAgent)
	}
	return explain(s, shop, flow.Detect(header.Get))
}

// explain prints a device and the choices of a shop for it.
func explain(s gatewaycli.Streams, shop checkout.Merchant, d flow.Device) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "device\t%s\ncontainer\t%s\nprogram\t%t\n", d.Kind, d.Container, d.Program)
	reason := ""
	for _, wallet := range flow.Wallets() {
		choice := shop.ChooseFlow(d, wallet)
		_, _ = fmt.Fprintf(w, "%s\t%s\n", wallet, describe(choice))
		reason = choice.Reason
	}
	_, _ = fmt.Fprintf(w, "reason\t%s\n", reason)
	return w.Flush()
}

// describe returns a choice as one line of text.
func describe(c flow.Choice) string {
	text := string(c.Flow)
	if c.Guide != "" {
		text += " (" + string(c.Guide) + ")"
	}
	if c.Switch != "" {
		text += ", or " + string(flow.GuideSwitchWallet) + " to " + string(c.Switch) + " where the shop offers it"
	}
	others := make([]string, 0, len(c.Others))
	for _, f := range c.Others {
		label := string(f)
		if f == c.Anyway {
			label += " (try anyway)"
		}
		others = append(others, label)
	}
	if len(others) > 0 {
		text += "; one tap away: " + strings.Join(others, ", ")
	}
	return text
}
