package templates

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

//go:embed style.css
var styleSource string

var (
	cssComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace   = regexp.MustCompile(`\s+`)
	cssEdge    = regexp.MustCompile(`\s*([{};,])\s*`)
)

// style returns the style sheet without comments and unneeded spaces, because every page
// contains it.
var style = sync.OnceValue(func() string {
	css := cssComment.ReplaceAllString(styleSource, "")
	css = cssSpace.ReplaceAllString(css, " ")
	css = cssEdge.ReplaceAllString(css, "$1")
	return strings.TrimSpace(strings.ReplaceAll(css, ";}", "}"))
})
