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

// style is the style sheet as it is sent: without comments and spare spaces,
// because every page carries it.
var style = sync.OnceValue(func() string {
	css := cssComment.ReplaceAllString(styleSource, "")
	css = cssSpace.ReplaceAllString(css, " ")
	css = cssEdge.ReplaceAllString(css, "$1")
	return strings.TrimSpace(strings.ReplaceAll(css, ";}", "}"))
})
