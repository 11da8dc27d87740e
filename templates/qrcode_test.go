package templates_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"

	"github.com/wantukit/wantukit/templates"
)

var barPattern = regexp.MustCompile(`([Mm])(-?\d+) (\d+)h(\d+)v1h-(\d+)z`)

// TestPathHasEachDarkModule reads the path as a browser does, and compares it with the
// modules of the library.
func TestPathHasEachDarkModule(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		code := must(templates.DrawQRCode(text))
		if got, want := plot(t, code), must(qrcode.New(text, qrcode.Medium)).ToString(true); got != want {
			t.Errorf("the code of %q is drawn as\n%s\nwant\n%s", text, got, want)
		}
	}
}

// texts are texts of codes: a small one, of an order, and of a page.
var texts = []string{
	"1", "weixin://wxpay/bizpayurl?pr=abcDEF123", "https://qr.alipay.com/0cx00345kdwsuhdkjete800",
	"https://pay.example/c/cs_" + strings.Repeat("a7", 13),
}

// TestOrderCodeHasSpaceForTheMark checks that the code of an order is the library's with
// an empty square in the middle, that the mark stays within 20 % of the width, and that the
// square is so small that the error correction can restore it and a thumb beside it.
func TestOrderCodeHasSpaceForTheMark(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		code, whole := must(templates.DrawOrderCode(text)), must(qrcode.New(text, qrcode.Highest)).Bitmap()
		got, width := plot(t, code), code.Size-8
		from := (code.Size - code.Space) / 2
		for _, row := range whole[from : from+code.Space] {
			clear(row[from : from+code.Space])
		}
		if want := inBlocks(whole); got != want {
			t.Errorf("the code of %q is drawn as\n%s\nwant\n%s", text, got, want)
		}
		if code.Space < 3 || code.Space%2 == 0 || (code.Space-1)*100 > 20*width || code.Space*code.Space*100 > 5*width*width {
			t.Errorf("%q: a space of %d modules in a code of %d", text, code.Space, width)
		}
	}
}

// TestLongOrderCodeHasNoMark: a mark would cover an alignment pattern.
func TestLongOrderCodeHasNoMark(t *testing.T) {
	t.Parallel()
	text := "https://pay.example/" + strings.Repeat("aZ9k", 10)
	if got, want := must(templates.DrawOrderCode(text)), must(templates.DrawQRCode(text)); *got != *want {
		t.Errorf("a code of %d bytes has a space of %d modules", len(text), got.Space)
	}
	if _, err := templates.DrawOrderCode(strings.Repeat("aZ9k", 1000)); err == nil {
		t.Error("a text that is too long has a code")
	}
}

// TestModulesOfACode holds the comments of DrawQRCode and DrawOrderCode to the library.
func TestModulesOfACode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		draw                    func(string) (*templates.QRCode, error)
		shortest, longest, want int
	}{
		{templates.DrawQRCode, 54, 62, 33},
		{templates.DrawQRCode, 63, 84, 37},
		{templates.DrawOrderCode, 25, 34, 33},
		{templates.DrawOrderCode, 35, 44, 37},
		{templates.DrawOrderCode, 45, 58, 41},
	} {
		for _, length := range []int{c.shortest, c.longest} {
			code := must(c.draw(strings.Repeat("aZ9k:", length)[:length]))
			if got := code.Size - 8; got != c.want {
				t.Errorf("a text of %d bytes has %d modules, want %d", length, got, c.want)
			}
		}
	}
}

func must[V any](value V, err error) V {
	if err != nil {
		panic(err)
	}
	return value
}

// plot returns a code as the library's ToString does.
func plot(t *testing.T, code *templates.QRCode) string {
	t.Helper()
	dark := map[[2]int]bool{}
	x, y, length := 0, 0, 0
	for _, bar := range barPattern.FindAllStringSubmatch(code.Path, -1) {
		length += len(bar[0])
		dx, dy, width := number(t, bar[2]), number(t, bar[3]), number(t, bar[4])
		if back := number(t, bar[5]); back != width {
			t.Fatalf("the rectangle %s does not end where it starts", bar[0])
		}
		if bar[1] == "M" {
			x, y = 0, 0
		}
		x, y = x+dx, y+dy
		for i := range width {
			dark[[2]int{x + i, y}] = true
		}
	}
	if length != len(code.Path) {
		t.Fatalf("the path has more than rectangles: %s", code.Path)
	}
	bitmap := make([][]bool, code.Size)
	for y := range bitmap {
		bitmap[y] = make([]bool, code.Size)
		for x := range bitmap[y] {
			bitmap[y][x] = dark[[2]int{x, y}]
		}
	}
	return inBlocks(bitmap)
}

// inBlocks returns modules as the library's ToString does.
func inBlocks(bitmap [][]bool) string {
	var drawn strings.Builder
	for _, row := range bitmap {
		for _, isDark := range row {
			if isDark {
				drawn.WriteString("██")
			} else {
				drawn.WriteString("  ")
			}
		}
		drawn.WriteString("\n")
	}
	return drawn.String()
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
