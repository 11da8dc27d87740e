package squeeze_test

import (
	"testing"

	"github.com/wantukit/wantukit/static/internal/squeeze"
)

func TestScript(t *testing.T) {
	t.Parallel()
	const script = `
// A comment.
self.kept = (outer) => {
  const longName = outer.property;
  return longName && longName.other ? longName : /a b/.test(outer);
};
async function alsoKept() {
  try { await self.kept(); } catch (e) {}
}
`
	const want = `self.kept=e=>{const t=e.property;return t&&t.other?t:/a b/.test(e)};async function alsoKept(){try{await self.kept()}catch(e){}}`
	// Some of the browsers that the page is for can read neither "?." nor "catch {".
	if small, err := squeeze.Script([]byte(script)); err != nil || string(small) != want {
		t.Errorf("the script is %s (%v), want %s", small, err, want)
	}
	if _, err := squeeze.Script([]byte("let let =")); err == nil {
		t.Error("Script accepts a syntax error")
	}
}
