package main

import (
	"slices"
	"testing"

	"github.com/wantukit/wantukit/templates"
)

// narrow is the narrowest window that a page must fit. A computer's window at 400 %
// is as narrow.
var narrow = device{phone.userAgent, 320, 568}

// The windows of the pictures.
var (
	tablet        = computerWindow(768, 1024)
	wideWindows   = []window{computerWindow(1280, 800), computerWindow(1440, 900)}
	narrowWindows = []window{phoneWindow(320, 568), phoneWindow(360, 740), phoneWindow(390, 844), shopsFrame(480)}
)

// TestScreenshots takes a picture of each page, in each window, language and color scheme.
// `make screenshots` runs it.
func TestScreenshots(t *testing.T) {
	pictures := openAlbum()
	if pictures.folder == "" {
		t.Skip("takes minutes, and pictures for a person: run `make screenshots`")
	}
	t.Parallel()
	shop := startEmbedder(t)
	g := newFullGallery(t, shop)
	g.fillPrinted()
	windows := slices.Concat(narrowWindows, []window{tablet}, wideWindows)
	g.each(t, func(t *testing.T, e exhibit) {
		p := newShopperAt(t, nil, e.device, wasmBlocked)
		for _, language := range pictures.languages() {
			p.tour(e, shop, language, windows, func(w window) { p.Helper(); pictures.keepSchemes(p, e, w, language) })
		}
	})
}

// keepSchemes takes a picture in each color scheme, without a change of scheme on its
// way.
func (a album) keepSchemes(p *shopper, e exhibit, w window, language string) {
	p.Helper()
	medium := ""
	if e.isPrinted {
		medium = "print"
	}
	for _, scheme := range []string{"light", "dark"} {
		p.emulateMedia(medium, "prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
		a.keep(p, picture{page: e.name, language: pageLanguage(language), window: w.name, scheme: scheme})
	}
}

// pageLanguage is the language of a page for an Accept-Language.
func pageLanguage(accepted string) string { return string(templates.Match("", accepted)) }
