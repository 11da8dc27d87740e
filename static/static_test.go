package static_test

import (
	"bytes"
	"compress/gzip"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/wantukit/wantukit/static"
)

func newAssets(t *testing.T, config static.Config) *static.Assets {
	t.Helper()
	assets, err := static.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return assets
}

// open opens the file of URL(name).
func open(t *testing.T, assets *static.Assets, name, acceptEncoding string) static.Asset {
	t.Helper()
	rest, ok := strings.CutPrefix(assets.URL(name), static.Prefix)
	hash, file, cut := strings.Cut(rest, "/")
	if !ok || !cut || file != name {
		t.Fatalf("URL(%q) = %q", name, assets.URL(name))
	}
	asset, ok := assets.Open(hash, name, acceptEncoding)
	if !ok {
		t.Fatalf("Open does not find %s", assets.URL(name))
	}
	return asset
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{})
	tests := []struct{ accept, want string }{
		{"", ""},
		{"identity", ""},
		{"gzip", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"GZIP;q=1.0, br;q=0", "gzip"},
		{"br;q=0.0, gzip;q=0", ""},
		{"br;q=0.5", "br"},
		{"brotli, xgzip", ""},
		{"br;q=0.5, gzip", "gzip"},
		{"br;q=0.8, gzip;q=0.8", "br"},
		{"gzip ; q=0.4 , br ; Q=0.6", "br"},
		{"*", "br"},
		{"*;q=0", ""},
		{"*;q=0.1, br;q=0", "gzip"},
		{"gzip;q=0, *", "br"},
		{"gzip, *;q=0", "gzip"},
		{"br;q=often, gzip;q=0.1", "gzip"},
		{"br;q=2, gzip;q=NaN", ""},
		{"br;level=5, gzip;q=-1", ""},
	}
	plain := open(t, assets, static.Loader, "").Body
	for _, test := range tests {
		asset := open(t, assets, static.Loader, test.accept)
		if asset.Encoding != test.want {
			t.Errorf("Accept-Encoding %q gets %q, want %q", test.accept, asset.Encoding, test.want)
		}
		if !bytes.Equal(decode(t, asset), plain) {
			t.Errorf("the file in encoding %q has another content", asset.Encoding)
		}
	}
}

func decode(t *testing.T, asset static.Asset) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(asset.Body)
	switch asset.Encoding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{Demo: true})
	for name, want := range map[string]string{
		static.Icon:       "image/svg+xml",
		static.Worker:     "text/javascript; charset=utf-8",
		static.DemoBridge: "text/javascript; charset=utf-8",
		static.DemoBar:    "text/javascript; charset=utf-8",
	} {
		if got := open(t, assets, name, "br").ContentType; got != want {
			t.Errorf("the content type of %s is %q, want %q", name, got, want)
		}
	}
}

func TestOpenFindsOnlyTheURLsOfFiles(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{})
	hash, _, _ := strings.Cut(strings.TrimPrefix(assets.URL(static.Loader), static.Prefix), "/")
	for _, asked := range [][2]string{
		{"0000000000000000", static.Loader},
		{"", static.Loader},
		{hash, static.Worker},
		{hash, "../static.go"},
		{hash, "dist/README"},
		{hash, ""},
	} {
		if _, ok := assets.Open(asked[0], asked[1], "br"); ok {
			t.Errorf("Open finds %s/%s", asked[0], asked[1])
		}
	}
}

func TestDemosScriptsAreForTheDemo(t *testing.T) {
	t.Parallel()
	for _, script := range []string{static.DemoBridge, static.DemoBar} {
		if url := newAssets(t, static.Config{}).URL(script); url != "" {
			t.Errorf("%s is at %s, want it in the demo only", script, url)
		}
		if newAssets(t, static.Config{Demo: true}).URL(script) == "" {
			t.Errorf("the demo lacks %s", script)
		}
	}
}

// TestSizes checks the sizes of the files that a page loads, for slow networks.
func TestSizes(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{})
	if assets.URL(static.Wasm) == "" {
		t.Fatal("wantukit.wasm is not built: run `make wasm`")
	}
	for _, limit := range []struct {
		name, encoding string
		bytes          int
	}{{static.Loader, "br", 3072}, {static.Loader, "gzip", 3072}, {static.Embed, "gzip", 1536}, {static.ShopScript, "gzip", 2048}, {static.Wasm, "br", 480_000}} {
		n := len(open(t, assets, limit.name, limit.encoding).Body)
		t.Logf("%s: %s %d bytes", limit.name, limit.encoding, n)
		if n > limit.bytes {
			t.Errorf("%s has %d bytes as %s, want %d at most", limit.name, n, limit.encoding, limit.bytes)
		}
	}
}

func TestProgramIsTheSameInEachForm(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{})
	plain := open(t, assets, static.Wasm, "")
	if plain.ContentType != "application/wasm" {
		t.Errorf("the content type of the program is %q", plain.ContentType)
	}
	for _, encoding := range []string{"br", "gzip"} {
		if !bytes.Equal(decode(t, open(t, assets, static.Wasm, encoding)), plain.Body) {
			t.Errorf("the program in encoding %s has another content", encoding)
		}
	}
}

// TestDrawnIcons checks that the icon's pictures fill their square, and have the line and
// the ground of icon.svg in their places.
func TestDrawnIcons(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{})
	green, white := color.NRGBA{0x0b, 0x6b, 0x57, 0xff}, color.NRGBA{0xff, 0xff, 0xff, 0xff}
	for name, side := range map[string]int{static.TouchIcon: 180, static.Preview: 512} {
		asset := open(t, assets, name, "br, gzip")
		if asset.ContentType != "image/png" || asset.Encoding != "" || len(asset.Body) > 8_000 {
			t.Errorf("%s is %s, encoded %q, with %d bytes", name, asset.ContentType, asset.Encoding, len(asset.Body))
		}
		picture, err := png.Decode(bytes.NewReader(asset.Body))
		if err != nil || picture.Bounds() != image.Rect(0, 0, side, side) {
			t.Fatalf("%s: %v, %v", name, picture.Bounds(), err)
		}
		// The points are in units of icon.svg's view box.
		for at, want := range map[[2]float64]color.NRGBA{
			{.1, .1}: green, {31.9, 31.9}: green, {16, 20}: green, // corners, and below the middle
			{8, 11}: white, {12.5, 22}: white, {16, 13}: white, {19.5, 22}: white, {24, 11}: white, // the line's points
			{8, 9.8}: white, {8, 9.4}: green, // the round end of the line is 1.4 wide
		} {
			x, y := int(at[0]*float64(side)/32), int(at[1]*float64(side)/32)
			if got := color.NRGBAModel.Convert(picture.At(x, y)); got != want {
				t.Errorf("%s at %v is %v, want %v", name, at, got, want)
			}
		}
	}
}
