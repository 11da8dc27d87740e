package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

var banner = regexp.MustCompile(`(?s)^Sandbox gateway: (\S+)\n  merchant (\S+), store (\S+), key (\S+), WeChat app (\S+)\n`)

// TestAnotherLanguageWalksEveryEndpoint runs docs/walk.mjs against `wantukit
// sandbox`. That program was written in another language from the manual alone,
// because the sandbox and our client could misread the manual in the same way.
func TestAnotherLanguageWalksEveryEndpoint(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no Node is installed: run `make tools`")
	}
	said := startSandboxCommand(t, "--addr", "127.0.0.1:0")
	account := banner.FindStringSubmatch(said)
	if account == nil {
		t.Fatalf("the sandbox says %q", said)
	}
	out, err := exec.Command(node, append([]string{"../../docs/walk.mjs"}, account[1:]...)...).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("walked 13 endpoints")) {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// startSandboxCommand runs `wantukit sandbox` until the test ends, and returns
// the first lines that it prints.
func startSandboxCommand(t *testing.T, flags ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"sandbox"}, flags...), gatewaycli.Streams{Out: writer, Err: io.Discard})
		_ = writer.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != gatewaycli.ExitDone {
			t.Errorf("the sandbox exited with %d", code)
		}
	})
	lines := bufio.NewReader(reader)
	var said strings.Builder
	for range 3 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		said.WriteString(line)
	}
	return said.String()
}

// TestSandboxListensByEitherName: --addr is the same as --sandbox-addr.
func TestSandboxListensByEitherName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"--addr", "--sandbox-addr"} {
		if said := startSandboxCommand(t, name, "127.0.0.1:0"); !strings.Contains(said, "http://127.0.0.1:") {
			t.Errorf("%s: the sandbox says %s", name, said)
		}
	}
}

// TestSandboxCommandRepeatsARun: the same seed and clock give the same numbers.
func TestSandboxCommandRepeatsARun(t *testing.T) {
	t.Parallel()
	place := func() string {
		said := startSandboxCommand(t, "--addr", "127.0.0.1:0", "--seed", "42", "--clock", "2026-03-01T20:00:00+08:00")
		client, err := wantu.New(wantu.Config{
			BaseURL: banner.FindStringSubmatch(said)[1], Key: sandbox.DefaultKey,
			MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
		})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.CreateQRCode(t.Context(), wantu.CreateQRCodeRequest{
			PayChannel: wantu.WeChat, TotalFee: 1, FeeType: "HKD", Subject: "s", ProductID: "1", OutTradeNo: "n1", NotifyURL: "https://shop.invalid/",
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer.TradeID
	}
	first, second := place(), place()
	if first != second || !strings.HasPrefix(first, "100020260301200000") {
		t.Errorf("trade_id %s, then %s", first, second)
	}
}
