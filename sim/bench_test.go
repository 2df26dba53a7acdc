package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// keysCount is when a For Hire no longer waits for the meter's status to confirm it:
// only a bench presses the next key a millisecond later.
const keysCount = 4 * time.Second

// benchTrips is how many trips the latencies are taken over.
const benchTrips = 200

// BenchmarkStoppedToScreen is the time from the meter's time-off key, which puts the
// STOPPED frame on the serial line at once, to the amount in the browser's stream of
// events: serial line, driver, trip, one flush, rendering and socket. Beside it stands
// the floor: one flush of the same disk, alone.
func BenchmarkStoppedToScreen(b *testing.B) {
	trip := started(b, nil)
	ctx := withTimeout(b, 20*time.Minute)
	for b.Loop() {
		var shown, flushes []time.Duration
		require.NoError(b, trip.Shows(ctx, "idle"))
		pause(ctx, keysCount)
		for n := range benchTrips {
			amount := money.Minor(10000 + n)
			want := strings.Replace(amount.Decimal(), ".", ",", 1)
			require.NoError(b, trip.Meter.Hired())
			require.NoError(b, trip.Shows(ctx, "hired"))
			require.NoError(b, trip.Meter.SetFare(amount))
			pause(ctx, 20*time.Millisecond) // the running fare of it is over
			start := time.Now()
			require.NoError(b, trip.Meter.TimeOff())
			at, err := trip.Passenger.Await(ctx, Patience, "the amount", func(html string) bool {
				return (Kind(html) == "connecting" || Kind(html) == "due") && strings.Contains(html, want)
			})
			require.NoError(b, err)
			shown = append(shown, at.Sub(start))
			require.NoError(b, trip.Press(ctx, "cash"))
			require.NoError(b, trip.Meter.Vacant())
			flushes = append(flushes, bareFlush(b))
		}
		report(b, "shown", shown)
		report(b, "flush", flushes)
	}
}

// BenchmarkApprovalToPaid is the time from the approval at the API to PAID on the
// screen: the car polls once a second, looks, captures. That should take one interval
// and two round trips at most, so beside it stands a bare call of the same API. The
// approval comes at any moment between two looks.
func BenchmarkApprovalToPaid(b *testing.B) {
	const poll = time.Second
	trip := started(b, func(o *Options) { o.Poll = poll.String() })
	call := farAway(b, trip.API)
	ctx := withTimeout(b, 20*time.Minute)
	for b.Loop() {
		var took, calls []time.Duration
		require.NoError(b, trip.Shows(ctx, "idle"))
		for range benchTrips / 2 {
			require.NoError(b, trip.Meter.Hired())
			require.NoError(b, trip.Shows(ctx, "hired"))
			require.NoError(b, trip.Stop(fare))
			reference, err := trip.Scan(ctx)
			require.NoError(b, err)
			pause(ctx, rand.N(poll))
			start := time.Now()
			require.NoError(b, trip.API.Act(reference, vippstest.Approve, 0))
			at, err := trip.Passenger.Await(ctx, Patience, "paid", func(html string) bool { return Kind(html) == string(display.Paid) })
			require.NoError(b, err)
			took = append(took, at.Sub(start))
			require.NoError(b, trip.Meter.Vacant())
			calls = append(calls, call())
		}
		report(b, "paid", took)
		report(b, "call", calls)
	}
}

// BenchmarkDaemon is what the program costs: its size, its memory after a day's work,
// and how long it takes to start with a year of trips on file.
func BenchmarkDaemon(b *testing.B) {
	b.Setenv("MALLOC_ARENA_MAX", "1") // as the unit has it
	ctx := withTimeout(b, 20*time.Minute)
	for b.Loop() {
		info, err := os.Stat(program)
		require.NoError(b, err)
		b.ReportMetric(float64(info.Size())/1e6, "MB-binary")

		trip := started(b, nil)
		require.NoError(b, trip.Shows(ctx, "idle"))
		pause(ctx, keysCount)
		for range 30 {
			require.NoError(b, trip.Meter.Hired())
			require.NoError(b, trip.Shows(ctx, "hired")) // the last trip's code is off the screen
			require.NoError(b, trip.Stop(fare))
			_, err := trip.Scan(ctx)
			require.NoError(b, err)
			require.NoError(b, trip.Press(ctx, "cash"))
			require.NoError(b, trip.Meter.Vacant())
		}
		b.ReportMetric(memory(b, trip.Daemon.Pid(), "VmRSS"), "MB-RSS")
		b.ReportMetric(memory(b, trip.Daemon.Pid(), "VmHWM"), "MB-RSS-peak")
		before := cpu(b, trip.Daemon.Pid())
		pause(ctx, 10*time.Second)
		b.ReportMetric(float64(cpu(b, trip.Daemon.Pid())-before)/float64(10*time.Second)*100, "%CPU-idle")

		require.NoError(b, trip.Daemon.Stop())
		fillDays(b, trip.Daemon.Outbox(), 365, false)
		var ready []time.Duration
		for range 20 {
			start := time.Now()
			require.NoError(b, trip.Daemon.Start(ctx))
			ready = append(ready, time.Since(start))
			require.NoError(b, trip.Daemon.Kill())
		}
		report(b, "ready", ready)
		require.NoError(b, trip.Daemon.Start(ctx))
		pause(ctx, time.Second)
		b.ReportMetric(memory(b, trip.Daemon.Pid(), "VmRSS"), "MB-RSS-year")
	}
}

// farAway puts the API as far away as it is by a good mobile network, which is much
// longer than what the programs take, and gives a bare call of it, timed.
func farAway(b *testing.B, api *vippstest.Sim) func() time.Duration {
	const roundTrip = 100 * time.Millisecond
	_, err := api.AddFault(vippstest.Fault{Kind: vippstest.Delay, After: vippstest.Duration(roundTrip), Times: vippstest.Forever})
	require.NoError(b, err)
	return func() time.Duration {
		start := time.Now()
		api.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/epayment/v1/payments/none", nil))
		return time.Since(start)
	}
}

func report(b *testing.B, name string, d []time.Duration) {
	slices.Sort(d)
	for _, p := range []struct {
		name string
		at   int
	}{{"p50", len(d) / 2}, {"p99", len(d) * 99 / 100}} {
		b.ReportMetric(float64(d[p.at])/float64(time.Millisecond), "ms-"+name+"-"+p.name)
	}
}

// bareFlush appends a page to a file and waits for the disk.
func bareFlush(b *testing.B) time.Duration {
	f, err := os.OpenFile(filepath.Join(b.TempDir(), "floor"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(b, err)
	defer f.Close()
	start := time.Now()
	_, err = f.Write(make([]byte, 4096))
	require.NoError(b, err)
	require.NoError(b, syscall.Fdatasync(int(f.Fd())))
	return time.Since(start)
}

func memory(b testing.TB, pid int, field string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(text)
	require.NotNil(b, m)
	kb, err := strconv.Atoi(string(m[1]))
	require.NoError(b, err)
	return float64(kb) / 1000
}

// cpu is the processor time that a process has had.
func cpu(b *testing.B, pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(b, err)
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.Atoi(f)
		require.NoError(b, err)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// paidTrip writes what one paid trip leaves behind.
func paidTrip(tx *outbox.Tx, id trip.ID) error {
	for _, e := range []struct{ kind, body string }{
		{"begun", fmt.Sprintf(`{"id":{"vehicle":%q,"file":%q,"number":%d},"currency":"NOK"}`, id.Vehicle, id.File, id.Number)},
		{"fare_shown", `{"fare":{"total":28650,"fare":28650,"distance_m":6200}}`},
		{"created", `{"n":1,"redirect_url":"https://qr.vipps.no/o/m2tCAEHSYXQpUDD8m4QDZcedCq5rNkHR"}`},
		{"observed", `{"n":1,"payment":{"state":"AUTHORIZED","authorized":28650}}`},
		{"observed", `{"n":1,"payment":{"state":"AUTHORIZED","authorized":28650,"captured":28650},"ends":"capture"}`},
		{"vacated", `{}`},
	} {
		if _, err := tx.Append(id.Number, e.kind, []byte(e.body)); err != nil {
			return err
		}
	}
	order := fmt.Appendf(nil, `{"v":1,"n":1,"reference":%q,"currency":"NOK","amount":28650,"request":{"x":%q}}`, id.Reference(1), strings.Repeat("x", 300))
	for _, op := range []trip.Op{trip.OpCreate, trip.OpCapture} {
		c := outbox.Command{Kind: string(op), Key: trip.Key(id.Reference(1), op, 1), Body: order}
		if err := tx.Enqueue(id.Number, c); err != nil {
			return err
		}
	}
	return tx.SetOpen(id.Number, false)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
