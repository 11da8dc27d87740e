// Package static has the files that the checkout page loads: the loader, the Worker
// with its program, and the icon. They are embedded in the binary. Other forms of the
// icon are drawn from it.
//
// Make an [Assets] with [New]. [Assets.URL] returns a URL with the hash of the file's
// content, so browsers may cache the file forever. [Assets.Open] returns the file of
// such a URL. `make wasm` builds the program; without it, URL("wantukit.wasm") is ""
// and the other files work.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/wantukit/wantukit/static/internal/squeeze"
)

// The names of the files.
const (
	Icon       = "icon.svg"
	TouchIcon  = "touch-icon.png" // the icon on the home screen of a phone
	Preview    = "preview.png"    // the icon in the preview of a link
	Loader     = "loader.js"
	Embed      = "embed.js" // for a page in a frame or a popup of the shop's page
	Worker     = "worker.js"
	WasmExec   = "wasm_exec.js"
	Wasm       = "wantukit.wasm"
	DemoBridge = "demo_bridge.js"
	DemoBar    = "demo_bar.js"
)

// Prefix is the prefix of the files' URLs.
const Prefix = "/static/"

//go:embed icon.svg loader.js embed.js worker.js demo_bridge.js demo_bar.js shop dist
var files embed.FS

// Config is the configuration of Assets.
type Config struct {
	// Demo adds DemoBridge and DemoBar.
	Demo bool
	// Images are the shops' pictures by the name in their URL. ImageType must know
	// each name.
	Images map[string][]byte
}

// ImageType returns the content type of a picture by the extension of its name, or ""
// if it is not the extension of a picture.
func ImageType(name string) string {
	kind := contentTypes[strings.ToLower(path.Ext(name))]
	if !strings.HasPrefix(kind, "image/") {
		return ""
	}
	return kind
}

// Assets are the embedded files and the shops' pictures. They are safe for concurrent
// use.
type Assets struct {
	byName      map[string]file
	shopScripts []string
}

// Asset is a file in the encoding of a response.
type Asset struct {
	Body        []byte
	ContentType string
	// Encoding is the Content-Encoding: "br", "gzip" or "".
	Encoding string
}

// file is a file in every encoding.
type file struct {
	hash              string
	contentType       string
	plain, gzip, brot []byte
}

var contentTypes = map[string]string{
	".js":   "text/javascript; charset=utf-8",
	".wasm": "application/wasm",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".webp": "image/webp",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
}

// New returns the Assets. The files that `make wasm` builds may be missing. It fails if
// ImageType does not know the name of an image; it does not check the content.
func New(config Config) (*Assets, error) {
	a := &Assets{byName: map[string]file{}}
	names := []string{Icon, Loader, Embed, Worker}
	if config.Demo {
		names = append(names, DemoBridge, DemoBar)
	}
	for _, name := range names {
		f, err := compressed(name)
		if err != nil {
			return nil, err
		}
		a.byName[name] = f
	}
	if err := a.addShopScripts(); err != nil {
		return nil, err
	}
	drawn, err := drawings()
	if err != nil {
		return nil, err
	}
	for name, body := range drawn {
		a.byName[name] = newFile(name, body)
	}
	for name, body := range config.Images {
		f, err := picture(name, body)
		if err != nil {
			return nil, err
		}
		a.byName[name] = f
	}
	for _, name := range []string{Wasm, WasmExec} {
		if f, ok := packed(path.Join("dist", name)); ok {
			a.byName[name] = f
		}
	}
	return a, nil
}

// URL returns the path of a file, which changes with its content. It returns "" for an
// unknown file and for one that was not built.
func (a *Assets) URL(name string) string {
	f, ok := a.byName[name]
	if !ok {
		return ""
	}
	return Prefix + f.hash + "/" + name
}

// Open returns the file of a URL in the best encoding that acceptEncoding, the value of
// the header, allows. A PNG, WebP or JPEG has no encoding. Open returns false for an
// unknown name and for a hash that is not the file's.
func (a *Assets) Open(hash, name, acceptEncoding string) (Asset, bool) {
	if a.byName[name].hash != hash {
		return Asset{}, false
	}
	return a.Named(name, acceptEncoding)
}

// Named is Open without a hash, for a file whose name has its version.
func (a *Assets) Named(name, acceptEncoding string) (Asset, bool) {
	f, ok := a.byName[name]
	if !ok {
		return Asset{}, false
	}
	asset := Asset{Body: f.plain, ContentType: f.contentType}
	if f.brot == nil { // a picture in a compressed format
		return asset, true
	}
	switch asset.Encoding = Encoding(acceptEncoding); asset.Encoding {
	case "br":
		asset.Body = f.brot
	case "gzip":
		asset.Body = f.gzip
	}
	return asset, true
}

// compressed reads a small embedded file, shortens it if it is a script, and compresses it
// at start-up, so that an edited file needs no new build of dist.
func compressed(name string) (file, error) {
	body, err := files.ReadFile(name)
	if err != nil {
		return file{}, fmt.Errorf("static: read %s: %w", name, err)
	}
	if path.Ext(name) == ".js" {
		if body, err = squeeze.Script(body); err != nil {
			return file{}, fmt.Errorf("static: shorten %s: %w", name, err)
		}
	}
	return squeezed(name, body)
}

// picture returns the file of a shop's picture. It compresses only SVG, because the
// other formats are compressed already. It fails for a file that is not a picture.
func picture(name string, body []byte) (file, error) {
	switch ImageType(name) {
	case "":
		return file{}, fmt.Errorf("static: %s is not a picture", name)
	case contentTypes[".svg"]:
		return squeezed(name, body)
	default:
		return newFile(name, body), nil
	}
}

// squeezed returns a file with its compressed forms.
func squeezed(name string, body []byte) (_ file, err error) {
	f := newFile(name, body)
	if f.brot, err = squeeze.Brotli(body); err != nil {
		return file{}, fmt.Errorf("static: compress %s: %w", name, err)
	}
	if f.gzip, err = squeeze.Gzip(body); err != nil {
		return file{}, fmt.Errorf("static: compress %s: %w", name, err)
	}
	return f, nil
}

// packed reads a file of dist with its compressed forms. It returns false if one of them
// is missing.
func packed(name string) (file, bool) {
	plain, err := files.ReadFile(name)
	if err != nil {
		return file{}, false
	}
	f := newFile(name, plain)
	var noGzip, noBrotli error
	f.gzip, noGzip = files.ReadFile(name + ".gz")
	f.brot, noBrotli = files.ReadFile(name + ".br")
	return f, noGzip == nil && noBrotli == nil
}

func newFile(name string, plain []byte) file {
	sum := sha256.Sum256(plain)
	return file{hash: hex.EncodeToString(sum[:8]), contentType: contentTypes[strings.ToLower(path.Ext(name))], plain: plain}
}
