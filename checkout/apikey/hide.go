package apikey

import "regexp"

// madeByNew matches a key of New.
var madeByNew = regexp.MustCompile(`[sr]k_(?:live|test)_[a-z2-7]{32}`)

// Hide returns a text with "[secret]" in place of each key of [New], for a text of somebody
// who may have such a key. The keys themselves need not be known.
func Hide(text string) string { return madeByNew.ReplaceAllLiteralString(text, "[secret]") }
