package templates

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/lucasb-eyer/go-colorful"
)

// Brand is how a shop looks. The zero Brand is the kit's own look.
type Brand struct {
	// Color is the shop's, as #rrggbb; "" for the kit's own. It is shown as it
	// is where it is a surface, and made darker or lighter where it is text, so
	// that whatever a shop picks can be read.
	Color string
	// Logo is the URL of the shop's picture, shown in a square of 40 CSS
	// pixels; "" for none.
	Logo string
}

// CheckColor returns an error for what is no #rrggbb.
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

// minContrast is what WCAG 2.2 asks of text: 1.4.3.
const minContrast = 4.5

// scheme is what a brand's colours must be readable on: style.css has the same.
type scheme struct{ card, page string }

var (
	lightScheme = scheme{card: "#ffffff", page: "#f3f5f4"}
	darkScheme  = scheme{card: "#19211e", page: "#0f1513"}
)

// palette is a brand's colour in one scheme.
type palette struct {
	// main is text and lines; fill is the surface of a button, and onFill the
	// text upon it; tint is a light surface behind text.
	main, fill, onFill, tint colorful.Color
}

// tintShare is how much of the colour a tint has.
const tintShare = .1

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

func tint(c, card colorful.Color) colorful.Color { return written(card.BlendRgb(c, tintShare)) }

// written is a colour as it stands in the style sheet: eight bits a channel.
func written(c colorful.Color) colorful.Color { return mustHex(c.Clamped().Hex()) }

// readable moves a colour's lightness, and keeps its hue, until it will do.
// Black and white always do.
func readable(c colorful.Color, willDo func(colorful.Color) bool, lighter bool) colorful.Color {
	lightness, chroma, hue := c.OkLch()
	step := -.01
	if lighter {
		step = .01
	}
	for ; !willDo(c) && lightness > 0 && lightness < 1; lightness += step {
		c = written(colorful.OkLch(lightness, chroma, hue))
	}
	if willDo(c) {
		return c
	}
	if lighter {
		return mustHex("#ffffff")
	}
	return mustHex("#000000")
}

// contrast is WCAG's ratio, from 1 to 21.
func contrast(a, b colorful.Color) float64 {
	light, dark := luminance(a), luminance(b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + .05) / (dark + .05)
}

// luminance is WCAG's relative luminance, from 0 to 1.
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

// Style is the style sheet of the brand's pages. A colour that CheckColor
// refuses is the kit's own.
func (b Brand) Style() string {
	if CheckColor(b.Color) != nil {
		return style()
	}
	color := mustHex(b.Color)
	return style() + paint(color, lightScheme).css() + "@media (prefers-color-scheme:dark){" + paint(color, darkScheme).css() + "}"
}

// StyleHash returns the style sheet's source for style-src of a
// Content-Security-Policy, in its quotes: 'sha256-…'.
func (b Brand) StyleHash() string {
	sum := sha256.Sum256([]byte(b.Style()))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// styleElement is written raw: escaping would change what was hashed.
func (b Brand) styleElement() string { return "<style>" + b.Style() + "</style>" }
