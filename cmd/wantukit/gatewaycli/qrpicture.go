package gatewaycli

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

// drawing is the flags of a verb that draws a QR code.
type drawing struct {
	Out  string `type:"path" env:"-" help:"Also write the QR code to this file, .png or .svg."`
	Size int    `default:"512" env:"-" help:"Width of the picture in pixels, 128 to 4096."`
}

// Validate is kong's hook.
func (d drawing) Validate() error {
	if extension := filepath.Ext(d.Out); d.Out != "" && extension != ".png" && extension != ".svg" {
		return errors.New("--out must end in .png or .svg")
	}
	if d.Size < 128 || d.Size > 4096 {
		return errors.New("--size must be 128 to 4096")
	}
	return nil
}

// picture is a temporary file that is renamed after the QR code is written to it.
// It is made before the order is placed, so that an unwritable folder is found
// before that. It is nil without --out.
type picture struct{ file *os.File }

// prepare makes the temporary file, or returns nil without --out.
func (d drawing) prepare() (*picture, error) {
	if d.Out == "" {
		return nil, nil //nolint:nilnil // there is no --out
	}
	file, err := os.CreateTemp(filepath.Dir(d.Out), ".wantukit-*")
	if err != nil {
		return nil, usage("--out: %v", err)
	}
	return &picture{file}, nil
}

// discard removes the file unless it was saved.
func (p *picture) discard() {
	if p != nil {
		_ = p.file.Close()
		_ = os.Remove(p.file.Name())
	}
}

// save writes the content and renames the file to path.
func (p *picture) save(content []byte, path string) error {
	_, err := p.file.Write(content)
	if err := errors.Join(err, p.file.Close()); err != nil {
		return fmt.Errorf("writing the code: %w", err)
	}
	if err := os.Rename(p.file.Name(), path); err != nil {
		return fmt.Errorf("writing the code: %w", err)
	}
	return nil
}

// draw prints a QR code, unless the output is for a script, and saves the picture if
// there is one.
func (d drawing) draw(s Streams, p *picture, text string, isForScript bool) error {
	var printErr error
	if !isForScript {
		printErr = drawInTerminal(s, text)
	}
	if p == nil {
		return printErr
	}
	content, err := d.content(text)
	if err != nil {
		return errors.Join(printErr, err)
	}
	return errors.Join(printErr, p.save(content, d.Out))
}

// drawInTerminal prints two modules in each character, always black on white.
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

// content returns the QR code as PNG or SVG.
func (d drawing) content(text string) ([]byte, error) {
	if filepath.Ext(d.Out) == ".png" {
		return qrcode.Encode(text, qrcode.Medium, d.Size)
	}
	code, err := templates.DrawQRCode(text)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`+"\n",
		d.Size, d.Size, code.Size, code.Size, code.Size, code.Size, code.Path), nil
}
