package static

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"regexp"
	"strconv"
	"sync"
)

// The icon as PNG, for programs that show no SVG: the home screen of a phone, and the
// previews of links in chats. Both fill their square, because the phone and the chat round
// the corners.
const (
	touchSide   = 180 // in pixels, as iOS wants it
	previewSide = 512 // chats show nothing smaller than 200
)

// drawings are the drawn files by name. They are drawn once for all Assets.
var drawings = sync.OnceValues(func() (map[string][]byte, error) {
	source, err := files.ReadFile(Icon)
	if err != nil {
		return nil, err
	}
	icon, err := readIcon(source)
	if err != nil {
		return nil, fmt.Errorf("static: %s: %w", Icon, err)
	}
	drawn := map[string][]byte{}
	for name, side := range map[string]int{TouchIcon: touchSide, Preview: previewSide} {
		if drawn[name], err = icon.draw(side); err != nil {
			return nil, fmt.Errorf("static: draw %s: %w", name, err)
		}
	}
	return drawn, nil
})

// lineIcon is an icon of one line on a ground. Its lengths are in units of the SVG's view
// box.
type lineIcon struct {
	side         float64
	ground, line color.NRGBA
	points       []point
	width        float64 // of the line, whose ends and corners are round
}

type point struct{ x, y float64 }

// svgIcon is the part of icon.svg that is drawn.
type svgIcon struct {
	ViewBox string `xml:"viewBox,attr"`
	Rect    struct {
		Fill string `xml:"fill,attr"`
	} `xml:"rect"`
	Path struct {
		D      string `xml:"d,attr"`
		Stroke string `xml:"stroke,attr"`
		Width  string `xml:"stroke-width,attr"`
		Cap    string `xml:"stroke-linecap,attr"`
		Join   string `xml:"stroke-linejoin,attr"`
	} `xml:"path"`
}

// readIcon reads an SVG of one square and one line with straight parts. It fails for
// any other shape.
func readIcon(source []byte) (icon lineIcon, err error) {
	var svg svgIcon
	if err := xml.Unmarshal(source, &svg); err != nil {
		return icon, err
	}
	if svg.Path.Cap != "round" || svg.Path.Join != "round" {
		return icon, errors.New("the line's ends and corners are not round")
	}
	var height float64
	if _, err := fmt.Sscanf(svg.ViewBox, "0 0 %f %f", &icon.side, &height); err != nil || icon.side != height {
		return icon, errors.New("viewBox is not a square at 0 0")
	}
	if icon.width, err = strconv.ParseFloat(svg.Path.Width, 64); err != nil {
		return icon, errors.New("stroke-width is not a number")
	}
	icon.ground, err = readColor(svg.Rect.Fill)
	if err != nil {
		return icon, err
	}
	if icon.line, err = readColor(svg.Path.Stroke); err != nil {
		return icon, err
	}
	icon.points, err = readLine(svg.Path.D)
	return icon, err
}

// readColor reads a colour as #rgb or #rrggbb.
func readColor(text string) (c color.NRGBA, err error) {
	c.A = 0xff
	if len(text) == len("#rgb") {
		_, err = fmt.Sscanf(text, "#%1x%1x%1x", &c.R, &c.G, &c.B)
		c.R, c.G, c.B = c.R*0x11, c.G*0x11, c.B*0x11
	} else {
		_, err = fmt.Sscanf(text, "#%2x%2x%2x", &c.R, &c.G, &c.B)
	}
	if err != nil {
		return c, fmt.Errorf("%q is not a colour", text)
	}
	return c, nil
}

var (
	linePath = regexp.MustCompile(`^(?:[MLl]-?[\d.]+[ ,-][\d.]+)+$`)
	lineStep = regexp.MustCompile(`([MLl])(-?[\d.]+)[ ,]?(-?[\d.]+)`)
)

// readLine returns the points of a path of M, L and l with two numbers each.
func readLine(path string) (points []point, err error) {
	if !linePath.MatchString(path) {
		return nil, errors.New("the path is not a line of straight parts")
	}
	var at point
	for _, step := range lineStep.FindAllStringSubmatch(path, -1) {
		x, errX := strconv.ParseFloat(step[2], 64)
		y, errY := strconv.ParseFloat(step[3], 64)
		if err := errors.Join(errX, errY); err != nil {
			return nil, err
		}
		if step[1] == "l" {
			x, y = at.x+x, at.y+y
		}
		at = point{x, y}
		points = append(points, at)
	}
	return points, nil
}

// shades is the number of colours between ground and line, with both: enough for smooth
// edges.
const shades = 16

// draw returns the icon as PNG with this side in pixels.
func (icon lineIcon) draw(side int) ([]byte, error) {
	picture := image.NewPaletted(image.Rect(0, 0, side, side), icon.palette())
	scale := icon.side / float64(side)
	for y := range side {
		for x := range side {
			center := point{(float64(x) + .5) * scale, (float64(y) + .5) * scale}
			// The share of the pixel that the line covers.
			share := (icon.width/2-icon.distance(center))/scale + .5
			picture.SetColorIndex(x, y, uint8(math.Round(min(max(share, 0), 1)*(shades-1))))
		}
	}
	var out bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, picture)
	return out.Bytes(), err
}

// palette returns the colours from ground to line.
func (icon lineIcon) palette() color.Palette {
	mix := func(from, to uint8, i int) uint8 {
		return uint8((int(from)*(shades-1-i) + int(to)*i) / (shades - 1)) //nolint:gosec // it is between both
	}
	colors := make(color.Palette, shades)
	for i := range colors {
		colors[i] = color.NRGBA{
			mix(icon.ground.R, icon.line.R, i), mix(icon.ground.G, icon.line.G, i), mix(icon.ground.B, icon.line.B, i), 0xff,
		}
	}
	return colors
}

// distance returns the distance of a point from the middle of the line.
func (icon lineIcon) distance(p point) float64 {
	least := math.Inf(1)
	for i := 1; i < len(icon.points); i++ {
		least = min(least, fromPart(p, icon.points[i-1], icon.points[i]))
	}
	return least
}

// fromPart returns the distance of a point from the straight part between two others.
func fromPart(p, from, to point) float64 {
	dx, dy := to.x-from.x, to.y-from.y
	along := ((p.x-from.x)*dx + (p.y-from.y)*dy) / (dx*dx + dy*dy)
	along = min(max(along, 0), 1)
	return math.Hypot(p.x-from.x-along*dx, p.y-from.y-along*dy)
}
