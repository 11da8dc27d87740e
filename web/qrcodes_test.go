package web_test

import (
	"strconv"
	"testing"

	"github.com/wantukit/wantukit/templates"
	"github.com/wantukit/wantukit/web"
)

func TestCodesAreDrawnOnce(t *testing.T) {
	t.Parallel()
	codes := web.NewQRCodes()
	first := must(codes.Draw("weixin://wxpay/1"))
	if want := must(templates.DrawQRCode("weixin://wxpay/1")); *first != *want {
		t.Errorf("the code is %v, want %v", first, want)
	}
	if again := must(codes.Draw("weixin://wxpay/1")); again != first {
		t.Error("the code was drawn twice")
	}
	if other := must(codes.Draw("weixin://wxpay/2")); other.Path == first.Path {
		t.Error("another text has the same code")
	}
}

// TestCodesAreForgotten checks that the memory is bounded, and that a code that is in use
// stays.
func TestCodesAreForgotten(t *testing.T) {
	t.Parallel()
	codes := web.NewQRCodes()
	used := must(codes.Draw("used"))
	for i := range 3 * web.CodesKept {
		must(codes.Draw(strconv.Itoa(i)))
		if again := must(codes.Draw("used")); again != used {
			t.Fatalf("the code in use was drawn again after %d others", i+1)
		}
	}
	if kept := codes.Kept(); kept > 2*web.CodesKept {
		t.Errorf("%d codes are kept, want %d at most", kept, 2*web.CodesKept)
	}
	if _, err := codes.Draw(string(make([]byte, 4000))); err == nil {
		t.Error("a text that is too long has a code")
	}
}
