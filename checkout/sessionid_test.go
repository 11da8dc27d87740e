package checkout_test

import (
	"strings"
	"testing"
)

func TestSessionIDGoesIntoPathQueryAndFragmentOnly(t *testing.T) {
	t.Parallel()
	const raw, coded, small = "{CHECKOUT_SESSION_ID}", "%7BCHECKOUT_SESSION_ID%7D", "%7bCHECKOUT_SESSION_ID%7d"
	for name, c := range map[string]struct{ given, want string }{
		"path":               {"https://shop.example/" + coded + "/ok", "https://shop.example/<id>/ok"},
		"query":              {"https://shop.example/ok?s=" + coded, "https://shop.example/ok?s=<id>"},
		"query alone":        {"https://shop.example?s=" + coded, "https://shop.example?s=<id>"},
		"fragment":           {"https://shop.example/ok#" + coded, "https://shop.example/ok#<id>"},
		"fragment alone":     {"https://shop.example#" + raw, "https://shop.example#<id>"},
		"small letters":      {"https://shop.example/ok?s=" + small, "https://shop.example/ok?s=<id>"},
		"half encoded":       {"https://shop.example/{CHECKOUT_SESSION_ID%7D?%7bCHECKOUT_SESSION_ID}", "https://shop.example/<id>?<id>"},
		"everywhere at once": {"https://shop.example/" + raw + "?" + coded + "#" + small, "https://shop.example/<id>?<id>#<id>"},
		"host":               {"https://" + raw + ".example/" + raw, "https://" + raw + ".example/<id>"},
		"host, encoded":      {"https://" + coded + ".example/", "https://" + coded + ".example/"},
		"host alone":         {"https://" + coded, "https://" + coded},
		"user":               {"https://" + coded + "@shop.example/" + coded, "https://" + coded + "@shop.example/<id>"},
		"user, a second @":   {"https://a:" + raw + "@b@shop.example?" + raw, "https://a:" + raw + "@b@shop.example?<id>"},
		"port":               {"https://shop.example:" + raw + "/", "https://shop.example:" + raw + "/"},
		"scheme":             {raw + "://shop.example/", raw + "://shop.example/"},
		"no host":            {"mailto:" + raw, "mailto:" + raw},
		"another field":      {"https://shop.example/{SESSION_ID}", "https://shop.example/{SESSION_ID}"},
		"encoded twice":      {"https://shop.example/%257BCHECKOUT_SESSION_ID%257D", "https://shop.example/%257BCHECKOUT_SESSION_ID%257D"},
		"the name in small":  {"https://shop.example/{checkout_session_id}", "https://shop.example/{checkout_session_id}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newTicket()
			n.SuccessURL, n.CancelURL = c.given, c.given
			s, err := newTwoShopFixture(t, newMemory()).Create(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.ReplaceAll(c.want, "<id>", s.ID)
			same(t, "success_url", s.SuccessURL, want)
			same(t, "cancel_url", s.CancelURL, want)
		})
	}
}
