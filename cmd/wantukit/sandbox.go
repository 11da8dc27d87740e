package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// sandboxCommand runs the simulated gateway alone.
type sandboxCommand struct {
	SandboxAddr  string    `aliases:"addr" help:"Address to listen on; --addr is the same." default:":8081"`
	Seed         *uint64   `help:"Draw every number from this seed, so that a run can be repeated."`
	WeChatAppID  string    `name:"wechat-app-id" help:"The one WeChat app that OAuth and pay-form know. Defaults to the sandbox's own for OAuth, and to any for pay-form."`
	ReturnInside bool      `name:"frame-returns-inside" help:"Have the framed code go back to return_url inside its frame, and not in the whole window."`
	Clock        time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"TIME" help:"A clock that stands at this moment (RFC 3339) until POST /sandbox/clock moves it."`
}

// Run implements kong's command.
func (c *sandboxCommand) Run(ctx context.Context, logger *slog.Logger, streams gatewaycli.Streams) error {
	l, err := listen(ctx, c.SandboxAddr)
	if err != nil {
		return err
	}
	s, err := newSandbox(l, logger, c.repeatable, c.behave)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer s.Close()
	_, _ = fmt.Fprintf(streams.Out, "Sandbox gateway: %[1]s/paygate\n  merchant %[2]s, store %[3]s, key %[4]s, WeChat app %[5]s\n  orders, notifications and faults: %[1]s\n",
		l.url(), sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount, sandbox.DefaultKey, cmp.Or(c.WeChatAppID, sandbox.DefaultWeChatAppID))
	return l.serve(ctx, s, s.Close, logger)
}

// repeatable replaces chance and time by what the flags say.
func (c *sandboxCommand) repeatable(config *sandbox.Config) {
	if c.Seed != nil {
		config.Rand = sandbox.Seed(*c.Seed)
	}
	if !c.Clock.IsZero() {
		config.Clock = sandbox.NewClock(c.Clock)
	}
}

// behave sets what a gateway may do in one way or another.
func (c *sandboxCommand) behave(config *sandbox.Config) {
	config.WeChatAppID, config.FrameReturnsInside = c.WeChatAppID, c.ReturnInside
}

// newSandbox makes the sandbox of a listener. Its QR codes lead to this
// machine's address in its network, where the listener is open to it, so that a
// real phone can scan and pay.
func newSandbox(l listener, logger *slog.Logger, changes ...func(*sandbox.Config)) (*sandbox.Sandbox, error) {
	config := sandbox.Config{
		PublicURL: l.url(),
		ScanURL:   "http://" + net.JoinHostPort(l.host(lanAddress()), l.port()),
		Logger:    logger,
	}
	for _, change := range changes {
		change(&config)
	}
	return sandbox.New(config)
}
