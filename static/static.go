// Package static holds what the checkout page loads beside its HTML: the
// loader, the Worker with its program, and the icon, embedded in the binary.
//
// Make one [Assets] with [New]. [Assets.URL] names a file by the hash of its
// content, so that whoever serves it, by [Assets.Open], can let it be cached
// for good. The program is built by `make wasm`; without it the rest is there
// and URL("wantukit.wasm") is "".
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
	Loader     = "loader.js"
	Worker     = "worker.js"
	WasmExec   = "wasm_exec.js"
	Wasm       = "wantukit.wasm"
	DemoBridge = "demo_bridge.js"
)

// Prefix is the path below which the files are.
const Prefix = "/static/"

//go:embed icon.svg loader.js worker.js demo_bridge.js dist
var files embed.FS

// Config chooses what is served.
type Config struct {
	// Demo adds DemoBridge. Defaults to leaving it out.
	Demo bool
	// Images are the shops' pictures, by the name to serve each under; its
	// ImageType must be known.
	Images map[string][]byte
}

// ImageType returns the content type of a picture by its name, or "" for what
// is not one.
func ImageType(name string) string {
	kind := contentTypes[strings.ToLower(path.Ext(name))]
	if !strings.HasPrefix(kind, "image/") {
		return ""
	}
	return kind
}

// Assets are the files that were built. They are safe for concurrent use.
type Assets struct {
	byName map[string]file
}

// Asset is one file as it goes over the wire.
type Asset struct {
	Body        []byte
	ContentType string
	// Encoding is the Content-Encoding: "br", "gzip" or "".
	Encoding string
}

// file is a file in each encoding.
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

// New reads the embedded files. Those of dist may be missing.
func New(config Config) (*Assets, error) {
	a := &Assets{byName: map[string]file{}}
	names := []string{Icon, Loader, Worker}
	if config.Demo {
		names = append(names, DemoBridge)
	}
	for _, name := range names {
		f, err := compressed(name)
		if err != nil {
			return nil, err
		}
		a.byName[name] = f
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

// URL returns the path of a file, which changes with its content, or "" when
// it was not built.
func (a *Assets) URL(name string) string {
	f, ok := a.byName[name]
	if !ok {
		return ""
	}
	return Prefix + f.hash + "/" + name
}

// Open returns the file of a URL in the best encoding that acceptEncoding, a
// header's value, allows. It reports false for another hash than URL names.
func (a *Assets) Open(hash, name, acceptEncoding string) (Asset, bool) {
	f, ok := a.byName[name]
	if !ok || f.hash != hash {
		return Asset{}, false
	}
	asset := Asset{Body: f.plain, ContentType: f.contentType}
	if f.brot == nil { // a picture that is compressed already
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

// compressed reads a small file and compresses it here, so that it is served
// as it was edited, whenever dist was built.
func compressed(name string) (file, error) {
	body, err := files.ReadFile(name)
	if err != nil {
		return file{}, fmt.Errorf("static: read %s: %w", name, err)
	}
	if path.Ext(name) == ".js" {
		body = squeeze.Lean(body)
	}
	return squeezed(name, body)
}

// picture is a shop's. Only SVG is worth compressing.
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

// packed reads a file of dist, which counts as built when all of its forms
// are there.
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
