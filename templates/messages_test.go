package templates_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

var placeholder = regexp.MustCompile(`\{\w+\}`)

// eachMessage calls f with every message of a language.
func eachMessage(lang templates.Lang, f func(name, text string)) {
	v := reflect.ValueOf(templates.Messages(lang))
	for i := range v.NumField() {
		f(v.Type().Field(i).Name, v.Field(i).String())
	}
}

func TestMessagesAreComplete(t *testing.T) {
	t.Parallel()
	english := map[string]string{}
	eachMessage(templates.LangEnglish, func(name, text string) { english[name] = text })
	for _, lang := range templates.Languages() {
		eachMessage(lang, func(name, text string) {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: message %s is empty", lang, name)
			}
			want, got := placeholder.FindAllString(english[name], -1), placeholder.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: message %s has the placeholders %v, in English %v", lang, name, got, want)
			}
		})
	}
}

func TestMessagesAreUsed(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, pattern := range []string{"*.templ", "messages.go", "attributes.go", "format.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(body)
		}
	}
	eachMessage(templates.LangEnglish, func(name, _ string) {
		if !regexp.MustCompile(`\bm\.` + name + `\b`).MatchString(code.String()) {
			t.Errorf("message %s is not used", name)
		}
	})
}

// TestChineseHasItsOwnScript looks for simplified characters in traditional texts, and
// for traditional ones in simplified texts.
func TestChineseHasItsOwnScript(t *testing.T) {
	t.Parallel()
	foreign := map[templates.Lang]string{
		templates.LangSimplified:  "開關請這們後碼機訂單號認錢額項過門間應",
		templates.LangTraditional: "开关请这们码机订单号认钱额项过门间应",
	}
	for lang, characters := range foreign {
		eachMessage(lang, func(name, text string) {
			if i := strings.IndexAny(text, characters); i >= 0 {
				t.Errorf("%s: message %s has a character of the other script: %q", lang, name, text[i:])
			}
		})
	}
}

// TestEveryChoiceHasWords checks that every flow, guide and wallet has its own texts, for
// every device and every wallet.
func TestEveryChoiceHasWords(t *testing.T) {
	t.Parallel()
	kinds := []flow.DeviceKind{flow.DeviceDesktop, flow.DeviceHandheld, flow.DeviceScreen, flow.DeviceUnknown}
	containers := []flow.Container{
		flow.ContainerNone, flow.ContainerWeChat, flow.ContainerWeCom, flow.ContainerAlipay, flow.ContainerAlipayHK, flow.ContainerOther,
	}
	for _, wallet := range flow.Wallets() {
		for _, kind := range kinds {
			for _, container := range containers {
				for _, mini := range []bool{false, true} {
					device := flow.Device{Kind: kind, Container: container, MiniProgram: mini}
					checkWords(t, wallet, flow.Choose(device, wallet).ForWallets(flow.Wallets()))
				}
			}
		}
	}
}

func checkWords(t *testing.T, wallet flow.Wallet, choice flow.Choice) {
	t.Helper()
	option := templates.WalletOption{Wallet: wallet, Flow: choice.Flow, Guide: choice.Guide, Switch: choice.Switch}
	for _, lang := range templates.Languages() {
		if templates.WalletName(lang, wallet) == string(wallet) || templates.AppName(lang, wallet) == string(wallet) {
			t.Errorf("%s: wallet %s has no name", lang, wallet)
		}
		if hint, guide := templates.OptionWords(lang, option); hint == "" || (guide == "") != (choice.Guide == "") {
			t.Errorf("%s: %s by %s with guide %q has the hint %q and the guide %q", lang, wallet, choice.Flow, choice.Guide, hint, guide)
		}
		for _, other := range choice.Others {
			if templates.AlternativeWords(lang, option, templates.Alternative{Flow: other}) == "" {
				t.Errorf("%s: %s by %s as another way has no words", lang, wallet, other)
			}
		}
	}
}

func TestEveryWalletHasAMark(t *testing.T) {
	t.Parallel()
	html := render(t, templates.Checkout(samplePage(page.Choose)))
	for _, wallet := range flow.Wallets() {
		mustContain(t, html, `<symbol id="m-`+string(wallet)+`"`)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		locale, accept string
		want           templates.Lang
	}{
		{"", "", "en"},
		{"", "nonsense;;q=,", "en"},
		{"", "fr-FR,de;q=0.5", "en"},
		{"", "en-GB,zh-CN;q=0.5", "en"},
		{"", "zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"},
		{"", "zh", "zh-Hans"},
		{"", "zh-SG", "zh-Hans"},
		{"", "zh-HK,en;q=0.8", "zh-Hant"},
		{"", "zh-TW", "zh-Hant"},
		{"", "zh-MO", "zh-Hant"},
		{"", "fr,zh-HK;q=0.9,en;q=0.8", "zh-Hant"},
		{"zh-Hant-HK", "en", "zh-Hant"},
		{"zh-Hant", "", "zh-Hant"},
		{"zh-Hans", "zh-HK", "zh-Hans"},
		{"zh_CN", "en", "zh-Hans"},
		{"en", "zh-CN", "en"},
		{"ja", "zh-CN", "zh-Hans"},
		{"not a locale", "zh-HK", "zh-Hant"},
	}
	for _, test := range tests {
		if got := templates.Match(test.locale, test.accept); got != test.want {
			t.Errorf("Match(%q, %q) = %q, want %q", test.locale, test.accept, got, test.want)
		}
	}
}
