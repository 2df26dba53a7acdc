package sim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps/vippstest"
)

// TestABackupIsPutBackAndTheTaxiGoesOn takes a backup in the middle of a trip, goes on,
// loses the disk, puts the backup back and goes on again. Every fare is captured exactly
// once, and no reference is used for two trips.
func TestABackupIsPutBackAndTheTaxiGoesOn(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 3*time.Minute)
	trip := started(t, nil)
	run := func(args ...string) string {
		t.Helper()
		out, errs, code := trip.Daemon.command(args...)
		require.Zero(t, code, "%v: %s", args, errs)
		return out
	}
	fails := func(args ...string) string {
		t.Helper()
		_, errs, code := trip.Daemon.command(args...)
		require.Equal(t, 1, code, args)
		return errs
	}
	ride := func() { // without a wait for the last passenger's PAID to go
		t.Helper()
		require.NoError(t, trip.Meter.Hired())
		require.NoError(t, trip.Shows(ctx, "hired"))
		require.NoError(t, trip.Stop(fare))
	}
	pays := func() {
		t.Helper()
		ride()
		require.NoError(t, trip.Approve(ctx))
		require.NoError(t, finish(ctx, trip))
		require.NoError(t, trip.meterAtRest(ctx, len(trip.Payments()))) // nobody presses Hired a millisecond after For Hire
	}
	require.NoError(t, trip.Shows(ctx, "idle"))
	pays()
	ride()
	_, err := trip.Scan(ctx) // the second one has its code on the screen
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "taxi.backup")
	require.Contains(t, run("backup", file), "newest trip 0002, 1 open")
	require.Contains(t, fails("backup", file), "--replace")
	run("backup", "--replace", file)
	require.Contains(t, fails("restore", file), "systemctl stop taxiterm")
	require.NoError(t, trip.Approve(ctx))
	require.NoError(t, finish(ctx, trip))
	require.NoError(t, trip.meterAtRest(ctx, 2))
	pays() // the third one is not in the backup

	require.NoError(t, trip.Daemon.Kill())
	require.Contains(t, fails("restore", filepath.Join(t.TempDir(), "none")), "no such file")
	told := run("restore", file)
	require.Contains(t, told, "newest trip 0002, 1 open")
	aside := trip.Daemon.Outbox() + ".aside-1"
	require.Contains(t, told, "the former file is kept: "+aside)
	info, err := os.Stat(trip.Daemon.Outbox())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, trip.Daemon.Start(ctx))
	require.NoError(t, Poll(ctx, Patience, "the second trip is paid again", func() (bool, error) {
		return strings.Contains(run("trips", "show", "2"), "paid"), nil
	}))
	pays()
	pays()
	require.NoError(t, trip.Settle(ctx))

	var files []string
	for i, p := range trip.Payments() {
		require.Equal(t, []any{"AUTHORIZED", int64(fare), int64(fare), 1}, []any{string(p.State), int64(p.Authorized), int64(p.Captured), p.Calls[vippstest.OpCapture].Executed}, p.Reference)
		parts := strings.Split(p.Reference, "-")
		files = append(files, parts[1])
		require.Equal(t, []string{"0001", "0002", "0003", "0003", "0004"}[i], parts[2])
	}
	require.Equal(t, []string{files[0], files[0], files[0], files[4], files[4]}, files)
	require.NotEqual(t, files[0], files[4], "new trips have another file in their reference")
	require.Contains(t, told, "T122-"+files[4]+"-0003")
	require.Contains(t, told, "T122-"+files[0]+"-...")
	require.NoError(t, trip.API.Check())
	require.Contains(t, run("outbox", "verify"), "each follows from the ones before it")
	run("backup", file+".2")
	require.NoError(t, trip.Daemon.Stop())
	run("backup", file+".3") // also of a terminal that is stopped
	require.NoError(t, trip.Daemon.Start(ctx))
}
