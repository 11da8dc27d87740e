// Command wantukit is the whole kit in one program: the demo, the server for live
// shops, the sandbox for development, and the verbs for an operator.
//
//	wantukit demo       run the checkout, a demo shop and the sandbox
//	wantukit serve      run the checkout for live shops
//	wantukit sandbox    run only the simulated gateway
//	wantukit migrate    bring the database's schema up to date
//	wantukit query …    query one order at the gateway; see wantukit --help
//	wantukit session …  show what happened to a session
//	wantukit keys …     list, create, roll and revoke keys of the merchant API
//	wantukit webhook …  manage webhooks that could not be delivered
//	wantukit reconcile  compare the gateway's statement with the database
//	wantukit settle-refund re_…  settle a refund that the gateway does not answer
//	wantukit flow …     show how a browser would pay, and why
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

// cli is the command line. Flags that configure a program, or name an account,
// can also be set in the environment, such as --addr by WANTUKIT_ADDR. Flags that
// say what one call does cannot (env:"-").
type cli struct {
	LogLevel slog.Level `default:"info" help:"Least level that is logged: debug, info, warn or error."`

	Demo    demoCommand    `cmd:"" group:"run" help:"Run the checkout, a demo shop and the sandbox, without any configuration."`
	Serve   serveCommand   `cmd:"" group:"run" help:"Run the checkout for the shops of a configuration file."`
	Sandbox sandboxCommand `cmd:"" group:"run" help:"Run only the simulated gateway."`
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
	var help helpError
	if errors.As(err, &help) {
		return int(help)
	}
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "wantukit:", err)
	}
	return gatewaycli.ExitCode(err)
}

// helpError carries the exit code that kong wants after it has shown the help.
type helpError int

func (h helpError) Error() string { return fmt.Sprintf("exit %d", int(h)) }

// parseAndRun parses the arguments and runs the command. It returns helpError if
// kong has shown the help.
func parseAndRun(ctx context.Context, args []string, streams gatewaycli.Streams) (err error) {
	defer func() {
		if p := recover(); p != nil {
			help, isHelp := p.(helpError)
			if !isHelp {
				panic(p)
			}
			err = help
		}
	}()
	var c cli
	parser, err := kong.New(&c, kong.Name("wantukit"), kong.DefaultEnvars("WANTUKIT"), kong.ExplicitGroups(groups()),
		kong.Writers(streams.Out, streams.Err), kong.Exit(func(code int) { panic(helpError(code)) }),
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
		stop := ignoreHangup(logger)
		defer stop()
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(logger, streams)
}

// ignoreHangup ignores SIGHUP, and logs it, until stop is called. So a server goes
// on when its terminal is closed, and when an operator sends SIGHUP to reload the
// configuration.
func ignoreHangup(logger *slog.Logger) (stop func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			logger.Info("SIGHUP is ignored: restart the program to reload the configuration")
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
