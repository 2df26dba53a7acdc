package sim

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/outbox/disktest"
	"taxiterminal/vipps/vippstest"
)

// onFolder puts the outbox into a folder of its own.
func onFolder(dir string) func(*Options) { return func(o *Options) { o.Storage = dir } }

// smallDisk is a real file system of a megabyte.
func smallDisk(t *testing.T) (dir string) {
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("SKIPPED LOUDLY: no file system can be mounted here (it takes root): %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// says waits until the driver's screen names a fault and shows no code.
func (t *Trip) says(ctx context.Context, fault string) error {
	_, err := t.Driver.Await(ctx, Patience, "fault "+fault, func(html string) bool {
		return Kind(html) == "outoforder" && strings.Contains(html, fault)
	})
	return err
}

// opens waits until the daemon can use its outbox.
func (t *Trip) opens(ctx context.Context) error {
	return Poll(ctx, Patience, "outbox opened", func() (bool, error) {
		var s struct{ Unusable string }
		err := t.Daemon.Command(ctx, &s, "status")
		return err == nil && s.Unusable == "", err
	})
}

// tells asks the commands of a daemon that cannot use its outbox: they name the fault and
// what to do about it.
func (t *Trip) tells(tt *testing.T, fault string) {
	out, errs, code := t.Daemon.command("status")
	require.Zero(tt, code, errs)
	require.Contains(tt, out, "T122  outoforder\nfault "+fault+": ")
	require.Regexp(tt, `(?m)^because:  outbox \S.*\n {10}\S`, out)
	require.NotContains(tt, out, "queue", "nothing is known of it")
	for _, args := range [][]string{{"trips"}, {"trips", "show", "1"}, {"outbox", "list"}, {"outbox", "park", "1"}, {"pay", "cash"}, {"shift"}} {
		_, errs, code := t.Daemon.command(args...)
		require.Equal(tt, 1, code, args)
		require.Contains(tt, errs, "taxiterm: the terminal cannot use its outbox ("+fault+"): outbox ", args)
		require.Contains(tt, errs, "\nhint: ", args)
	}
	out, _, code = t.Daemon.command("doctor", "--listen", "1ms")
	require.Equal(tt, 1, code)
	require.Contains(tt, out, "runs without its outbox ("+fault+")")
}

// chargedOnce looks at the API's own ledger: one payment, captured once, in full.
func chargedOnce(t *testing.T, trip *Trip) {
	all := trip.API.Payments()
	require.Len(t, all, 1)
	require.EqualValues(t, []any{fare, fare, 1}, []any{int(all[0].Authorized), int(all[0].Captured), all[0].Calls[vippstest.OpCapture].Executed})
	require.NoError(t, trip.API.Check())
}

// broken is a disk in trouble while the daemon works on it.
type broken struct {
	fault string
	disk  func(t *testing.T) (dir string, breaks, mends func())
}

var brokenDisks = map[string]broken{
	"full": {"D1", func(t *testing.T) (string, func(), func()) {
		dir := smallDisk(t)
		filler := filepath.Join(dir, "filler")
		return dir, func() {
			f, err := os.Create(filler)
			require.NoError(t, err)
			for err == nil {
				_, err = f.Write(make([]byte, 4096))
			}
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.NoError(t, f.Close())
		}, func() { require.NoError(t, os.Remove(filler)) }
	}},
	"write errors":   {"D2", failing(disktest.Write, syscall.EIO)},
	"flush errors":   {"D2", failing(disktest.Flush, syscall.EIO)},
	"made read-only": {"D3", failing(disktest.Write, syscall.EROFS)},
}

func failing(op disktest.Op, err syscall.Errno) func(t *testing.T) (string, func(), func()) {
	return func(t *testing.T) (string, func(), func()) {
		disk := disktest.New(1)
		dir := disk.Mount(t)
		return dir, func() { disk.Fail(op, err) }, func() { disk.Fail(op, 0) }
	}
}

// TestADiskInTroubleIsNamedAndNothingIsLost breaks the disk at each moment of a trip.
// What cannot be recorded is neither shown nor sent; when the disk is back, the trip is
// recorded and paid once.
func TestADiskInTroubleIsNamedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	for name, b := range brokenDisks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := withTimeout(t, 3*Patience)
			dir, breaks, mends := b.disk(t)
			trip := started(t, onFolder(dir))

			require.NoError(t, trip.Board(ctx))
			breaks()
			require.NoError(t, trip.Stop(fare))
			require.NoError(t, trip.says(ctx, b.fault))
			require.Empty(t, trip.API.Payments(), "nothing was asked for that is not recorded")
			mends()
			_, err := trip.Scan(ctx)
			require.NoError(t, err)

			breaks()
			require.NoError(t, trip.Approve(ctx))
			require.NoError(t, trip.says(ctx, b.fault))
			require.Zero(t, trip.API.Payments()[0].Captured, "a capture that is not recorded is not sent")
			mends()
			require.NoError(t, finish(ctx, trip))
			require.NoError(t, trip.Settle(ctx))
			chargedOnce(t, trip)
			var verified struct{ Entries int }
			require.NoError(t, trip.Daemon.Command(ctx, &verified, "outbox", "verify"))
		})
	}
}

// TestAFileThatCannotBeOpenedIsNamedAndKept puts a file that has money in it into each
// trouble that there is between two starts. The driver reads which; nothing takes its
// place; and when it is put right the trip that was open goes on.
func TestAFileThatCannotBeOpenedIsNamedAndKept(t *testing.T) {
	t.Parallel()
	rewrite := func(change func([]byte) []byte) func(t *testing.T, path string) func() {
		return func(t *testing.T, path string) func() {
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, change(bytes.Clone(before)), 0o600))
			return func() { require.NoError(t, os.WriteFile(path, before, 0o600)) }
		}
	}
	gone := func(suffix string) func(t *testing.T, path string) func() {
		return func(t *testing.T, path string) func() {
			require.NoError(t, os.Rename(path+suffix, path+suffix+".hidden"))
			return func() { require.NoError(t, os.Rename(path+suffix+".hidden", path+suffix)) }
		}
	}
	for name, c := range map[string]struct {
		fault string
		does  func(t *testing.T, path string) (undo func())
	}{
		"read-only": {"D3", func(t *testing.T, path string) func() {
			remount := func(flags uintptr) {
				require.NoError(t, syscall.Mount("tmpfs", filepath.Dir(path), "tmpfs", syscall.MS_REMOUNT|flags, "size=1m"))
			}
			remount(syscall.MS_RDONLY)
			return func() { remount(0) }
		}},
		"damaged":      {"D4", rewrite(func(b []byte) []byte { clear(b[100:9000]); return b })},
		"no header":    {"D4", rewrite(func(b []byte) []byte { clear(b[:4096]); return b })},
		"empty":        {"D4", rewrite(func([]byte) []byte { return nil })},
		"newer":        {"D5", rewrite(func(b []byte) []byte { binary.BigEndian.PutUint32(b[60:], 99); return b })},
		"log is gone":  {"D7", gone("-wal")},
		"file is gone": {"D7", gone("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := withTimeout(t, 3*Patience)
			trip := started(t, onFolder(smallDisk(t)))
			require.NoError(t, trip.Ride(ctx, fare))
			_, err := trip.Scan(ctx)
			require.NoError(t, err)
			require.NoError(t, trip.Daemon.Kill())
			undo := c.does(t, trip.Daemon.Outbox())
			require.NoError(t, trip.Daemon.Start(ctx))
			require.NoError(t, trip.says(ctx, c.fault))
			trip.tells(t, c.fault)
			undo()
			require.NoError(t, trip.opens(ctx))
			require.NoError(t, trip.Approve(ctx))
			require.NoError(t, finish(ctx, trip))
			require.NoError(t, trip.Settle(ctx))
			chargedOnce(t, trip)
		})
	}
}

// TestADiskThatCannotBeReadAtTheStartIsNamed: the disk gives errors where it gave data.
func TestADiskThatCannotBeReadAtTheStartIsNamed(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 3*Patience)
	disk := disktest.New(1)
	trip := started(t, onFolder(disk.Mount(t)))
	require.NoError(t, trip.Ride(ctx, fare))
	_, err := trip.Scan(ctx)
	require.NoError(t, err)
	require.NoError(t, trip.Daemon.Kill())
	require.NoError(t, disk.Cut(disktest.Nothing)) // and the kernel remembers nothing
	disk.Fail(disktest.Read, syscall.EIO)
	require.NoError(t, trip.Daemon.Start(ctx))
	require.NoError(t, trip.says(ctx, "D2"))
	disk.Fail(disktest.Read, 0)
	require.NoError(t, trip.opens(ctx))
	require.NoError(t, trip.Approve(ctx))
	require.NoError(t, finish(ctx, trip))
	chargedOnce(t, trip)
}

// TestAFileThatIsTakenAwayFromTheDaemonComesBack removes the files under a trip, and
// kills the daemon after it.
func TestAFileThatIsTakenAwayFromTheDaemonComesBack(t *testing.T) {
	t.Parallel()
	for name, suffixes := range map[string][]string{"log": {"-wal"}, "file": {""}, "all": {"", "-wal", "-shm"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := withTimeout(t, 2*Patience)
			trip := started(t, nil)
			require.NoError(t, trip.Ride(ctx, fare))
			_, err := trip.Scan(ctx)
			require.NoError(t, err)
			for _, suffix := range suffixes {
				require.NoError(t, os.Remove(trip.Daemon.Outbox()+suffix))
			}
			require.NoError(t, trip.Approve(ctx))
			require.NoError(t, trip.Shows(ctx, "paid"))
			require.NoError(t, trip.Daemon.Kill())
			require.NoError(t, trip.Daemon.Start(ctx))
			require.NoError(t, finish(ctx, trip))
			require.NoError(t, trip.Settle(ctx))
			chargedOnce(t, trip)
		})
	}
}

// TestADamagedFileIsSetAsideByAPerson, and the next trip is paid from a new one, under
// references that the old one never used.
func TestADamagedFileIsSetAsideByAPerson(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 3*Patience)
	trip := started(t, nil)
	require.NoError(t, trip.Ride(ctx, fare))
	first, err := trip.Scan(ctx)
	require.NoError(t, err)
	require.NoError(t, trip.Daemon.Kill())
	path := trip.Daemon.Outbox()
	damaged, err := os.ReadFile(path)
	require.NoError(t, err)
	clear(damaged[100:9000])
	require.NoError(t, os.WriteFile(path, damaged, 0o600))
	require.NoError(t, trip.Daemon.Start(ctx))
	require.NoError(t, trip.says(ctx, "D4"))
	require.NoError(t, trip.Meter.Vacant()) // the passenger paid in cash

	var done struct{ Kept, Why string }
	config := filepath.Join(filepath.Dir(path), "taxiterm.toml")
	require.NoError(t, trip.Daemon.Command(ctx, &done, "outbox", "set-aside", "--config", config))
	require.Equal(t, path+".aside-1", done.Kept)
	require.Contains(t, done.Why, "damaged")
	kept, err := os.ReadFile(done.Kept)
	require.NoError(t, err)
	require.Equal(t, damaged, kept)
	require.NoError(t, trip.opens(ctx))
	require.Error(t, trip.Daemon.Command(ctx, nil, "outbox", "set-aside", "--config", config), "the new one is in use")

	require.NoError(t, trip.Shows(ctx, "idle"))
	require.NoError(t, trip.Ride(ctx, fare))
	require.NoError(t, trip.ScanOther(ctx, first))
	require.NoError(t, trip.Approve(ctx))
	require.NoError(t, finish(ctx, trip))
	all := trip.API.Payments()
	require.Len(t, all, 2)
	require.EqualValues(t, fare, all[1].Captured)
	require.NotEqual(t, strings.Split(first, "-")[1], strings.Split(all[1].Reference, "-")[1], "the new file has another name")
	require.NoError(t, trip.API.Check())
}
