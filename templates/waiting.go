package templates

import (
	"crypto/sha256"
	"encoding/base64"
)

// waitingScript reloads a page that waits when the loader has not begun to watch the
// session within 15 s: it was blocked, or this browser cannot read it. The loader sets
// window.wantukit. The script is ES5, which every browser can read.
const waitingScript = `setTimeout(function(){window.wantukit||location.reload()},15e3)`

// WaitingScriptHash is the source that allows the inline script of a page that waits in a
// Content-Security-Policy.
func WaitingScriptHash() string { return waitingScriptHash }

var waitingScriptHash = sourceHash(waitingScript)

// sourceHash returns the source of a Content-Security-Policy that allows an inline script
// or style sheet.
func sourceHash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
