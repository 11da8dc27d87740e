package main

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// album is the folder that `make screenshots` fills with pictures for a person.
// Without a folder the tests take no pictures.
type album struct{ folder string }

func openAlbum() album { return album{os.Getenv("WANTUKIT_SCREENSHOTS")} }

// The languages, as in Accept-Language.
const (
	english     = "en"
	simplified  = "zh-CN"
	traditional = "zh-HK"
)

// languages returns the languages of the pictures. A test without pictures uses
// one.
func (a album) languages() []string {
	if a.folder == "" {
		return []string{english}
	}
	return []string{english, simplified, traditional}
}

// keep takes a picture of the whole page. name begins with the name of the page.
// What distinguishes several pictures of a page follows, separated by points.
func (a album) keep(p *shopper, name string) {
	p.Helper()
	if a.folder == "" {
		return
	}
	path := filepath.Join(a.folder, name+".png")
	if err := errors.Join(os.MkdirAll(a.folder, 0o755), os.WriteFile(path, p.picture(), 0o644)); err != nil {
		p.Fatal(err)
	}
}

// picture returns a picture of the whole page, also of the part that must be
// scrolled to. It scrolls to the top first, for sticky elements.
func (p *shopper) picture() []byte {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`void scrollTo(0, 0)`))
	metrics, err := chromedp.Call(p.tab, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		p.Fatal(err)
	}
	size, beyond := metrics.CSSContentSize, true
	shot, err := chromedp.Call(p.tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &beyond, Clip: &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1},
	})
	if err != nil {
		p.Fatal(err)
	}
	return shot.Data
}

// keepBoth takes a picture in the window of a computer and one in the window of a
// phone.
func (a album) keepBoth(v *visitor, name string) {
	v.Helper()
	if a.folder == "" {
		return
	}
	for in, window := range map[string]device{"desktop": desktop, "phone": phone} {
		v.resize(window.width, window.height, 1)
		a.keep(v.shopper, name+"."+v.speaks+"."+in)
	}
	v.resize(v.row.window.width, v.row.window.height, 1)
}

var contactSheet = template.Must(template.New("").Parse(`<!DOCTYPE html><meta charset="utf-8"><title>Screenshots</title>
<style>body { font: 14px sans-serif; background: #888; } div { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; } figure { margin: 0; width: 20rem; } img { width: 100%; }</style>
{{range .}}<h2 id="{{.Name}}">{{.Name}}</h2><div>
{{range .Pictures}}<figure><a href="{{.}}"><img loading="lazy" src="{{.}}" alt=""></a><figcaption>{{.}}</figcaption></figure>
{{end}}</div>
{{end}}`))

// chapter holds the pictures of one page.
type chapter struct {
	Name     string
	Pictures []string
}

// bind writes a page that shows all pictures. It is called after the tests.
func (a album) bind() error {
	if a.folder == "" {
		return nil
	}
	paths, err := filepath.Glob(filepath.Join(a.folder, "*.png")) // sorted
	if err != nil || len(paths) == 0 {
		return cmp.Or(err, fmt.Errorf("%s has no pictures", a.folder))
	}
	var chapters []chapter
	for _, path := range paths {
		picture := filepath.Base(path)
		name, _, _ := strings.Cut(picture, ".")
		if last := len(chapters) - 1; last < 0 || chapters[last].Name != name {
			chapters = append(chapters, chapter{Name: name})
		}
		last := &chapters[len(chapters)-1]
		last.Pictures = append(last.Pictures, picture)
	}
	var text strings.Builder
	if err := contactSheet.Execute(&text, chapters); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.folder, "index.html"), []byte(text.String()), 0o644)
}
