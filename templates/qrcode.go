package templates

import (
	"fmt"
	"strconv"

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
// one rectangle. Each rectangle starts relative to the one before, which repeats more
// text than absolute positions do and so compresses better.
func svgPath(bitmap [][]bool) string {
	path := make([]byte, 0, 4096)
	command := byte('M')
	var lastX, lastY int
	for y, row := range bitmap {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			path = append(path, command)
			path = strconv.AppendInt(path, int64(from-lastX), 10)
			path = append(path, ' ')
			path = strconv.AppendInt(path, int64(y-lastY), 10)
			path = appendBar(path, int64(x-from))
			command, lastX, lastY = 'm', from, y
		}
	}
	return string(path)
}

// appendBar appends a rectangle of the height 1. It ends where it starts.
func appendBar(path []byte, width int64) []byte {
	path = append(path, 'h')
	path = strconv.AppendInt(path, width, 10)
	path = append(path, "v1h-"...)
	path = strconv.AppendInt(path, width, 10)
	return append(path, 'z')
}
