// Command wantukit is the whole kit in one program: a demo to click through,
// the server that takes money, the sandbox to develop against, and an
// operator's verbs at the gateway.
//
//	wantukit demo       checkout, demo shop and sandbox, ready to click
//	wantukit serve      the checkout for live shops
//	wantukit sandbox    the simulated gateway alone
//	wantukit migrate    the database's schema brought up to date
//	wantukit query …    one order at the gateway; see wantukit --help
//	wantukit session …  what happened to a session
//	wantukit webhook …  webhooks that a shop could not be sent
//	wantukit reconcile  the gateway's statement held against the books
//	wantukit settle-refund re_…  a refund that the gateway does not answer for
//	wantukit flow …     how a browser would pay, and why
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
	"github.com/wantukit/wantukit/cmd/wantukit/flowcli"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// cli is the command line. The flags that run something, and those that name an
// account, have a twin in the environment, such as WANTUKIT_ADDR for --addr;
// what one call does is never left to the environment.
type cli struct {
	LogLevel slog.Level `default:"info" help:"How much is logged: debug, info, warn or error."`

	Demo    demoCommand    `cmd:"" group:"run" help:"Run the checkout, a demo shop and the sandbox. Nothing else is needed."`
	Serve   serveCommand   `cmd:"" group:"run" help:"Run the checkout for the shops of a configuration file."`
	Sandbox sandboxCommand `cmd:"" group:"run" help:"Run the simulated gateway alone."`
	Migrate migrateCommand `cmd:"" group:"run" help:"Bring the database's schema up to date and exit. Serve does so itself when it starts."`

	gatewaycli.Verbs
	Records dbcli.Verbs   `embed:""`
	Flows   flowcli.Verbs `embed:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], gatewaycli.Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: isTerminal(os.Stdout),
	})
	stop()
	os.Exit(code)
}

// run runs one command and returns its exit code.
func run(ctx context.Context, args []string, streams gatewaycli.Streams) int {
	err := parseAndRun(ctx, args, streams)
	var asked helped
	if errors.As(err, &asked) {
		return int(asked)
	}
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "wantukit:", err)
	}
	return gatewaycli.ExitCode(err)
}

// helped is what kong exits with once it has shown the help.
type helped int

func (h helped) Error() string { return fmt.Sprintf("exit %d", int(h)) }

func parseAndRun(ctx context.Context, args []string, streams gatewaycli.Streams) (err error) {
	defer func() {
		if p := recover(); p != nil {
			asked, is := p.(helped)
			if !is {
				panic(p)
			}
			err = asked
		}
	}()
	var c cli
	parser, err := kong.New(&c, kong.Name("wantukit"), kong.DefaultEnvars("WANTUKIT"), kong.ExplicitGroups(groups()),
		kong.Writers(streams.Out, streams.Err), kong.Exit(func(code int) { panic(helped(code)) }),
		kong.Description("A web checkout kit for Alipay and WeChat Pay through the Wantu gateway."))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return gatewaycli.Usage(err)
	}
	logger := slog.New(slog.NewTextHandler(streams.Err, &slog.HandlerOptions{Level: c.LogLevel}))
	if group := parsed.Selected().Group; group != nil && group.Key == "run" {
		stop := outliveHangup(logger)
		defer stop()
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(logger, streams)
}

// outliveHangup has SIGHUP end nothing until stop is called: a server goes on when
// its terminal is closed, and when somebody expects it to read its configuration
// again.
func outliveHangup(logger *slog.Logger) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			logger.Info("SIGHUP is ignored: start the program again to read the configuration again")
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
	}
}

func groups() []kong.Group {
	return slices.Concat([]kong.Group{{Key: "run", Title: "To run:"}}, gatewaycli.Groups(), dbcli.Groups(), flowcli.Groups())
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
