package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// sandboxCommand runs the simulated gateway alone.
type sandboxCommand struct {
	SandboxAddr string `help:"Address to listen on." default:":8081"`
}

// Run implements kong's command.
func (c *sandboxCommand) Run(ctx context.Context, logger *slog.Logger) error {
	l, err := listen(ctx, c.SandboxAddr)
	if err != nil {
		return err
	}
	s, err := newSandbox(l, logger)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer s.Close()
	fmt.Printf("Sandbox gateway: %s/paygate\n  merchant %s, store %s, key %s\n",
		l.url(), sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, sandbox.DefaultKey)
	return l.serve(ctx, s, s.Close, logger)
}

// newSandbox makes the sandbox of a listener. Its QR codes lead to this
// machine's address in its network, where the listener is open to it, so that a
// real phone can scan and pay.
func newSandbox(l listener, logger *slog.Logger) (*sandbox.Sandbox, error) {
	return sandbox.New(sandbox.Config{
		PublicURL: l.url(),
		ScanURL:   "http://" + net.JoinHostPort(l.host(lanAddress()), l.port()),
		Logger:    logger,
	})
}
