// Command taxifleet is the gateway of a fleet of taxis: "taxifleet serve" runs it, its
// other commands administer the one that runs.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes. Scripts and the service unit depend on them.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
	exitConfig  = 78 // sysexits.h's EX_CONFIG: starting again would not help
)

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	message, hint, code := explain(err)
	fmt.Fprintln(stderr, "taxifleet:", message)
	if hint != "" {
		fmt.Fprintln(stderr, "hint:", hint)
	}
	return code
}
