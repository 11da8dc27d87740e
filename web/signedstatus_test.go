package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/web"
)

// TestPaidShopperComesWithASignedStatus: each way to the shop has it, and it is signed by both
// keys while the shop changes its secret.
func TestPaidShopperComesWithASignedStatus(t *testing.T) {
	t.Parallel()
	keys := [][]byte{[]byte("a key of the shop, the new one"), []byte("a key of the shop, the old one")}
	f := newFixture(t, func(c *web.Config) {
		m := c.Merchants["shop"]
		m.ReturnKeys = keys
		c.Merchants["shop"] = m
	})
	made := f.api(http.MethodPost, "/v1/checkout/sessions", `{"amount":1250,"currency":"HKD","subject":"Tea","channels":["alipay_cn"],
		"success_url":"https://shop.example/ok?s={CHECKOUT_SESSION_ID}#thanks"}`)
	id := idField.FindStringSubmatch(made.body)[1]
	c := "/c/" + id
	f.post(c, "/attempts", url.Values{"wallet": {"alipay_cn"}})
	a := f.attempts(id)[0]
	if body := f.get(c + "/status").body; strings.Contains(body, "wantukit_status") || a.Flow != flow.Web {
		t.Errorf("before the payment, the status is %s", body)
	}
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	f.confirm(a)
	page := f.get(c).body
	_, link, _ := strings.Cut(page, `data-link="next" href="`)
	link, _, _ = strings.Cut(link, `"`)
	status := f.get(c + "/status").body
	_, next, _ := strings.Cut(status, `"next":"`)
	next, _, _ = strings.Cut(next, `"`)
	for way, address := range map[string]string{
		"page": html.UnescapeString(link), "status": strings.ReplaceAll(next, `\u0026`, "&"),
		"return": f.get(c + "?returned=" + strconv.FormatInt(time.Now().UnixMilli(), 10)).header.Get("Location"),
	} {
		u, err := url.Parse(address)
		if err != nil || u.Host != "shop.example" || u.Fragment != "thanks" || u.Query().Get("s") != id {
			t.Errorf("the %s leads to %q", way, address)
			continue
		}
		parts := strings.Split(u.Query().Get("wantukit_status"), ".")
		if len(parts) != 5 || parts[0] != id || parts[1] != "paid" {
			t.Errorf("the %s has the status %q", way, parts)
			continue
		}
		for i, key := range keys {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte("return." + strings.Join(parts[:3], ".")))
			if want := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)); parts[3+i] != want {
				t.Errorf("the %s is signed %s by key %d, want %s", way, parts[3+i], i, want)
			}
		}
		until, err := strconv.ParseInt(parts[2], 10, 64)
		if left := time.Until(time.Unix(until, 0)); err != nil || left < 9*time.Minute || left > 15*time.Minute {
			t.Errorf("the %s is valid for %s", way, left)
		}
	}
	// The holder of a return URL gets the status alone.
	if got := f.get("/r/" + a.ReturnToken + "/status"); got.status != http.StatusOK || strings.Contains(got.body, "shop.example") {
		t.Errorf("the return says %d %s", got.status, got.body)
	}
}
