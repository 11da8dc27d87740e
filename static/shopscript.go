package static

import (
	"fmt"
	"path"
)

// ShopScriptVersion is the version of wantukit.js, the script for shops' pages. The directory
// shop has each released version as it is served, without comments and blanks, because shops pin
// a version by its hash. It never changes. After a change of wantukit.js, raise the version here
// and in the script, and run `go test ./static -update`.
const ShopScriptVersion = "1.0.0"

// ShopScript is the name of the newest version.
const ShopScript = "wantukit-" + ShopScriptVersion + ".js"

// ShopScripts returns the names of all versions.
func (a *Assets) ShopScripts() []string { return a.shopScripts }

// addShopScripts adds all versions as they are.
func (a *Assets) addShopScripts() error {
	released, err := files.ReadDir("shop")
	if err != nil {
		return fmt.Errorf("static: read the versions of wantukit.js: %w", err)
	}
	for _, entry := range released {
		name := entry.Name()
		body, err := files.ReadFile(path.Join("shop", name))
		if err != nil {
			return fmt.Errorf("static: read %s: %w", name, err)
		}
		if a.byName[name], err = squeezed(name, body); err != nil {
			return err
		}
		a.shopScripts = append(a.shopScripts, name)
	}
	return nil
}
