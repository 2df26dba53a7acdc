package sim

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// traced makes the daemon run under strace, which writes the system calls to a file.
func traced(t *testing.T, o *Options, flags string) (trace string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: strace is not installed")
	}
	trace = filepath.Join(t.TempDir(), "trace")
	script := filepath.Join(t.TempDir(), "taxiterm")
	// -D: strace runs beside the daemon, which stays the process that is signalled.
	// Only "run" is traced, not the commands.
	text := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = run ]; then exec %s -D -f -qq %s -o %s %s \"$@\"; fi\nexec %[4]s \"$@\"\n", strace, flags, trace, o.Terminal)
	require.NoError(t, os.WriteFile(script, []byte(text), 0o755))
	o.Terminal = script
	return trace
}

// TestAPaidTripCostsFewFlushes counts how often the daemon waits for the disk on a
// paid trip, from For Hire to For Hire.
func TestAPaidTripCostsFewFlushes(t *testing.T) {
	var trace string
	trip := started(t, func(o *Options) { trace = traced(t, o, "-e trace=fsync,fdatasync,sync_file_range,msync") })
	ctx := withTimeout(t, 3*time.Minute)
	flushes := func() int {
		text, err := os.ReadFile(trace)
		require.NoError(t, err)
		return strings.Count(string(text), "sync(")
	}
	require.NoError(t, trip.Shows(ctx, "idle"))
	ride := func(number int) {
		require.NoError(t, trip.Meter.Hired())
		require.NoError(t, trip.Shows(ctx, "hired"))
		require.NoError(t, trip.Stop(fare))
		require.NoError(t, trip.Approve(ctx))
		require.NoError(t, finish(ctx, trip))
		require.NoError(t, trip.meterAtRest(ctx, number))
	}
	ride(1)
	before := flushes()
	const trips = 4
	for n := range trips {
		ride(n + 2)
	}
	each := float64(flushes()-before) / trips
	t.Logf("%.2f flushes for a paid trip", each)
	require.LessOrEqual(t, each, 10.0)
	require.GreaterOrEqual(t, each, 5.0, "fewer cannot be: the trace is not complete")
}

// TestTheUnitAllowsWhatTheDaemonDoes compares the system calls of a paid trip with
// the filter of the service unit.
func TestTheUnitAllowsWhatTheDaemonDoes(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: systemd-analyze is not installed")
	}
	if underRace {
		t.Skip("the race detector makes calls of its own")
	}
	set := func(name string) []string {
		out, err := exec.Command(analyze, "syscall-filter", "--no-pager", name).CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.Fields(regexp.MustCompile(`(?m)^\s*#.*$`).ReplaceAllString(string(out), ""))
	}
	var expand func(name string) []string
	expand = func(name string) (calls []string) {
		for _, word := range set(name) {
			switch {
			case word == name:
			case strings.HasPrefix(word, "@"):
				calls = append(calls, expand(word)...)
			default:
				calls = append(calls, word)
			}
		}
		return calls
	}
	allowed := expand("@system-service")
	denied := append(expand("@privileged"), expand("@resources")...)
	// The filter answers EPERM instead of killing; the Go runtime does without these.
	harmless := []string{"sched_setaffinity", "setrlimit", "prlimit64"}
	if os.Getuid() == 0 {
		harmless = append(harmless, "fchown") // SQLite, as root only
	}

	var trace string
	trip := started(t, func(o *Options) { trace = traced(t, o, "") })
	ctx := withTimeout(t, 2*time.Minute)
	require.NoError(t, paid(ctx, trip))
	require.NoError(t, trip.Daemon.Stop())
	text, err := os.ReadFile(trace)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\d+ +([a-z0-9_]+)\(`).FindAllStringSubmatch(string(text), -1) {
		seen[m[1]] = true
	}
	require.Greater(t, len(seen), 20)
	for call := range seen {
		if slices.Contains(harmless, call) {
			continue
		}
		require.True(t, slices.Contains(allowed, call) && !slices.Contains(denied, call), "the unit's SystemCallFilter does not allow %s", call)
	}
}

// meterAtRest waits until the terminal has seen the meter leave the trip.
func (t *Trip) meterAtRest(ctx context.Context, round int) error {
	return Poll(ctx, Patience, fmt.Sprintf("trip %d left", round), func() (bool, error) {
		var trips []struct {
			Trip  string
			Phase string
		}
		if err := t.Daemon.Command(ctx, &trips, "trips", "--number", "1"); err != nil {
			return false, err
		}
		var j struct {
			Events []struct{ Kind string }
		}
		if err := t.Daemon.Command(ctx, &j, "trips", "show", trips[0].Trip); err != nil {
			return false, err
		}
		return trips[0].Phase == "settled" && j.Events[len(j.Events)-1].Kind == "vacated", nil
	})
}
