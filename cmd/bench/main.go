// Command bench measures the checkout as a program: it runs `wantukit serve` with a
// simulated gateway and a shop around it, sends what shoppers, gateway and shop send,
// and prints a table. `make bench`, `make bench-quick` and `make bench-growth` run it.
// docs/performance.md says how to read the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	binary, base, document, profile, only string
	quick                                 bool
	growth                                int
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.binary, "binary", "bin/wantukit", "`path` of the program to measure")
	flags.StringVar(&o.base, "base", "", "`path` of another wantukit to measure beside it")
	flags.StringVar(&o.document, "document", "", "`path` of the document in which to replace the table")
	flags.StringVar(&o.profile, "profile", "", "the `measure` to take a profile of with perf, such as \"whole payments\"")
	flags.StringVar(&o.only, "only", "", "the only `part` to run: rates, disk, browser, streams or disturbed")
	flags.BoolVar(&o.quick, "quick", false, "measure for one minute at most")
	flags.IntVar(&o.growth, "growth", 0, "compare an empty database with one of this `number` of ended sessions")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q", flags.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context) (err error) {
	if len(os.Args) == 3 && os.Args[1] == commitsCommand {
		return printCommits(ctx, os.Args[2])
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.town.close()) }()
	if o.growth > 0 {
		return b.growth(ctx, o.growth)
	}
	if err := b.run(ctx); err != nil {
		return err
	}
	return b.publish(o.document)
}
