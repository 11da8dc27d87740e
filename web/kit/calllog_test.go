package kit

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// TestCallsAreLoggedWithoutSecrets: the log shows what failed with which order, and
// no key.
func TestCallsAreLoggedWithoutSecrets(t *testing.T) {
	t.Parallel()
	const canary = "canary-key-that-must-not-show"
	gateway, err := sandbox.New(sandbox.Config{Key: canary})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Close)
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	var log bytes.Buffer
	client, err := wantu.New(wantu.Config{
		BaseURL: server.URL + "/paygate", Key: canary,
		MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
		Transport: LogCalls(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = client.Currency(t.Context(), wantu.CurrencyRequest{PayChannel: wantu.Alipay, FeeType: "HKD"})
	_, _ = client.Query(t.Context(), wantu.QueryRequest{PayChannel: wantu.Alipay, OutTradeNo: "nobody"})
	first, second, _ := strings.Cut(log.String(), "\n")
	for text, wants := range map[string][]string{
		first:  {"level=DEBUG", "endpoint=currency", "return_code=200"},
		second: {"level=DEBUG", "endpoint=query", "out_trade_no=nobody", "return_code=402", "http_status=200", "ORDER_INVALID"},
	} {
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in %s", want, text)
			}
		}
	}
	if strings.Contains(log.String(), canary) || strings.Contains(log.String(), "sign=") {
		t.Errorf("a secret is in the log: %s", &log)
	}
}
