package operator

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/skip2/go-qrcode"

	"github.com/wantukit/wantukit/templates"
)

// drawing is how a code is shown.
type drawing struct {
	Out  string `type:"path" env:"-" help:"Write the code to a file too: .png or .svg."`
	Size int    `default:"512" env:"-" help:"Width of that picture in pixels, 128 to 4096."`
}

// Validate is kong's hook: a file that cannot be written is told before an
// order is placed.
func (d drawing) Validate() error {
	if extension := filepath.Ext(d.Out); d.Out != "" && extension != ".png" && extension != ".svg" {
		return errors.New("--out must end in .png or .svg")
	}
	if d.Size < 128 || d.Size > 4096 {
		return errors.New("--size must be 128 to 4096")
	}
	return nil
}

// draw shows a code in the terminal, unless only a script reads, and writes its
// file.
func (d drawing) draw(s Streams, text string, script bool) error {
	if !script {
		if err := drawInTerminal(s, text); err != nil {
			return err
		}
	}
	switch filepath.Ext(d.Out) {
	case ".png":
		return d.writePNG(text)
	case ".svg":
		return d.writeSVG(text)
	default:
		return nil
	}
}

// drawInTerminal prints two modules in each character. A terminal of dark
// letters on light, or of light on dark, shows black on white all the same.
func drawInTerminal(s Streams, text string) error {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return fmt.Errorf("drawing a QR code: %w", err)
	}
	w := bufio.NewWriter(s.Out)
	for row := range strings.Lines(code.ToSmallString(true)) {
		if s.Terminal {
			row = "\x1b[30;107m" + strings.TrimRight(row, "\n") + "\x1b[0m\n"
		}
		_, _ = w.WriteString(row)
	}
	return w.Flush()
}

func (d drawing) writePNG(text string) error {
	picture, err := qrcode.Encode(text, qrcode.Medium, d.Size)
	if err != nil {
		return fmt.Errorf("drawing a QR code: %w", err)
	}
	return d.save(picture)
}

func (d drawing) writeSVG(text string) error {
	code, err := templates.DrawQRCode(text)
	if err != nil {
		return err
	}
	return d.save(fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`+"\n",
		d.Size, d.Size, code.Size, code.Size, code.Size, code.Size, code.Path))
}

func (d drawing) save(picture []byte) error {
	if err := os.WriteFile(d.Out, picture, 0o600); err != nil {
		return fmt.Errorf("writing the code (the order was placed): %w", err)
	}
	return nil
}
