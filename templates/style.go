package templates

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

//go:embed style.css
var styleSource string

//go:embed docs.css
var docsSource string

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s+`)
	cssEdge    = regexp.MustCompile(`\s*([{};,])\s*`)
)

// style returns the style sheet of the pages for shoppers, and docsStyle that of the pages
// for developers.
var (
	style     = sync.OnceValue(func() string { return shrink(styleSource) })
	docsStyle = sync.OnceValue(func() string { return shrink(docsSource) })
)

// DocsStyleHash is [Brand.StyleHash] for the pages for developers.
var DocsStyleHash = sync.OnceValue(func() string { return sourceHash(docsStyle()) })

// shrink returns a style sheet without comments and unneeded spaces, because every page
// contains it.
func shrink(css string) string {
	css = cssComment.ReplaceAllString(css, "")
	css = cssSpace.ReplaceAllString(css, " ")
	css = cssEdge.ReplaceAllString(css, "$1")
	return strings.TrimSpace(strings.ReplaceAll(css, ";}", "}"))
}
