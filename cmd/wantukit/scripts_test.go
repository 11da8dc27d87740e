package main

import (
	"errors"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// TestScripts runs the scripts of the command line, each with its own sandbox.
// `sandbox pay NUMBER` pays an order, `sandbox fault KIND ENDPOINT WHEN` sets a
// fault, and `sandbox stop` stops the sandbox.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			gateway, err := sandbox.New(sandbox.Config{})
			if err != nil {
				return err
			}
			server := httptest.NewServer(gateway)
			env.Defer(gateway.Close)
			env.Defer(server.Close)
			env.Values["sandbox"], env.Values["server"] = gateway, server
			env.Setenv("WANTUKIT_GATEWAY", server.URL+"/paygate")
			env.Setenv("TODAY", wantu.FormatTime(time.Now())[:10])
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox": playShopper,
			"exits":   exits,
		},
	})
}

func playShopper(script *testscript.TestScript, _ bool, args []string) {
	gateway, _ := script.Value("sandbox").(*sandbox.Sandbox)
	var err error
	switch args[0] {
	case "pay":
		_, err = gateway.Pay(args[1])
	case "fault":
		_, err = gateway.AddFault(sandbox.Fault{
			Kind: sandbox.FaultKind(args[1]), Endpoint: args[2], When: sandbox.FaultWhen(args[3]), Times: 1,
		})
	case "stop":
		server, _ := script.Value("server").(*httptest.Server)
		server.Close()
	default:
		script.Fatalf("sandbox does not know %s", args[0])
	}
	script.Check(err)
}

// exits runs a command and checks its exit code.
func exits(script *testscript.TestScript, _ bool, args []string) {
	var exit interface{ ExitCode() int }
	err := script.Exec(args[1], args[2:]...)
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(code) != want {
		script.Fatalf("%v exited with %d, want %s", args[1:], code, want)
	}
}
