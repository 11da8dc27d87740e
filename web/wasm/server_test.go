//go:build !js

package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// status is the JSON of the session's status.
type status struct {
	State     string `json:"state"`
	Attempt   string `json:"attempt"`
	Remaining int    `json:"remaining"`
	Next      string `json:"next"`
}

// fakeServer replaces the checkout's server. It has one session, whose status the test
// sets.
type fakeServer struct {
	*httptest.Server
	t      *testing.T
	assets *static.Assets
	// page is the checkout page, except for the parts that are in status.
	page templates.CheckoutPage
	// noStream answers the stream with an error. heldStream sends nothing on the
	// stream. noWasm answers 404 for the program.
	noStream, heldStream, noWasm bool
	// loader, if set, replaces the loader's content, and chooser the page in the state
	// choose.
	loader, chooser string

	mu sync.Mutex
	// cutStream ends streams after their next event and refuses new ones.
	// brokenStream sends invalid JSON.
	cutStream, brokenStream bool

	status status
	moved  chan struct{}
	loads  int
	// swaps is the number of loads by the page's script.
	swaps int
	polls int
	// confirm is called with the answer of WeixinJSBridge that the page posts.
	confirm func(answer string)
	// sheet is the next answer of the payment sheet.
	sheet string
	seen  []string
	// started, if set, delays the response to the form that starts an attempt.
	started chan struct{}
}

// newFakeServer starts a fakeServer whose page shows the code of attempt "a".
func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	assets, err := static.New(static.Config{Demo: true})
	if err != nil {
		t.Fatal(err)
	}
	if assets.URL(static.Wasm) == "" {
		t.Fatal("the page's program is not built: run `make wasm`")
	}
	c := &fakeServer{t: t, assets: assets, moved: make(chan struct{}), sheet: "ok", status: status{State: "code", Attempt: "a", Remaining: 600}}
	c.page = templates.CheckoutPage{
		Lang: "en", ShopName: "Shop", Subject: "Tickets", Amount: "HK$ 1.00", Token: "secret",
		Wallets: []templates.WalletOption{{Wallet: "wechat", Flow: "native"}},
		Attempt: templates.AttemptView{Wallet: "wechat", Flow: "native", Code: &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 29}},
		URLs: templates.URLs{
			Status: "/status", Events: "/events", Confirm: "/confirm", Start: "/start", Cancel: "/cancel",
		},
		Assets: templates.Assets{
			Loader: assets.URL(static.Loader), Embed: assets.URL(static.Embed), Worker: assets.URL(static.Worker),
			WasmExec: assets.URL(static.WasmExec), Wasm: assets.URL(static.Wasm),
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /c", c.servePage)
	mux.HandleFunc("GET /status", c.serveStatus)
	mux.HandleFunc("GET /events", c.serveEvents)
	mux.HandleFunc("POST /confirm", c.serveConfirm)
	mux.HandleFunc("POST /start", c.serveStart)
	mux.HandleFunc("GET /static/{hash}/{name}", c.serveAsset)
	mux.HandleFunc("GET /thanks", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<title>thanks</title>") })
	mux.HandleFunc("GET /sandbox/jsapi/{id}", c.serveSheet)
	mux.HandleFunc("GET /wallet/code", func(w http.ResponseWriter, _ *http.Request) { html(w, "a code") })
	mux.HandleFunc("GET /wallet/never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("GET /shop", func(w http.ResponseWriter, _ *http.Request) {
		html(w, `<script>
			told = "";
			onmessage = ({ source, origin, data }) => {
				if (data.session !== "c" || data.wantukit !== 1) throw new Error("not of the session");
				if (data.type === "resize") document.querySelector("iframe").height = data.height;
				else told += data.type + " " + (data.url || "");
				if (data.type === "ready") source.postMessage({ wantukit: 1, type: "hello", session: "c" }, origin);
			};
		</script><iframe src=/c width=400 height=100></iframe>`)
	})
	c.Server = httptest.NewServer(mux)
	c.page.Origins = []string{"http://another.example", c.URL}
	t.Cleanup(func() {
		c.CloseClientConnections() // streams
		c.Close()
	})
	return c
}

// setStatus changes the status and sends it on every stream.
func (c *fakeServer) setStatus(s status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = s
	close(c.moved)
	c.moved = make(chan struct{})
}

// disturbStreams sets cutStream or brokenStream, and has the open streams notice it.
func (c *fakeServer) disturbStreams(streams *bool) {
	c.mu.Lock()
	*streams = true
	c.mu.Unlock()
	s, _ := c.now()
	c.setStatus(s)
}

func (c *fakeServer) isSet(flag *bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *flag
}

func (c *fakeServer) paid() status {
	return status{State: "paid", Attempt: "a", Remaining: -1, Next: c.URL + "/thanks"}
}

func (c *fakeServer) now() (status, chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status, c.moved
}

// count reads a number with the lock.
func (c *fakeServer) count(n *int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return *n
}

func (c *fakeServer) hasSeen(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Contains(strings.Join(c.seen, "\n"), what)
}

func (c *fakeServer) record(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, what)
}

func (c *fakeServer) servePage(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.loads++
	if r.Header.Get("Sec-Fetch-Dest") == "empty" {
		c.swaps++
	}
	p := c.page
	if c.chooser != "" && c.status.State == "choose" {
		c.mu.Unlock()
		html(w, strings.ReplaceAll(c.chooser, "{loader}", p.Assets.Loader))
		return
	}
	p.State, p.Attempt.Ref, p.Remaining, p.URLs.Success = page.State(c.status.State), c.status.Attempt, c.status.Remaining, c.status.Next
	c.mu.Unlock()
	var b bytes.Buffer
	if err := templates.Checkout(p).Render(r.Context(), &b); err != nil {
		c.t.Error(err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval' "+templates.WaitingScriptHash()+"; worker-src 'self'; "+
		"form-action 'self'; frame-src 'self'; style-src "+templates.Brand{}.StyleHash())
	html(w, b.String())
}

func (c *fakeServer) serveStatus(w http.ResponseWriter, _ *http.Request) {
	s, _ := c.now()
	c.mu.Lock()
	c.polls++
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(s); err != nil {
		c.t.Error(err)
	}
}

func (c *fakeServer) serveEvents(w http.ResponseWriter, r *http.Request) {
	if c.noStream || c.isSet(&c.cutStream) {
		http.Error(w, "no streams here", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if c.heldStream {
		<-r.Context().Done()
		return
	}
	for {
		s, moved := c.now()
		data, err := json.Marshal(s)
		if err != nil {
			c.t.Error(err)
		}
		if c.isSet(&c.brokenStream) {
			data = data[:5]
		}
		fmt.Fprintf(w, ": hello\n\nevent: status\ndata: %s\n\n", data)
		if err := http.NewResponseController(w).Flush(); err != nil {
			return
		}
		if c.isSet(&c.cutStream) {
			panic(http.ErrAbortHandler)
		}
		select {
		case <-moved:
		case <-r.Context().Done():
			return
		}
	}
}

func (c *fakeServer) serveConfirm(w http.ResponseWriter, r *http.Request) {
	said := r.PostFormValue("bridge")
	c.record("confirm " + r.PostFormValue("token") + " " + r.Header.Get("Accept") + " " + said)
	if c.confirm != nil {
		c.confirm(said)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *fakeServer) serveStart(w http.ResponseWriter, r *http.Request) {
	c.record("start " + r.PostFormValue("wallet") + " " + r.PostFormValue("token"))
	s, _ := c.now()
	s.State, s.Attempt = "code", "b"
	c.setStatus(s)
	if c.started != nil {
		<-c.started
	}
	http.Redirect(w, r, "/c", http.StatusSeeOther)
}

func (c *fakeServer) serveAsset(w http.ResponseWriter, r *http.Request) {
	asset, ok := c.assets.Open(r.PathValue("hash"), r.PathValue("name"), r.Header.Get("Accept-Encoding"))
	if !ok || c.noWasm && r.PathValue("name") == static.Wasm {
		http.NotFound(w, r)
		return
	}
	if c.loader != "" && r.PathValue("name") == static.Loader {
		asset.Body, asset.Encoding = []byte(c.loader), "identity"
	}
	w.Header().Set("Content-Type", asset.ContentType)
	w.Header().Set("Content-Encoding", asset.Encoding)
	w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
	if _, err := w.Write(asset.Body); err != nil {
		c.record("asset cut off")
	}
}

// serveSheet is the sandbox's payment sheet, which answers at once.
func (c *fakeServer) serveSheet(w http.ResponseWriter, r *http.Request) {
	c.record("sheet " + r.PathValue("id"))
	html(w, `<script>parent.postMessage({wantukit_sandbox: "`+c.sheetAnswer()+`"}, "*")</script>`)
}

func (c *fakeServer) sheetAnswer() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sheet
}

// change runs a function with the lock.
func (c *fakeServer) change(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

func html(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, body)
}
