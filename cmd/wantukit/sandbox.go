package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// sandboxCommand runs the simulated gateway alone.
type sandboxCommand struct {
	hostFlag
	SandboxAddr  string    `aliases:"addr" help:"Address to listen on; --addr is the same. :8081 is all addresses of this machine." default:"localhost:8081"`
	Seed         *uint64   `help:"Seed of all random numbers, so that a run can be repeated."`
	MerchantName string    `help:"The payee that the pages of the wallets show, such as your shop's name." placeholder:"NAME"`
	WeChatAppID  string    `name:"wechat-app-id" help:"The only WeChat app that OAuth and pay-form accept. By default OAuth accepts the sandbox's app, and pay-form accepts any."`
	ReturnInside bool      `name:"frame-returns-inside" help:"The page of a framed QR code goes to return_url inside its frame instead of in the whole window."`
	Clock        time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"Stop the clock at this time (RFC 3339). POST /sandbox/clock moves it."`
}

// Run implements kong's command.
func (c *sandboxCommand) Run(ctx context.Context, logger *slog.Logger, streams gatewaycli.Streams) error {
	to, err := c.reach(readMachine())
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.SandboxAddr, to)
	if err != nil {
		return err
	}
	s, err := newSandbox(l, logger, c.setDeterminism, c.setBehavior)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer s.Close()
	_, _ = fmt.Fprintf(streams.Out, "Sandbox gateway: %s/paygate\n  merchant %s, store %s, key %s, WeChat app %s\n  orders, notifications and faults: %s\n%s",
		l.localURL(), sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, sandbox.DefaultKey, cmp.Or(c.WeChatAppID, sandbox.DefaultWeChatAppID),
		l.localURL(), l.note())
	return l.serve(ctx, s, s.Close, logger)
}

// setDeterminism sets the random numbers and the clock.
func (c *sandboxCommand) setDeterminism(config *sandbox.Config) {
	if c.Seed != nil {
		config.Rand = sandbox.Seed(*c.Seed)
	}
	if !c.Clock.IsZero() {
		config.Clock = sandbox.NewClock(c.Clock)
	}
}

// setBehavior sets what real gateways do in different ways, and the merchant's name.
func (c *sandboxCommand) setBehavior(config *sandbox.Config) {
	config.MerchantName = c.MerchantName
	config.WeChatAppID, config.FrameReturnsInside = c.WeChatAppID, c.ReturnInside
}

// newSandbox returns a sandbox for a listener. Its links and QR codes have the host by
// which other devices reach the listener, so that a real phone can scan and pay.
func newSandbox(l listener, logger *slog.Logger, changes ...func(*sandbox.Config)) (*sandbox.Sandbox, error) {
	config := sandbox.Config{PublicURL: l.url(), Logger: logger}
	for _, change := range changes {
		change(&config)
	}
	return sandbox.New(config)
}
