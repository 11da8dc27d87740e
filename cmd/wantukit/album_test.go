package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"
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

// fonts returns the environment of a browser that takes pictures: with fonts that resemble
// those of phones and computers. It returns none for an album without a folder.
func (a album) fonts() ([]string, error) {
	if a.folder == "" {
		return nil, nil
	}
	path, err := filepath.Abs(filepath.Join("testdata", "fonts.conf"))
	return []string{"FONTCONFIG_FILE=" + path}, err
}

// picture is what distinguishes a picture from the others. No part has a point.
type picture struct {
	// page is the name of the page.
	page string
	// step is the step on the way through the pages; "" for a page that is no part of a
	// way.
	step string
	// language is the language of the page, such as zh-Hant.
	language string
	// window is the name of the window, and scheme is light or dark.
	window, scheme string
}

// file is the name of the picture's file.
func (p picture) file() string {
	return strings.Join([]string{p.page, p.step, p.language, p.window, p.scheme, "png"}, ".")
}

// readPicture is the reverse of file.
func readPicture(file string) (picture, error) {
	parts := strings.Split(file, ".")
	if len(parts) != 6 {
		return picture{}, fmt.Errorf("%s is no picture of the tests", file)
	}
	return picture{parts[0], parts[1], parts[2], parts[3], parts[4]}, nil
}

// Label is what a person reads below the picture.
func (p picture) Label() string {
	return strings.Join(slices.DeleteFunc([]string{p.page, p.step, p.window, p.language, p.scheme}, func(s string) bool { return s == "" }), " · ")
}

// URL is the address of the picture in the album.
func (p picture) URL() string { return p.file() }

// atTop scrolls to the top, for sticky elements, and ends when the page and its frames are
// painted.
const atTop = `scrollTo(0, 0), new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 50))))`

// keep takes a picture of the whole page.
func (a album) keep(p *shopper, as picture) {
	p.Helper()
	if a.folder == "" {
		return
	}
	ask(p, p.tab, chromedp.Evaluate[bool](atTop, chromedp.EvalAwaitPromise))
	shot, err := wholePage(p.tab)
	if err == nil {
		err = errors.Join(os.MkdirAll(a.folder, 0o755), os.WriteFile(filepath.Join(a.folder, as.file()), shot, 0o644))
	}
	if err != nil {
		p.Fatal(err)
	}
}

// wholePage returns a picture of the whole page of a tab, also of the part that must be
// scrolled to.
func wholePage(tab context.Context) ([]byte, error) {
	metrics, err := chromedp.Call(tab, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	width, err := chromedp.Run(tab, chromedp.Evaluate[float64](`innerWidth`)) // with the place of the scroll bar
	if err != nil {
		return nil, err
	}
	yes := true
	shot, err := chromedp.Call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		CaptureBeyondViewport: &yes, OptimizeForSpeed: &yes, Clip: &page.Viewport{Width: width, Height: metrics.CSSContentSize.Height, Scale: 1},
	})
	return shot.Data, err
}

const (
	// sheetWidth is the width of a contact sheet in pixels, and sheetMost the most pictures
	// on one.
	sheetWidth, sheetMost = 1600, 12
	// tabsAtOnce is how many sheets are drawn at the same time.
	tabsAtOnce = 2
)

// contactSheet is a picture with some of the album's pictures.
type contactSheet struct {
	Name     string
	Pictures []picture
}

// sheetFolder is the folder of the sheets in the album.
const sheetFolder = "sheets"

// URL is the address of the sheet in the album.
func (s contactSheet) URL() string { return sheetFolder + "/" + s.Name + ".png" }

// Rows are the pictures in rows, which wrap where they are longer than the sheet.
func (s contactSheet) Rows() (rows [][]picture) {
	for i, p := range s.Pictures {
		if i == 0 || p.row() != s.Pictures[i-1].row() {
			rows = append(rows, nil)
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], p)
	}
	return rows
}

// sheet is the name of the sheet that has the picture. A way through the pages has a sheet
// in each language. Any other page has one of tablets, and in each color scheme one of
// narrow windows and one of wide windows. Narrow pages with opened details are so long that
// each language has a sheet.
func (p picture) sheet() string {
	switch {
	case p.step != "":
		return p.page + "." + p.language
	case p.window == tablet.name:
		return p.page + ".tablet"
	case p.isWide():
		return p.page + ".wide." + p.scheme
	case strings.HasSuffix(p.page, "-open"):
		return p.page + ".narrow." + p.scheme + "." + p.language
	default:
		return p.page + ".narrow." + p.scheme
	}
}

// row names the row of the picture on its sheet.
func (p picture) row() string {
	switch {
	case p.step != "":
		return ""
	case p.window == tablet.name:
		return p.scheme
	default:
		return p.language
	}
}

// isWide reports whether the window is a computer's.
func (p picture) isWide() bool {
	return slices.ContainsFunc(wideWindows, func(w window) bool { return w.name == p.window })
}

// Scale is the size of the picture on its sheet. Of the narrow windows four fill a row, of
// tablets three, and of wide windows two.
func (p picture) Scale() float64 {
	switch {
	case p.isWide():
		return .55
	case p.window == tablet.name:
		return .67
	default:
		return .95
	}
}

// order compares two pictures of a sheet by their places.
func (p picture) order(other picture) int {
	return cmp.Or(strings.Compare(p.step, other.step), strings.Compare(p.row(), other.row()),
		strings.Compare(p.language, other.language), strings.Compare(p.window, other.window))
}

var sheetPage = template.Must(template.New("").Parse(`<!DOCTYPE html><meta charset="utf-8"><title>{{.Name}}</title>
<style>body { margin: 10px; font: 15px sans-serif; background: #888; } div { display: flex; flex-wrap: wrap; gap: 8px; align-items: start; margin-bottom: 8px; } figure { margin: 0; } figcaption { padding: 4px; background: #222; color: #fff; } img { display: block; }</style>
{{range .Rows}}<div>{{range .}}<figure><figcaption>{{.Label}}</figcaption><img src="{{.URL}}" style="zoom: {{.Scale}}" alt=""></figure>
{{end}}</div>{{end}}`))

var albumPage = template.Must(template.New("").Parse(`<!DOCTYPE html><meta charset="utf-8"><title>Screenshots</title>
<style>body { font: 14px sans-serif; background: #888; } div { display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; } figure { margin: 0; width: 20rem; } img { width: 100%; }</style>
{{range .}}<h2 id="{{.Name}}"><a href="{{.URL}}">{{.Name}}</a></h2><div>
{{range .Pictures}}<figure><a href="{{.URL}}"><img loading="lazy" src="{{.URL}}" alt=""></a><figcaption>{{.Label}}</figcaption></figure>
{{end}}</div>
{{end}}`))

// bind puts the pictures on contact sheets, and writes a page that shows all pictures. It is
// called after the tests.
func (a album) bind() error {
	if a.folder == "" {
		return nil
	}
	sheets, err := a.sheets()
	if err != nil {
		return err
	}
	if chromium.once.Do(chromium.start); chromium.err != nil {
		return chromium.err
	}
	var drawn errgroup.Group
	drawn.SetLimit(tabsAtOnce)
	for _, s := range sheets {
		drawn.Go(func() error { return a.draw(s) })
	}
	return errors.Join(drawn.Wait(), a.write("index.html", albumPage, sheets))
}

// sheets returns the sheets of all pictures, by name.
func (a album) sheets() ([]contactSheet, error) {
	paths, err := filepath.Glob(filepath.Join(a.folder, "*.png"))
	if err != nil || len(paths) == 0 {
		return nil, cmp.Or(err, fmt.Errorf("%s has no pictures", a.folder))
	}
	pictures := map[string][]picture{}
	for _, path := range paths {
		p, err := readPicture(filepath.Base(path))
		if err != nil {
			return nil, err
		}
		pictures[p.sheet()] = append(pictures[p.sheet()], p)
	}
	var sheets []contactSheet
	for _, name := range slices.Sorted(maps.Keys(pictures)) {
		if n := len(pictures[name]); n > sheetMost {
			return nil, fmt.Errorf("the sheet %s has %d pictures, which are too many to see", name, n)
		}
		slices.SortFunc(pictures[name], picture.order)
		sheets = append(sheets, contactSheet{name, pictures[name]})
	}
	return sheets, nil
}

// draw has Chromium draw a sheet.
func (a album) draw(s contactSheet) error {
	source := s.Name + ".html"
	if err := a.write(source, sheetPage, s); err != nil {
		return err
	}
	source = filepath.Join(a.folder, source)
	defer func() { _ = os.Remove(source) }()
	tab, cancel := chromedp.NewContext(chromium.ctx)
	defer cancel()
	if err := chromedp.Do(tab, chromedp.Navigate("file://"+source)); err != nil {
		return err
	}
	_, err := chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: sheetWidth, Height: sheetWidth, DeviceScaleFactor: 1})
	if err != nil {
		return err
	}
	shot, err := wholePage(tab)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Join(a.folder, sheetFolder), 0o755), os.WriteFile(filepath.Join(a.folder, s.URL()), shot, 0o644))
}

// write writes a page into the album's folder.
func (a album) write(name string, page *template.Template, data any) error {
	var text strings.Builder
	if err := page.Execute(&text, data); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(a.folder, name), []byte(text.String()), 0o644)
}
