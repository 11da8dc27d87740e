package kit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// A shop takes a payment with a kit of its own. The sandbox stands in for the
// gateway.
func Example() {
	folder, err := os.MkdirTemp("", "wantukit")
	must(err)
	defer func() { _ = os.RemoveAll(folder) }()
	gateway, err := sandbox.New(sandbox.Config{})
	must(err)
	defer gateway.Close()
	gatewayServer := httptest.NewServer(gateway)
	defer gatewayServer.Close()

	// Assemble the kit and serve it.
	ctx, stop := context.WithCancel(context.Background())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	publicURL := "http://" + listener.Addr().String()
	k, err := kit.New(ctx, kit.Config{
		Database:  kit.Database{Folder: folder},
		PublicURL: publicURL,
		Secret:    []byte("32 random bytes in a real program"),
		Merchants: []kit.Merchant{{
			Checkout: checkout.Merchant{ID: "tea", Name: "Tea House"},
			Web:      web.Merchant{APIKeys: []apikey.Configured{{Secret: "sk_test_tea_house"}}, ReturnHosts: []string{"shop.example.com"}},
			Account: wantu.Config{
				BaseURL: gatewayServer.URL + "/paygate", MerchantAccount: sandbox.DefaultMerchantAccount,
				StoreAccount: sandbox.DefaultStoreAccount, Key: sandbox.DefaultKey,
			},
		}},
		Logger: slog.New(slog.DiscardHandler),
	})
	must(err)
	server := &http.Server{Handler: k, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx, func() error { return server.Serve(listener) }, server.Shutdown) }()

	// The shop makes a session. The shopper starts to pay it on the session's page,
	// and pays in the wallet.
	id := createSession(publicURL, "sk_test_tea_house")
	attempt, err := k.Service().Start(ctx, checkout.StartRequest{
		SessionID: id, Wallet: flow.WalletWeChat, Device: flow.Device{Kind: flow.DeviceDesktop, Container: flow.ContainerNone},
	})
	must(err)
	_, err = gateway.Pay(attempt.OutTradeNo)
	must(err)

	// The gateway notifies the kit, and the kit queries the order. A real shop waits
	// for the webhook instead.
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		session, err := k.Store().Session(ctx, id)
		must(err)
		if session.PaymentStatus == checkout.PaymentPaid {
			fmt.Println(session.Subject, "is", session.PaymentStatus)
			break
		}
	}
	stop()
	must(<-ended)

	// Output: A pot of tea is paid
}

// createSession calls the merchant API and returns the session's id.
func createSession(publicURL, apiKey string) string {
	body := []byte(`{"amount": 4800, "currency": "HKD", "subject": "A pot of tea", "success_url": "https://shop.example.com/thanks"}`)
	request, err := http.NewRequest(http.MethodPost, publicURL+"/v1/checkout/sessions", bytes.NewReader(body))
	must(err)
	request.Header.Set("Authorization", "Bearer "+apiKey)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	must(err)
	defer response.Body.Close()
	var session struct {
		ID string `json:"id"`
	}
	must(json.NewDecoder(response.Body).Decode(&session))
	return session.ID
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
