package sandbox

import (
	"fmt"
	"html/template"
	"strings"

	qrcode "github.com/skip2/go-qrcode"
)

// qrCode returns text as a QR code in SVG. width is its width in pixels, including the
// quiet zone. The white and the black are in the picture itself: a page in the dark, or a
// browser that darkens pages by force, changes neither.
func qrCode(text string, width int) (template.HTML, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", fmt.Errorf("sandbox: draw a QR code: %w", err)
	}
	rows := code.Bitmap()
	var path strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start, y, x-start, x-start)
			}
		}
	}
	return template.HTML(fmt.Sprintf( // #nosec G203 -- numbers alone
		`<svg id="qrcode" role="img" aria-label="QR code" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
			`<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		width, width, len(rows), len(rows), len(rows), len(rows), path.String())), nil
}
