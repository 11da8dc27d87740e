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

// drawing is how a code is shown.
type drawing struct {
	Out  string `type:"path" env:"-" help:"Write the code to a file too: .png or .svg."`
	Size int    `default:"512" env:"-" help:"Width of that picture in pixels, 128 to 4096."`
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

// picture is a file that is there before an order is placed, and takes its
// place once it is drawn: a folder that cannot be written to must not cost the
// order's code. It is nil where none was asked for.
type picture struct{ file *os.File }

func (d drawing) prepare() (*picture, error) {
	if d.Out == "" {
		return nil, nil //nolint:nilnil // none was asked for
	}
	file, err := os.CreateTemp(filepath.Dir(d.Out), ".wantukit-*")
	if err != nil {
		return nil, usage("--out: %v", err)
	}
	return &picture{file}, nil
}

// discard removes what was not saved.
func (p *picture) discard() {
	if p != nil {
		_ = p.file.Close()
		_ = os.Remove(p.file.Name())
	}
}

// save gives the picture its content and its name.
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

// draw shows a code in the terminal, unless only a script reads, and writes its
// file.
func (d drawing) draw(s Streams, p *picture, text string, script bool) error {
	var shown error
	if !script {
		shown = drawInTerminal(s, text)
	}
	if p == nil {
		return shown
	}
	content, err := d.content(text)
	if err != nil {
		return errors.Join(shown, err)
	}
	return errors.Join(shown, p.save(content, d.Out))
}

// drawInTerminal prints two modules in each character: black on white, whatever
// the colors of the terminal.
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
