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
	// Space is the width and height in modules of the empty square in the middle, for
	// the wallet's mark; 0 for none. It is odd.
	Space int
}

// DrawQRCode returns the QR code of text, with a quiet zone of four modules. It fails
// for a text that is too long.
//
// It uses error correction level M, which restores 15 % of a code, twice as much as L.
// Measured without the quiet zone, a page's URL of 54 to 62 bytes has 33 modules a side,
// and one of 63 to 84 bytes 37.
func DrawQRCode(text string) (*QRCode, error) {
	bitmap, err := modules(text, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	return &QRCode{Path: svgPath(bitmap), Size: len(bitmap)}, nil
}

// DrawOrderCode is DrawQRCode for the code of an order, with space for the wallet's mark
// in the middle.
//
// It uses error correction level H, which restores 30 % of a code. The space takes up to
// 5 % of it. Measured without the quiet zone, a text of 25 to 34 bytes has 33 modules a
// side, one of 35 to 44 bytes 37, and one of 45 to 58 bytes 41. At level M the modules of
// the same picture would be 10 to 24 % wider.
//
// For a longer text it returns what DrawQRCode returns, without space: a larger code has
// an alignment pattern in the middle, and zbarimg did not read each such code with a mark
// on the pattern.
func DrawOrderCode(text string) (*QRCode, error) {
	bitmap, err := modules(text, qrcode.Highest)
	if err != nil || len(bitmap) > largestMarked {
		return DrawQRCode(text)
	}
	space := clearMiddle(bitmap)
	return &QRCode{Path: svgPath(bitmap), Size: len(bitmap), Space: space}, nil
}

// quietZone is the width in modules of the empty border that a scanner needs.
const quietZone = 4

// largestMarked is the width in modules of the largest code without an alignment pattern in
// the middle, with its quiet zone: version 6.
const largestMarked = 41 + 2*quietZone

// modules returns the modules of a text's QR code with its quiet zone; true is dark.
func modules(text string, level qrcode.RecoveryLevel) ([][]bool, error) {
	code, err := qrcode.New(text, level)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	return code.Bitmap(), nil
}

// clearMiddle makes the square in the middle light, and returns its width in modules: the
// largest odd number that is at most 22 % of the code's width.
func clearMiddle(bitmap [][]bool) int {
	size := len(bitmap)
	space := ((size-2*quietZone)*22/100 - 1) | 1
	from := (size - space) / 2
	for _, row := range bitmap[from : from+space] {
		clear(row[from : from+space])
	}
	return space
}

// viewBox is the attribute viewBox of the code's picture.
func (c QRCode) viewBox() string { return fmt.Sprintf("0 0 %d %d", c.Size, c.Size) }

// markSide is the width of the mark in modules. The mark leaves half a module of the space
// at each side.
func (c QRCode) markSide() string { return strconv.Itoa(c.Space - 1) }

// markAt is the distance of the mark from the left and from the top, in modules.
func (c QRCode) markAt() string {
	return strconv.FormatFloat(float64(c.Size-c.Space+1)/2, 'f', 1, 64)
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
