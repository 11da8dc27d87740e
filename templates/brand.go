package templates

import (
	"errors"
	"sync"

	"github.com/lucasb-eyer/go-colorful"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Brand is the look of a shop's pages. The zero Brand is the kit's own look.
type Brand struct {
	// Color is the shop's colour as #rrggbb; "" for the kit's own. Surfaces have this
	// colour. Text has a darker or lighter one, so that every colour is readable.
	Color string
	// Logo is the URL of the shop's picture, shown in a square of 40 CSS
	// pixels; "" for none.
	Logo string
	// Marks are the URLs of the pictures that a shop shows in place of our marks of the
	// wallets. They are shown in a square. A wallet without one has our mark.
	Marks map[flow.Wallet]string
}

// CheckColor returns an error if text is not a colour as #rrggbb.
func CheckColor(text string) error {
	if len(text) != len("#rrggbb") {
		return errNoColor
	}
	if _, err := colorful.Hex(text); err != nil {
		return errNoColor
	}
	return nil
}

var errNoColor = errors.New("is not a colour such as #0b6b57")

// minContrast is the contrast of text that WCAG 2.2 requires in 1.4.3.
const minContrast = 4.5

// scheme is a colour scheme: the backgrounds on which a brand's colours must be
// readable. style.css has the same backgrounds.
type scheme struct{ card, page string }

var (
	lightScheme = scheme{card: "#ffffff", page: "#f6f7f8"}
	darkScheme  = scheme{card: "#16191d", page: "#0c0e11"}
)

// palette is the set of a brand's colours in one scheme.
type palette struct {
	// main is the colour of text and lines. fill is the surface of a button, and
	// onFill the text on it. tint is a light surface behind text.
	main, fill, onFill, tint colorful.Color
}

// tintShare is the share of the colour in a tint; the rest is the background.
const tintShare = .1

// paint returns the palette of a brand's colour in a scheme.
func paint(brand colorful.Color, on scheme) palette {
	card, page := mustHex(on.card), mustHex(on.page)
	p := palette{fill: brand, onFill: mustHex("#ffffff")}
	if black := mustHex("#000000"); contrast(black, brand) > contrast(p.onFill, brand) {
		p.onFill = black
	}
	p.main = readable(brand, func(c colorful.Color) bool {
		return min(contrast(c, card), contrast(c, page), contrast(c, tint(c, card))) >= minContrast
	}, luminance(card) < .5)
	p.tint = tint(p.main, card)
	return p
}

func tint(c, card colorful.Color) colorful.Color { return rounded(card.BlendRgb(c, tintShare)) }

// rounded returns a colour with eight bits a channel, as in the style sheet.
func rounded(c colorful.Color) colorful.Color { return mustHex(c.Clamped().Hex()) }

// readable returns a colour with the hue of c that isReadable accepts. It makes c lighter
// or darker step by step, at most until white or black.
func readable(c colorful.Color, isReadable func(colorful.Color) bool, lighter bool) colorful.Color {
	lightness, chroma, hue := c.OkLch()
	step := -.01
	if lighter {
		step = .01
	}
	for ; !isReadable(c) && lightness > 0 && lightness < 1; lightness += step {
		c = rounded(colorful.OkLch(lightness, chroma, hue))
	}
	if isReadable(c) {
		return c
	}
	if lighter {
		return mustHex("#ffffff")
	}
	return mustHex("#000000")
}

// contrast returns the contrast ratio of WCAG, from 1 to 21.
func contrast(a, b colorful.Color) float64 {
	light, dark := luminance(a), luminance(b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + .05) / (dark + .05)
}

// luminance returns the relative luminance of WCAG, from 0 to 1.
func luminance(c colorful.Color) float64 {
	r, g, b := c.LinearRgb()
	return .2126*r + .7152*g + .0722*b
}

func mustHex(text string) colorful.Color {
	c, err := colorful.Hex(text)
	if err != nil {
		panic("templates: " + text + " " + errNoColor.Error())
	}
	return c
}

func (p palette) css() string {
	return ":root{--main:" + p.main.Hex() + ";--fill:" + p.fill.Hex() + ";--on-fill:" + p.onFill.Hex() + ";--tint:" + p.tint.Hex() + "}"
}

// sheet is the style sheet of a brand's pages.
type sheet struct {
	// element is the style element. It must not be escaped, which would change its hash.
	element string
	// hash is the value of StyleHash.
	hash string
}

// sheets has each sheet that was needed, by the brand's colour. Shops' colours are
// configured, so they are few.
var sheets sync.Map

// sheet returns the sheet of the brand. It computes it once.
func (b Brand) sheet() *sheet {
	if CheckColor(b.Color) != nil {
		b.Color = ""
	}
	if known, ok := sheets.Load(b.Color); ok {
		return known.(*sheet) //nolint:forcetypeassert // sheets has no other type
	}
	css := b.Style()
	s := &sheet{
		element: "<style>" + css + "</style>",
		hash:    sourceHash(css),
	}
	sheets.Store(b.Color, s)
	return s
}

// Style returns the style sheet of the brand's pages. It has the kit's own colour if
// CheckColor refuses the brand's.
func (b Brand) Style() string {
	if CheckColor(b.Color) != nil {
		return style()
	}
	color := mustHex(b.Color)
	return style() + paint(color, lightScheme).css() + "@media (prefers-color-scheme:dark){" + paint(color, darkScheme).css() + "}"
}

// StyleHash returns the hash of the style sheet as a source for style-src of a
// Content-Security-Policy, in quotes: 'sha256-…'.
func (b Brand) StyleHash() string { return b.sheet().hash }
