package templates_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

func TestEveryStateIsInThePage(t *testing.T) {
	t.Parallel()
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := render(t, templates.Checkout(sample))
			for _, s := range page.States() {
				state := string(s)
				for _, attribute := range []string{"data-on", "data-say"} {
					part := regexp.MustCompile(attribute + `="([^"]* )?` + state + `( [^"]*)?"`)
					if !part.MatchString(html) {
						t.Errorf("no part has %s for the state %s", attribute, state)
					}
				}
				mustContain(t, html, "[data-state="+state+"] [data-on]:not([data-on~="+state+"])")
			}
			mustContain(t, html, `data-state="`+string(sample.State)+`"`, `id="announce"`)
		})
	}
}

func TestContractWithTheScript(t *testing.T) {
	t.Parallel()
	p := samples()["redirecting-jsapi"]
	p.AutoStart = "wechat"
	p.URLs.Success = "https://shop.example/ok"
	mustContain(t, render(t, templates.Checkout(p)),
		`data-state="redirecting"`, `data-attempt="ref-1"`, `data-remaining="873"`, `data-status="/c/1/status"`,
		`data-events="/c/1/events"`, `data-confirm="/c/1/confirm"`, `data-token="form-token"`, `data-autostart="wechat"`,
		`data-next="https://shop.example/ok"`, `data-worker="/static/1/worker.js"`, `data-wasm="/static/1/wantukit.wasm"`,
		`data-wasm-exec="/static/1/wasm_exec.js"`, `data-flow="jsapi"`,
		`data-jsapi="{&#34;appId&#34;:&#34;wx1&#34;,&#34;package&#34;:&#34;prepay_id=2&#34;}"`,
		`data-reveal="bridge-missing"`, `data-reveal="bridge-failed"`, `data-reveal="leaving"`,
		`data-text="countdown"`, `data-say="clock"`, `data-link="next"`, `data-action="pay"`,
	)

	t.Run("no automatic start beside a notice", func(t *testing.T) {
		t.Parallel()
		p := p
		p.Notice = templates.NoticeGatewayDown
		mustLack(t, render(t, templates.Checkout(p)), "data-autostart")
	})
	t.Run("no script without a loader", func(t *testing.T) {
		t.Parallel()
		p := samplePage(page.Choose)
		p.Assets = templates.Assets{}
		mustLack(t, render(t, templates.Checkout(p)), "<script", "data-worker", "data-wasm", `rel="icon"`)
	})
}

func TestWithoutScript(t *testing.T) {
	t.Parallel()
	t.Run("waiting pages refresh", func(t *testing.T) {
		t.Parallel()
		mustContain(t, render(t, templates.Checkout(samples()["code"])), `<noscript><meta http-equiv="refresh" content="5"></noscript>`)
		p := samplePage(page.Paid)
		p.RefreshSeconds = 0
		mustLack(t, render(t, templates.Checkout(p)), "http-equiv")
	})
	t.Run("each wallet is a form", func(t *testing.T) {
		t.Parallel()
		mustContain(t, render(t, templates.Checkout(samplePage(page.Choose))),
			`<form id="go-alipay_cn" method="post" action="/c/1/attempts" target="_top"><input type="hidden" name="token" value="form-token"><button class="main" name="wallet" value="alipay_cn"`,
			`<input type="hidden" name="flow" value="iframe"> <button class="link" name="wallet" value="alipay_cn">`,
		)
	})
	t.Run("what needs a script is hidden", func(t *testing.T) {
		t.Parallel()
		for name, sample := range samples() {
			html := render(t, templates.Checkout(sample))
			for _, button := range regexp.MustCompile(`<button[^>]*type="button"[^>]*>`).FindAllString(html, -1) {
				if !strings.Contains(button, "data-script hidden") && !strings.Contains(button, `data-reveal="leaving" hidden`) {
					t.Errorf("%s: the button %s needs script and is not hidden", name, button)
				}
			}
		}
	})
}

func TestHostileTextIsInert(t *testing.T) {
	t.Parallel()
	const evil = `</script><img src=x onerror="alert(1)">'"<b>`
	p := samplePage(page.Code)
	p.ShopName, p.Subject, p.Amount, p.Reference, p.Token, p.State = evil, evil, evil, evil, evil, evil
	p.Wallets = []templates.WalletOption{{Wallet: evil, Flow: evil, Guide: evil, GuideLink: evil, Alternatives: []templates.Alternative{{Flow: evil}}}}
	p.Attempt = templates.AttemptView{Ref: evil, Wallet: evil, Flow: evil, JSAPI: evil, Code: &templates.QRCode{Path: evil}}
	p.Demo = &templates.DemoBar{Choices: []templates.DemoChoice{{Value: evil, Label: evil}}, Back: evil, Sandbox: evil, Script: evil, Pay: "javascript:" + evil}
	mustLack(t, render(t, templates.Checkout(p)), "<img", `onerror="`, "<b>'", `href="javascript:`)

	t.Run("links cannot run code", func(t *testing.T) {
		t.Parallel()
		p := samplePage(page.Redirecting)
		p.URLs.CancelReturn, p.URLs.Success = "javascript:alert(1)", "javascript:alert(2)"
		p.Attempt = templates.AttemptView{Wallet: "alipay_cn", RedirectURL: "javascript:alert(3)"}
		mustLack(t, render(t, templates.Checkout(p)), `href="javascript:`)
		p.Attempt = templates.AttemptView{Wallet: "alipay_cn", FrameURL: "javascript:alert(4)"}
		mustLack(t, render(t, templates.Checkout(p)), `src="javascript:`)
	})
}

func TestStatusPageTellsNothingElse(t *testing.T) {
	t.Parallel()
	for _, state := range page.States() {
		p := samples()["redirecting-jsapi"]
		p.State, p.StatusOnly, p.AutoStart, p.URLs.Success = state, true, "wechat", "https://shop.example/ok"
		p.Attempt.Code = &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 29}
		html := render(t, templates.Checkout(p))
		mustContain(t, html, `class="narrow"`) // it has one column
		mustLack(t, html[templates.SharedLength([]byte(html)):],
			"480", "Sunset", "Harbour", "HT-42", "prepay_id", "M4 4h7", "/c/1/attempts", "/c/1/cancel", "shop.example", "data-autostart")
	}
}

func TestPolicyAllowsThePage(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`<[^>]* (style|on\w+)=|<script>|javascript:`)
	script := regexp.MustCompile(`<script>([^<]*)</script>`)
	for name, sample := range samples() {
		html := render(t, templates.Checkout(sample))
		if found := script.FindStringSubmatch(html); found != nil {
			sum := sha256.Sum256([]byte(found[1]))
			if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; templates.WaitingScriptHash() != want {
				t.Errorf("%s: WaitingScriptHash is %s, want %s", name, templates.WaitingScriptHash(), want)
			}
			html = strings.Replace(html, found[0], "", 1)
		}
		if found := inline.FindString(html); found != "" {
			t.Errorf("%s: the page has inline code: %s", name, found)
		}
		element := styleElement.FindString(html)
		sum := sha256.Sum256([]byte(strings.TrimSuffix(strings.TrimPrefix(element, "<style>"), "</style>")))
		if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; sample.Brand.StyleHash() != want {
			t.Errorf("%s: StyleHash is %s, want the style's hash %s", name, sample.Brand.StyleHash(), want)
		}
	}
}

func TestProblemsOfOneStatusAreTheSame(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, status := range []int{400, 403, 404, 429, 500, 503} {
		html := render(t, templates.Problem(templates.ProblemPage{Lang: templates.LangEnglish, Status: status}))
		if other, ok := seen[html]; ok {
			t.Errorf("the pages of status %d and %d are the same", status, other)
		}
		seen[html] = status
	}
	odd := render(t, templates.Problem(templates.ProblemPage{Lang: templates.LangEnglish, Status: 418}))
	if seen[odd] != 500 {
		t.Error("the page of an unknown status differs from the page of 500")
	}
}

// TestFirstFlight checks that a page with its code fits into the first 14 kB of a
// connection.
func TestFirstFlight(t *testing.T) {
	t.Parallel()
	for _, lang := range templates.Languages() {
		p := samples()["code"]
		p.Lang = lang
		p.Attempt.Code = must(templates.DrawOrderCode(longestCode))
		html := render(t, templates.Checkout(p))
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write([]byte(html)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, gzip %d", lang, len(html), zipped.Len())
		if zipped.Len() > 10_000 {
			t.Errorf("%s: the compressed page has %d bytes, want 10,000 at most", lang, zipped.Len())
		}
	}
}

// longestCode is a text of a code, twice as long as the gateway's.
var longestCode = "https://qr.alipay.com/bax0" + strings.Repeat("5a7c9", 12)

func TestCountdown(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]string{0: "00:00", 61: "01:01", 873: "14:33", 3600: "1:00:00"} {
		p := samplePage(page.Choose)
		p.Remaining = seconds
		mustContain(t, render(t, templates.Checkout(p)), `data-text="countdown">`+want+`<`, `data-remaining="`+strconv.Itoa(seconds)+`"`)
	}
	p := samplePage(page.Choose)
	p.Remaining = -1
	mustLack(t, render(t, templates.Checkout(p)), `data-text="countdown"`)
}
