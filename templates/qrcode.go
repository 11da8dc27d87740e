package templates

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skip2/go-qrcode"
)

// QRCode is a QR code as one SVG path in units of a module.
type QRCode struct {
	// Path is the value of d: every dark module, offset by the quiet zone.
	Path string
	// Size is the width and height in modules, quiet zones included.
	Size int
}

// DrawQRCode draws text as one SVG path, with a quiet zone of four modules.
// Medium error correction mends 15 % of a code that glares or that a thumb
// covers, twice as much as Low, and costs none of our texts a module: an order's
// code of 27 to 42 bytes has 29 a side either way, a page's address of 54 to 62
// has 33. Quartile would make modules a tenth smaller, for tears that no screen
// has.
func DrawQRCode(text string) (*QRCode, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	bitmap := code.Bitmap() // with its quiet zone of four modules
	return &QRCode{Path: svgPath(bitmap), Size: len(bitmap)}, nil
}

// svgPath joins the dark modules of each row into bars one module high.
func svgPath(bitmap [][]bool) string {
	var path strings.Builder
	for y, row := range bitmap {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			width := strconv.Itoa(x - from)
			path.WriteString("M" + strconv.Itoa(from) + " " + strconv.Itoa(y) + "h" + width + "v1h-" + width + "z")
		}
	}
	return path.String()
}
