// Command wantukit is the whole kit in one program: a demo to click through,
// the server that takes money, and the sandbox to develop against.
//
//	wantukit demo       checkout, demo shop and sandbox, ready to click
//	wantukit serve      the checkout for live shops
//	wantukit sandbox    the simulated gateway alone
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line. Every flag has a twin in the environment, such as
// WANTUKIT_ADDR for --addr.
type cli struct {
	Demo    demoCommand    `cmd:"" help:"Run the checkout, a demo shop and the sandbox. Nothing else is needed."`
	Serve   serveCommand   `cmd:"" help:"Run the checkout for the shops of a configuration file."`
	Sandbox sandboxCommand `cmd:"" help:"Run the simulated gateway alone."`
}

func main() {
	var c cli
	parsed := kong.Parse(&c, kong.Name("wantukit"), kong.DefaultEnvars("WANTUKIT"),
		kong.Description("A web checkout kit for Alipay and WeChat Pay through the Wantu gateway."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	parsed.BindTo(ctx, (*context.Context)(nil))
	err := parsed.Run(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wantukit:", err)
		os.Exit(1)
	}
}
