package kill

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	seed     = flag.Uint64("seed", 0, "of what is chosen; 0 draws one")
	rounds   = flag.Int("rounds", 24, "kills of cars that make their own payments")
	fleets   = flag.Int("fleet", 6, "kills of gateways and their cars")
	cars     = flag.Int("abreast", 4, "cars side by side")
	keep     = flag.Bool("keep", false, "keep what is sound too")
	only     = flag.String("only", "", "outcomes with this in their name, and no others")
	protocol = flag.String("meter", "", "what the meters of cars alone speak, empty for one or another")
	folder   = flag.String("dir", "", "where everything is kept; empty for the usual place")
)

// programs is the folder of the real programs, built with the race detector if the
// tests are.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "taxi-kill-programs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	args := []string{"build", "-o", dir + "/", "-ldflags", "-s -w -X main.version=v0.0-test"}
	if underRace {
		args = append(args, "-race")
	}
	args = append(args, "taxiterminal/cmd/taxiterm", "taxiterminal/cmd/taxifleet")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build programs: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// TestKilledAtAnyMoment is the short form of "make kill ROUNDS=10000". What it keeps
// when something is found is named in the failure.
func TestKilledAtAnyMoment(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	dir, err := os.MkdirTemp(*folder, "taxi-kill-")
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Hour)
	defer stop()
	start := time.Now()
	report, err := Run(ctx, Options{
		Terminal: programs + "/taxiterm", Gateway: programs + "/taxifleet", Dir: dir,
		Seed: *seed, Rounds: *rounds, Fleet: *fleets, Abreast: *cars, Keep: *keep, Only: *only, Meter: *protocol, Log: t.Logf,
	})
	t.Logf("%s\ntook %s", report, time.Since(start).Round(time.Second))
	require.NoError(t, err, "seed %d", *seed)
	t.Logf("seed %d: nothing lost, nobody charged twice", *seed)
	if !*keep {
		require.NoError(t, os.RemoveAll(dir))
	}
}
