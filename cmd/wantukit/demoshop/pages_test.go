package demoshop_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// get requests a page of the shop.
func (f *fixture) get(path string) *httptest.ResponseRecorder {
	f.Helper()
	answer := httptest.NewRecorder()
	f.shop.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	return answer
}

// has checks that a page contains each of these texts.
func (f *fixture) has(path string, texts ...string) {
	f.Helper()
	page := f.get(path).Body.String()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			f.Errorf("%s lacks %s:\n%s", path, text, page)
		}
	}
}

func TestHomeSaysInThreeStepsWhatToDo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.has("/", "Try the checkout in three steps", "Buy the ticket", "Pay this in the sandbox", "View as", "webhook",
		`href="http://sandbox.example" target="_blank"`)
	if steps := strings.Count(f.get("/").Body.String(), "<li>"); steps != 3 {
		t.Errorf("the home has %d steps", steps)
	}
}

var linked = regexp.MustCompile(`(?:href|src)="/shop(/[a-z]+\.(?:svg|css|js))"`)

// TestEachPageHasItsIconAndLanguage: what a page links exists too.
func TestEachPageHasItsIconAndLanguage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	order := "/orders/" + f.buy()
	for path, status := range map[string]int{
		"/": http.StatusOK, order: http.StatusOK, order + "/frame": http.StatusOK,
		"/orders/HN-NOBODY": http.StatusNotFound, "/orders/HN-NOBODY/frame": http.StatusNotFound, "/nowhere": http.StatusNotFound,
	} {
		if got := f.get(path); got.Code != status || got.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s answers %d %s, want %d and HTML", path, got.Code, got.Header().Get("Content-Type"), status)
		}
		f.has(path, `<html lang="en">`, `<link rel="icon" href="/shop/icon.svg" type="image/svg+xml">`, `<a href="/shop/">`)
		for _, file := range linked.FindAllStringSubmatch(f.get(path).Body.String(), -1) {
			if got := f.get(file[1]); got.Code != http.StatusOK {
				t.Errorf("%s links %s, which answers %d", path, file[1], got.Code)
			}
		}
	}
	if kind := f.get("/icon.svg").Header().Get("Content-Type"); kind != "image/svg+xml" {
		t.Errorf("the icon's type is %q", kind)
	}
}

func TestUnknownPageLeadsBack(t *testing.T) {
	t.Parallel()
	newFixture(t).has("/orders/HN-NOBODY", "This page does not exist", `<a class="main" href="/shop/">Back to the tickets</a>`)
}

// TestOrdersPageShowsVerifiedWebhooksOnly: the page shows the body as it came, in lines.
func TestOrdersPageShowsVerifiedWebhooksOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := "/orders/" + f.buy()
	f.has(page+"/frame", `<script defer src="http://pay.example/v1/wantukit.js"></script>`, `<a class="main" href="http://pay.example/c/cs_own">`)
	f.has(page, "awaiting payment", "No webhook has come yet", `<a class="main" href="http://pay.example/c/cs_own">`)

	forged := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(`{"type":"session.paid"}`))
	answer := httptest.NewRecorder()
	if f.shop.ServeHTTP(answer, forged); answer.Code != http.StatusUnauthorized {
		t.Errorf("the shop answers %d to an event without a signature", answer.Code)
	}
	f.has(page, "No webhook has come yet")

	f.tellAgain("evt_seen", "session.paid", map[string]any{"subject": "<b>Row C</b>"})
	f.has(page, "<code>session.paid</code>", "Signature verified, by the header <code>webhook-signature</code>", "<code>evt_seen</code>",
		"\n  &#34;data&#34;: {\n    &#34;amount&#34;: 48000,", `\u003cb\u003eRow C`, `<time datetime="`)
}
