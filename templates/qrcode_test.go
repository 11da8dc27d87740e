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
	for _, text := range []string{"1", "weixin://wxpay/bizpayurl?pr=abcDEF123", "https://pay.example/c/cs_" + strings.Repeat("a7", 13)} {
		code, err := templates.DrawQRCode(text)
		if err != nil {
			t.Fatal(err)
		}
		library, err := qrcode.New(text, qrcode.Medium)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := plot(t, code), library.ToString(true); got != want {
			t.Errorf("the code of %q is drawn as\n%s\nwant\n%s", text, got, want)
		}
	}
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
	var drawn strings.Builder
	for y := range code.Size {
		for x := range code.Size {
			if dark[[2]int{x, y}] {
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
