package sim

import (
	"context"
	"fmt"
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
// screen, which is at most one poll interval (1 s) and two round trips.
func BenchmarkApprovalToPaid(b *testing.B) {
	trip := started(b, nil)
	ctx := withTimeout(b, 20*time.Minute)
	for b.Loop() {
		var took []time.Duration
		require.NoError(b, trip.Shows(ctx, "idle"))
		for range benchTrips {
			require.NoError(b, trip.Meter.Hired())
			require.NoError(b, trip.Shows(ctx, "hired"))
			require.NoError(b, trip.Stop(fare))
			reference, err := trip.Scan(ctx)
			require.NoError(b, err)
			start := time.Now()
			require.NoError(b, trip.API.Act(reference, vippstest.Approve, 0))
			at, err := trip.Passenger.Await(ctx, Patience, "paid", func(html string) bool { return Kind(html) == string(display.Paid) })
			require.NoError(b, err)
			took = append(took, at.Sub(start))
			require.NoError(b, trip.Meter.Vacant())
		}
		report(b, "paid", took)
	}
}

// BenchmarkDaemon is what the program costs: its size, its memory after a day's work,
// and how long it takes to start with a year of trips on file.
func BenchmarkDaemon(b *testing.B) {
	ctx := withTimeout(b, 20*time.Minute)
	for b.Loop() {
		info, err := os.Stat(program)
		require.NoError(b, err)
		b.ReportMetric(float64(info.Size())/1e6, "MB-binary")

		trip := started(b, nil)
		require.NoError(b, trip.Shows(ctx, "idle"))
		for range 30 {
			require.NoError(b, trip.Meter.Hired())
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
		yearOnFile(b, filepath.Join(trip.Daemon.dir, "outbox.db"))
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

func memory(b *testing.B, pid int, field string) float64 {
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

// yearOnFile writes fifteen thousand paid trips into a daemon's file.
func yearOnFile(b *testing.B, path string) {
	ctx := context.Background()
	s, err := outbox.Open(ctx, path, outbox.Options{})
	require.NoError(b, err)
	defer s.Close()
	require.NoError(b, s.Commit(ctx, func(tx *outbox.Tx) error {
		for range 15000 {
			stream, err := tx.Begin()
			if err != nil {
				return err
			}
			if err := paidTrip(tx, trip.ID{Vehicle: "T122", File: s.ID(), Number: stream}); err != nil {
				return err
			}
		}
		return nil
	}))
	open, err := s.List(ctx, outbox.Filter{Open: true})
	require.NoError(b, err)
	require.NoError(b, s.Commit(ctx, func(tx *outbox.Tx) error {
		for _, c := range open {
			if err := tx.Finish(c.ID, outbox.Done, "done"); err != nil {
				return err
			}
		}
		return nil
	}))
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
	for _, op := range []trip.Op{trip.OpCreate, trip.OpCapture} {
		c := outbox.Command{Kind: string(op), Key: trip.Key(id.Reference(1), op, 1), Body: make([]byte, 400)}
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
