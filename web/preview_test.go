package web_test

import (
	"bytes"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/web"
)

// chatBot is the user agent of a program that reads a page for the preview of its link.
const chatBot = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"

var (
	previewTag   = regexp.MustCompile(`<meta (?:property="og:|name="twitter:)[^>]*>`)
	previewImage = regexp.MustCompile(`property="og:image" content="([^"]*)"`)
	touchIcon    = regexp.MustCompile(`rel="apple-touch-icon" href="([^"]*)"`)
)

// linked returns the path of the file that a page links to by an absolute URL or a path.
func (f *fixture) linked(html string, link *regexp.Regexp) string {
	f.Helper()
	found := link.FindStringSubmatch(html)
	if found == nil {
		f.Fatalf("the page has no %s:\n%s", link, html)
	}
	return strings.TrimPrefix(found[1], f.url)
}

// TestLinkPreview checks what a chat's program reads: the tags, whether the session is open
// or has ended, and a PNG. HEAD has the same headers, and neither places an order.
func TestLinkPreview(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletWeChat)
	page := "/c/" + a.SessionID
	open := f.get(page, "User-Agent", chatBot)
	tags := previewTag.FindAllString(open.body, -1)
	if len(tags) != 5 || !strings.Contains(open.body, `property="og:image" content="`+f.url+`/static/`) {
		t.Fatalf("the tags are %q", tags)
	}
	for _, secret := range []string{a.SessionID, a.ID, a.OutTradeNo, a.NotifyToken, a.ReturnToken, "status", "state", "token"} {
		if strings.Contains(strings.Join(tags, ""), secret) {
			t.Errorf("the tags have %s: %q", secret, tags)
		}
	}
	f.checkPNG(f.linked(open.body, previewImage), 512)
	f.checkPNG(f.linked(open.body, touchIcon), 180)
	head := f.send(http.MethodHead, page, "", "User-Agent", chatBot)
	if head.status != open.status || head.header.Get("Content-Type") != open.header.Get("Content-Type") {
		t.Errorf("HEAD answers %d %v", head.status, head.header)
	}
	if n := len(must(f.store.Attempts(t.Context(), a.SessionID))); n != 1 {
		t.Errorf("the program caused orders: there are %d", n)
	}

	f.post(page, "/cancel", nil)
	ended := f.get(page, "User-Agent", chatBot).body
	if !strings.Contains(ended, `data-state="canceled"`) || strings.Join(previewTag.FindAllString(ended, -1), "") != strings.Join(tags, "") {
		t.Errorf("after the end of the session the tags are %q", previewTag.FindAllString(ended, -1))
	}
	for _, other := range []string{"/r/" + a.ReturnToken, "/c/cs_unknown", "/c/malformed!"} {
		if got := f.follow(other, "User-Agent", chatBot).body; previewTag.MatchString(got) {
			t.Errorf("%s has %q", other, previewTag.FindAllString(got, -1))
		}
	}
}

// follow gets a page after at most one redirect within the server.
func (f *fixture) follow(path string, headers ...string) answer {
	f.Helper()
	got := f.get(path, headers...)
	if to := got.header.Get("Location"); to != "" {
		return f.get(to, headers...)
	}
	return got
}

// checkPNG checks the picture at a path: a square PNG that any site may show and cache.
func (f *fixture) checkPNG(path string, side int) {
	f.Helper()
	got := f.get(path)
	picture, err := png.Decode(bytes.NewReader([]byte(got.body)))
	if got.status != http.StatusOK || err != nil || picture.Bounds().Dx() != side || picture.Bounds().Dy() != side {
		f.Fatalf("%s: %d %v", path, got.status, err)
	}
	head := f.send(http.MethodHead, path, "")
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin",
		"Content-Length": got.header.Get("Content-Length"),
	} {
		if got.header.Get(name) != want || head.header.Get(name) != want {
			f.Errorf("%s: %s is %q, and %q for HEAD, want %q", path, name, got.header.Get(name), head.header.Get(name), want)
		}
	}
}

// TestPreviewShowsTheShopsLogo checks that the preview has the logo of the shop unless it is
// an SVG, which no chat shows.
func TestPreviewShowsTheShopsLogo(t *testing.T) {
	t.Parallel()
	for logo, want := range map[string]string{"shop.png": "shop.png", "shop.JPEG": "shop.JPEG", "shop.webp": "shop.webp", "shop.svg": static.Preview, "": static.Preview} {
		f := newFixture(t, func(c *web.Config) {
			images := map[string][]byte{}
			if logo != "" {
				images[logo] = []byte("a picture")
			}
			c.Assets = must(static.New(static.Config{Images: images}))
			m := c.Merchants["shop"]
			m.Logo = logo
			c.Merchants["shop"] = m
		})
		if got := f.linked(f.get("/c/"+f.session("")).body, previewImage); !strings.HasSuffix(got, "/"+want) {
			t.Errorf("with the logo %q the preview shows %s, want %s", logo, got, want)
		}
	}
}
