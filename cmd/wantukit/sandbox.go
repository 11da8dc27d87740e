package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// sandboxCommand runs the simulated gateway alone.
type sandboxCommand struct {
	SandboxAddr string `help:"Address to listen on." default:":8081"`
}

// Run implements kong's command.
func (c *sandboxCommand) Run(r *runtime) error {
	l, err := listen(c.SandboxAddr)
	if err != nil {
		return err
	}
	s, err := newSandbox(r, l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer s.Close()
	fmt.Printf("Sandbox gateway: %s/paygate\n  merchant %s, store %s, key %s\n",
		l.url("localhost"), sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, sandbox.DefaultKey)
	return l.serve(r, s, s.Close, r.logger)
}

// newSandbox makes the sandbox of a listener. Its QR codes lead to this
// machine's address in its network, where the listener is open to it, so that a
// real phone can scan and pay.
func newSandbox(r *runtime, l listener) (*sandbox.Sandbox, error) {
	return sandbox.New(sandbox.Config{
		PublicURL: l.url("localhost"),
		ScanURL:   "http://" + net.JoinHostPort(l.host(lanAddress()), l.port()),
		Logger:    r.logger,
	})
}
