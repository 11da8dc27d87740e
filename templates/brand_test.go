package templates_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lucasb-eyer/go-colorful"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

var inDark = regexp.MustCompile(`prefers-color-scheme: ?dark`)

var variable = regexp.MustCompile(`--([a-z-]+):\s*(#[0-9a-f]{3,6})`)

// schemes returns the colours of a style sheet in the light and in the dark scheme. Colours
// that a brand does not set are the kit's own.
func schemes(css string) (light, dark map[string]string) {
	light, dark = map[string]string{}, map[string]string{}
	for i, part := range inDark.Split(css, -1) {
		if i == 0 {
			set(light, part)
			continue
		}
		// The brand's light part follows the kit's dark part.
		inner, after, _ := strings.Cut(part, "}")
		set(dark, inner)
		set(light, after)
	}
	return light, dark
}

func set(to map[string]string, css string) {
	for _, m := range variable.FindAllStringSubmatch(css, -1) {
		to[m[1]] = m[2]
	}
}

func ratio(t *testing.T, a, b string) float64 {
	t.Helper()
	of := func(text string) float64 {
		if len(text) == 4 {
			text = "#" + strings.Repeat(text[1:2], 2) + strings.Repeat(text[2:3], 2) + strings.Repeat(text[3:4], 2)
		}
		c, err := colorful.Hex(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		r, g, b := c.LinearRgb()
		return .2126*r + .7152*g + .0722*b + .05
	}
	x, y := of(a), of(b)
	return max(x, y) / min(x, y)
}

// TestEveryBrandCanBeRead checks the contrast for colours of the whole colour space.
func TestEveryBrandCanBeRead(t *testing.T) {
	t.Parallel()
	pairs := [][2]string{
		{"main", "card"}, {"main", "bg"}, {"main", "tint"}, {"on-fill", "fill"}, {"ink", "tint"}, {"soft", "tint"},
		{"ink", "card"}, {"ink", "bg"}, {"soft", "card"}, {"soft", "bg"}, {"warn", "warn-tint"}, {"bad", "bg"}, {"bad", "card"},
	}
	steps := []string{"00", "33", "66", "99", "cc", "ff"}
	colors := []string{""}
	for _, r := range steps {
		for _, g := range steps {
			for _, b := range steps {
				colors = append(colors, "#"+r+g+b)
			}
		}
	}
	for _, color := range colors {
		light, dark := schemes(templates.Brand{Color: color}.Style())
		for name, of := range map[string]map[string]string{"light": light, "dark": dark} {
			for _, pair := range pairs {
				if of[pair[0]] == "" || of[pair[1]] == "" {
					t.Fatalf("scheme %s lacks one of the colours %v: %v", name, pair, of)
				}
				if got := ratio(t, of[pair[0]], of[pair[1]]); got < 4.5 {
					t.Errorf("brand %q, %s: %s on %s has a contrast of %.2f", color, name, pair[0], pair[1], got)
				}
			}
			if color != "" && of["fill"] != color {
				t.Errorf("brand %q, %s: the colour of a button is %s", color, name, of["fill"])
			}
		}
	}
}

func TestCheckColor(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "red", "#fff", "#12345", "#gggggg", "#1234567", "0b6b57", `#"};*{`} {
		if templates.CheckColor(text) == nil {
			t.Errorf("CheckColor accepts %q", text)
		}
	}
	if err := templates.CheckColor("#0B6b57"); err != nil {
		t.Error(err)
	}
}

func TestBrandOnThePage(t *testing.T) {
	t.Parallel()
	p := samplePage(page.Choose)
	p.Brand = templates.Brand{Color: "#ffd400", Logo: "/static/1/logo.png"}
	html := render(t, templates.Checkout(p))
	mustContain(t, html, `--fill:#ffd400`, `src="/static/1/logo.png"`, `width="40"`, `height="40"`)
}

// TestShopsOwnMarks checks that a shop's picture replaces the mark of its wallet alone.
func TestShopsOwnMarks(t *testing.T) {
	t.Parallel()
	p := samplePage(page.Choose)
	p.Brand.Marks = map[flow.Wallet]string{flow.WalletWeChat: "/static/1/wechat.svg", flow.WalletAlipayCN: ""}
	symbol := regexp.MustCompile(`<symbol id="m-(\w+)" viewBox="0 0 40 40">(.*?)</symbol>`)
	ours, theirs := map[string]string{}, map[string]string{}
	for _, s := range symbol.FindAllStringSubmatch(render(t, templates.Checkout(samplePage(page.Choose))), -1) {
		ours[s[1]] = s[2]
	}
	for _, s := range symbol.FindAllStringSubmatch(render(t, templates.Checkout(p)), -1) {
		theirs[s[1]] = s[2]
	}
	ours["wechat"] = `<image href="/static/1/wechat.svg" width="40" height="40"></image>`
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("the marks differ (-want +got):\n%s", diff)
	}
}
