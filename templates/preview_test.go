package templates_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

var previewTag = regexp.MustCompile(`<meta (?:property="og:|name="twitter:)[^>]*>`)

// TestPreviewIsTheSameInEveryState checks that the preview of a link has the shop, the
// subject and the amount, whatever becomes of the session, and nothing else.
func TestPreviewIsTheSameInEveryState(t *testing.T) {
	t.Parallel()
	want := []string{
		`<meta property="og:site_name" content="Harbour Tickets">`,
		`<meta property="og:title" content="Pay Harbour Tickets · HK$ 480.00">`,
		`<meta property="og:description" content="Sunset Concert, 2 seats">`,
		`<meta property="og:image" content="https://pay.example/static/1/preview.png">`,
		`<meta name="twitter:card" content="summary">`,
	}
	for _, state := range page.States() {
		p := samples()["code"]
		p.State, p.AutoStart, p.Notice = state, "wechat", templates.NoticeWait
		html := render(t, templates.Checkout(p))
		if diff := cmp.Diff(want, previewTag.FindAllString(html, -1)); diff != "" {
			t.Errorf("%s: the tags differ (-want +got):\n%s", state, diff)
		}
		if style := strings.Index(html, "</style>"); strings.Index(html, want[0]) < style {
			t.Errorf("%s: the tags are in the part that the pages of a shop share", state)
		}
	}
	p := samplePage(page.Choose)
	p.PreviewImage = ""
	mustLack(t, render(t, templates.Checkout(p)), "og:image")
}

// TestPreviewIsOfTheCheckoutPageAlone checks that a status page and an error page, which
// tell nothing of a session, have no preview. They have the icon for a home screen.
func TestPreviewIsOfTheCheckoutPageAlone(t *testing.T) {
	t.Parallel()
	status := samples()["status"]
	for name, html := range map[string]string{
		"status":  render(t, templates.Checkout(status)),
		"problem": render(t, templates.Problem(templates.ProblemPage{Lang: templates.LangEnglish, Status: 404, TouchIcon: "/static/1/touch-icon.png"})),
	} {
		if tags := previewTag.FindAllString(html, -1); tags != nil {
			t.Errorf("%s: the page has %s", name, tags)
		}
		mustContain(t, html, `<link rel="apple-touch-icon" href="/static/1/touch-icon.png">`)
	}
}
