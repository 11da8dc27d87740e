package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
	"github.com/wantukit/wantukit/cmd/wantukit/demoshop"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// places are where a shopper can buy: at the demo, or at a shop with serve. The key
// is added to the test's name.
func places() map[string]func(*testing.T, device, scripting) *shopper {
	return map[string]func(*testing.T, device, scripting) *shopper{
		"":                            func(t *testing.T, d device, s scripting) *shopper { return newShopper(t, d, s) },
		", at serve beside a sandbox": newShopperAtServe,
	}
}

// newShopperAtServe returns a shopper at a shop that uses serve.
func newShopperAtServe(t *testing.T, d device, s scripting) *shopper {
	t.Helper()
	at, front := startServe(t, d)
	p := newShopperAt(t, at, d, s)
	p.front = front
	return p
}

const (
	developersKey    = "sk_test_of_a_developer"
	developersSecret = "whsec_ZGV2ZWxvcGVyLWRldmVsb3Blci1kZXZlbG9wZXI="
	// developersShop has four parameters: the sandbox's gateway and pages, the
	// shop's URL and address.
	developersShop = `merchants:
  - id: demo
    name: Harbour Nights
    gateway: {base_url: %[1]q, merchant_account: ` + sandbox.DefaultMerchantAccount + `, store_account: ` + sandbox.DefaultStoreAccount + `, key: ` + sandbox.DefaultKey + `}
    wechat:
      app_id: ` + sandbox.DefaultWeChatAppID + `
      app_secret: ` + sandbox.DefaultWeChatAppSecret + `
      authorize_url: %[2]s/connect/oauth2/authorize
      access_token_url: %[2]s/sns/oauth2/access_token
    api_keys: [` + developersKey + `]
    webhook: {url: "%[3]s/shop/webhook", secret: ` + developersSecret + `, allow_private: [127.0.0.1/32]}
    return_hosts: [%[4]q]
    allowed_origins: [%[3]q]
`
)

// startServe runs serve with a configuration file, a sandbox and a separate shop,
// as a developer does. It returns the parts of a demo that a shopper needs, and the
// shop's address. The sandbox's pages are at localhost and the gateway at
// 127.0.0.1, as if the sandbox listened on all addresses. For a browser that says
// it is WeChat, the pages are at 127.0.0.1 too: chromedp can only look into the
// simulated payment sheet if its frame has the page's site.
func startServe(t *testing.T, d device) (at *demo, front string) {
	t.Helper()
	at = &demo{}
	var gateway, pages string
	gateway, at.sandbox = startSandbox(t, func(h http.Handler) http.Handler { return h }, func(c *sandbox.Config) {
		if d != wechat {
			c.PublicURL = strings.Replace(c.PublicURL, "127.0.0.1", "localhost", 1)
		}
		pages = c.PublicURL
	})
	shops, public := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	shopURL := "http://" + shops.Listener.Addr().String()
	at.publicURL = "http://" + public.Listener.Addr().String()
	command := serveCommand{
		DatabaseFlags: dbcli.DatabaseFlags{Data: t.TempDir()}, Addr: "127.0.0.1:0", PublicURL: at.publicURL,
		Config: writeConfig(t, fmt.Sprintf(developersShop, gateway+"/paygate", pages, shopURL, shops.Listener.Addr())),
	}
	if d == wechat {
		command.Sandbox = pages
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	server, err := command.open(t.Context(), logger)
	if err != nil {
		t.Fatal(err)
	}
	at.kit = server.kit
	at.shop, err = demoshop.New(demoshop.Config{API: at.publicURL, APIKey: developersKey, WebhookSecret: developersSecret, PublicURL: shopURL})
	if err != nil {
		t.Fatal(err)
	}
	shops.Config.Handler = http.StripPrefix("/shop", at.shop)
	public.Config.Handler = proxyTo(server.listener.Addr().String())
	for _, s := range []*httptest.Server{shops, public} {
		s.Start()
		t.Cleanup(s.Close)
	}
	untilTheEnd(t, func(ctx context.Context) error { return server.run(ctx, logger) })
	return at, shopURL + "/shop/"
}

func writeConfig(t testing.TB, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "shops.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// liveShop is a shop that takes real money.
const liveShop = `merchants:
  - id: harbour
    name: Harbour Nights
    gateway: {base_url: "https://merchants-api.wantu.cn/paygate", merchant_account: HKG1449074190, store_account: HKG1831455570, key: "file:gateway.key"}
    api_keys: [sk_live_0123456789]
    return_hosts: [shop.example.com]
`

// serveLive opens serve for a live shop until the test ends, and returns its log.
// change may change the command and the files in its folder.
func serveLive(t *testing.T, change func(c *serveCommand, folder string)) (log string, err error) {
	t.Helper()
	path := writeConfig(t, liveShop)
	folder := filepath.Dir(path)
	if err := os.WriteFile(filepath.Join(folder, "gateway.key"), []byte("a-key-of-the-gateway\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := serveCommand{DatabaseFlags: dbcli.DatabaseFlags{Data: filepath.Join(folder, "data")}, Addr: "127.0.0.1:0", PublicURL: "https://pay.example.com", Config: path}
	change(&c, folder)
	var out bytes.Buffer
	s, err := c.open(t.Context(), slog.New(slog.NewTextHandler(&out, nil)))
	if err == nil {
		t.Cleanup(func() { _ = s.listener.Close(); _ = s.kit.DB().Close() })
	}
	return out.String(), err
}

// TestHostileDemosBarOnALiveShop: pages that take real money never show the bar
// that views them as another device.
func TestHostileDemosBarOnALiveShop(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{"http://localhost:8081", "https://sandbox.example.com", "http://localhost:8081/x", "localhost:8081"} {
		_, err := serveLive(t, func(c *serveCommand, _ string) { c.Sandbox = origin })
		if err == nil || !strings.Contains(err.Error(), "--sandbox") {
			t.Errorf("--sandbox %s: error %v", origin, err)
		}
	}
}

// TestHostileKeysThatOthersCanRead: the log names the files, but not their content.
func TestHostileKeysThatOthersCanRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"shops.yaml", "gateway.key", "forms.secret", ""} {
		log, err := serveLive(t, func(c *serveCommand, folder string) {
			c.SecretFile = filepath.Join(folder, "forms.secret")
			if err := os.WriteFile(c.SecretFile, []byte(strings.Repeat("of the forms ", 4)), 0o600); err != nil {
				t.Fatal(err)
			}
			if name != "" {
				if err := os.Chmod(filepath.Join(folder, name), 0o604); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log, "other users"); name == "" && got != 0 || name != "" && (got != 1 || !strings.Contains(log, name)) {
			t.Errorf("%q can be read by all, and the log says\n%s", name, log)
		}
		if strings.Contains(log, "a-key-of") || strings.Contains(log, "of the forms") {
			t.Errorf("the log shows a key:\n%s", log)
		}
	}
}

// TestHostileDataFolderOfEverybody: any user who can write to the data folder could
// have replaced the secret. A secret that others could read is logged too.
func TestHostileDataFolderOfEverybody(t *testing.T) {
	t.Parallel()
	log, err := serveLive(t, func(c *serveCommand, _ string) {
		c.Secret, c.SecretFile = "", ""
		secret := filepath.Join(c.Data, "secret")
		if err := errors.Join(os.MkdirAll(c.Data, 0o700), os.Chmod(c.Data, 0o777),
			os.WriteFile(secret, []byte(strings.Repeat("of the forms ", 4)), 0o600), os.Chmod(secret, 0o604)); err != nil {
			t.Fatal(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"can replace the files of the data folder", "data/secret"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

// TestHostileSecondServeOnOneFile: a second serve would work the queue too.
func TestHostileSecondServeOnOneFile(t *testing.T) {
	t.Parallel()
	var data string
	if _, err := serveLive(t, func(c *serveCommand, _ string) { data = c.Data }); err != nil {
		t.Fatal(err)
	}
	if _, err := serveLive(t, func(c *serveCommand, _ string) { c.Data = data }); err == nil || !strings.Contains(err.Error(), "another serve or demo") {
		t.Errorf("the second serve: error %v", err)
	}
	second := &demoCommand{Addr: "127.0.0.1:0", SandboxAddr: "127.0.0.1:0", Data: data}
	if _, err := newDemo(t.Context(), second, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another serve or demo") {
		t.Errorf("a demo beside serve: error %v", err)
	}
}

// TestServeIsAloneOnItsFile: an operator's verb works beside a running serve, a
// second serve does not start, and a killed one leaves no lock.
func TestServeIsAloneOnItsFile(t *testing.T) {
	t.Parallel()
	c := newClusterOf(t, clusterPlan{})
	first := c.start()
	id, err := session(t.Context(), first.url)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(c.folder, "data")
	var said bytes.Buffer
	args := []string{"serve", "--addr", "127.0.0.1:0", "--public-url", c.public.URL, "--config", c.config(), "--data", data}
	if code := run(t.Context(), args, gatewaycli.Streams{Out: &said, Err: &said}); code == gatewaycli.ExitDone || !strings.Contains(said.String(), "another serve or demo") {
		t.Errorf("the second: exit %d\n%s", code, &said)
	}
	var out bytes.Buffer
	if code, said := show(t, &out, id, "--data", data); code != gatewaycli.ExitDone || !strings.Contains(out.String(), id) {
		t.Errorf("an operator's look: exit %d %s\n%s", code, said, &out)
	}
	first.kill()
	c.start()
}

// TestDatabaseThatIsNotVerified: each command that opens the database names the
// flag that accepts it.
func TestDatabaseThatIsNotVerified(t *testing.T) {
	t.Parallel()
	const remote = "postgres://u:c4n4ry@192.0.2.1:5432/kit?sslmode=require&connect_timeout=1\n"
	config := writeConfig(t, liveShop)
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "gateway.key"), []byte("a-key-of-the-gateway"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"serve", "--addr", "127.0.0.1:0", "--public-url", "https://pay.example.com", "--config", config, "--secret-file", config},
		{"migrate"}, {"session", "show", "cs_1"}, {"webhook", "list"},
	} {
		var said bytes.Buffer
		code := run(t.Context(), append(args, "--database-url", remote), gatewaycli.Streams{Out: &said, Err: &said})
		if code == gatewaycli.ExitDone || !strings.Contains(said.String(), "--database-unverified") || strings.Contains(said.String(), "c4n4ry") {
			t.Errorf("%s: exit %d\n%s", args[0], code, &said)
		}
		said.Reset()
		canceled, cancel := context.WithCancel(t.Context())
		cancel() // nothing is called
		code = run(canceled, append(args, "--database-url", remote, "--database-unverified"), gatewaycli.Streams{Out: &said, Err: &said})
		if code == gatewaycli.ExitDone || strings.Contains(said.String(), "verify-full") || strings.Contains(said.String(), "c4n4ry") {
			t.Errorf("%s, unverified: exit %d\n%s", args[0], code, &said)
		}
	}
}

// TestMerchantWithoutAPIKeyIsLogged: nobody could use its API.
func TestMerchantWithoutAPIKeyIsLogged(t *testing.T) {
	t.Parallel()
	for text, warns := range map[string]bool{"[sk_live_0123456789]": false, "[]": true} {
		log, err := serveLive(t, func(c *serveCommand, _ string) {
			if err := os.WriteFile(c.Config, []byte(strings.Replace(liveShop, "[sk_live_0123456789]", text, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
		})
		if err != nil || strings.Contains(log, `has no API key: make one with `) != warns {
			t.Errorf("api_keys: %s: error %v, and the log says\n%s", text, err, log)
		}
	}
}
