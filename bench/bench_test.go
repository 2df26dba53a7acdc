package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Each contestant carries out every command, and waits for the disk as often as it
// must: a contest against somebody who does not flush would be no contest.
func TestContestantsFlush(t *testing.T) {
	all, err := contestants(t.TempDir(), 1000)
	require.NoError(t, err)
	want := map[string]float64{"outbox": 2, "outbox, old file": 2, "two bare appends": 2, "goqite": 3, "goqite, its runner": 3, "backlite": 3, "river": 3}
	require.Len(t, all, len(want))
	for _, lanes := range []int{1, inFlight} {
		scores, err := contest{Rounds: 1, Commands: 20, Lanes: lanes}.Run(io.Discard, all)
		require.NoError(t, err)
		for _, s := range scores {
			if lanes == 1 {
				require.InDelta(t, want[s.Name], s.Flushes[0], 0.5, s.Name)
			}
			require.GreaterOrEqual(t, s.Flushes[0], 1.0, s.Name)
		}
	}
	for _, c := range all {
		require.NoError(t, c.Close(), c.Name())
	}
}

func TestOutputIsRead(t *testing.T) {
	r := parse("=== RUN   TestAPaidTripCostsFewFlushes\n    trace_test.go:55: 6.00 flushes for a paid trip\n" +
		"goos: linux\npkg: taxiterminal/sim\nBenchmarkDaemon-2   1   17 ns/op   24.1 MB-binary   0.2 %CPU-idle\nPASS\n" +
		"pkg: taxiterminal/sim/fleet\nBenchmarkApprovalToPaid   1   9131980055 ns/op   227.1 ms-paid-p50\n")
	require.Equal(t, results{"flushes": 6, "sim Daemon ns/op": 17, "sim Daemon MB-binary": 24.1, "sim Daemon %CPU-idle": 0.2,
		"sim/fleet ApprovalToPaid ns/op": 9131980055, "sim/fleet ApprovalToPaid ms-paid-p50": 227.1}, r)
	rows := suiteRows(r)
	require.Contains(t, rows, row{What: "daemon: program", Goal: "20 MB", Measured: "24.1 MB", Ratio: "1.21", Verdict: "MISSED by 4.1 MB"})
	require.Contains(t, rows, row{What: "flushes for a paid trip", Goal: "10", Measured: "6", Ratio: "0.60", Verdict: "met"})
	require.Contains(t, rows, missing("the same, p99", "25 ms"))
}

func TestRatiosAreOfOneRound(t *testing.T) {
	slow := score{Name: "slow", Took: []time.Duration{20, 300, 40}, Flushes: []float64{3, 3, 3}}
	quick := score{Name: "quick", Took: []time.Duration{10, 150, 10}, Flushes: []float64{2, 2, 2}}
	require.Equal(t, 0.5, quick.against(slow))
	rows, beside := contestRows("job", quick, &slow, &slow, []score{slow})
	require.Equal(t, "met", rows[0].Verdict)
	require.Equal(t, "MISSED by 0.8", rows[3].Verdict)
	require.Equal(t, peer{Contest: "job", Name: "slow", Took: "0s", Flushes: "3.0", Against: "0.50"}, beside[1])
}

// TestTheReportFitsATerminal with figures that are wide.
func TestTheReportFitsATerminal(t *testing.T) {
	slow := score{Name: "goqite, its runner", Took: []time.Duration{1234567 * time.Nanosecond}, Flushes: []float64{13.1}}
	quick := score{Name: "outbox", Took: []time.Duration{234567 * time.Nanosecond}, Flushes: []float64{12.1}}
	rows, beside := contestRows("commands one by one", slow, &slow, &quick, []score{quick, slow})
	wide := suiteRows(results{"sim ApprovalToPaid ms-call-p50": 1234.5, "sim ApprovalToPaid ms-paid-p99": 123456.7, "sim Daemon %CPU-idle": 77.7, "sim Daemon MB-RSS-year": 234.5})
	var out bytes.Buffer
	printReport(&out, append(rows, wide...), beside)
	require.Contains(t, out.String(), "| 0.5 x goqite ")
	require.Contains(t, out.String(), "NOT MEASURED")
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSpace(line)), 100, line)
	}
	t.Log("\n" + out.String())
}
