package templates

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/skip2/go-qrcode"
)

// QRCode is a QR code as one SVG path. Its unit is a module, one square of the code.
type QRCode struct {
	// Path is the attribute d of the path: every dark module, moved by the quiet zone.
	Path string
	// Size is the width and height in modules, with the quiet zone.
	Size int
}

// DrawQRCode returns the QR code of text, with a quiet zone of four modules. It fails
// for a text that is too long.
//
// It uses error correction level Medium, which restores 15 % of a code under glare or
// a thumb, twice as much as Low. Both levels have the same size for our texts: 29
// modules a side for an order's code of 27 to 42 bytes, 33 for a page's URL of 54 to
// 62 bytes. Level Quartile would make the modules a tenth smaller.
func DrawQRCode(text string) (*QRCode, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	bitmap := code.Bitmap() // with its quiet zone of four modules
	return &QRCode{Path: svgPath(bitmap), Size: len(bitmap)}, nil
}

// svgPath returns the path of the dark modules. It joins adjacent modules of a row into
// one rectangle.
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
