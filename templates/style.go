package templates

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
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

// StyleHash returns the style sheet's source for style-src of a
// Content-Security-Policy, in its quotes: 'sha256-…'.
func StyleHash() string {
	sum := sha256.Sum256([]byte(style()))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// styleElement is written raw: escaping would change what was hashed.
func styleElement() string { return "<style>" + style() + "</style>" }
