package disktest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Mount makes the disk a folder of this computer until the test ends. The test is
// skipped, loudly, where file systems of programs cannot be mounted.
//
// The test itself must not work on it, but for looking at it or changing it with the
// functions of package os while nobody else does: a program that waits for a disk which
// it is itself can wait for ever. Let a child do it.
func (d *Disk) Mount(t testing.TB) (dir string) {
	d.where = filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.Mkdir(d.where, 0o700))
	if err := d.mount(); err != nil {
		t.Skipf("SKIPPED LOUDLY: no file system can be mounted here (it takes /dev/fuse and root): %v", err)
	}
	t.Cleanup(func() { require.NoError(t, d.unmount()) })
	return d.where
}

// Cut takes the power away, unless it is gone already, and mounts what is left. No
// program that worked on the disk may be alive.
func (d *Disk) Cut(k Keeps) error {
	if err := d.unmount(); err != nil {
		return err
	}
	d.mu.Lock()
	d.forget(k)
	d.mu.Unlock()
	return d.mount()
}

func (d *Disk) mount() error {
	v := &view{RawFileSystem: fuse.NewDefaultRawFileSystem(), disk: d}
	fd, err := mountAt(d.where)
	if err != nil {
		return fmt.Errorf("disk mount: %w", err)
	}
	server, err := fuse.NewServer(v, fmt.Sprintf("/dev/fd/%d", fd), &fuse.MountOptions{
		DisableXAttrs: true, DisableReadDirPlus: true, MaxWrite: maxWrite,
	})
	if err != nil {
		return fmt.Errorf("disk mount: %w", err)
	}
	d.mu.Lock()
	d.view = v
	d.mu.Unlock()
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		return err
	}
	return noPolling(d.where)
}

// noPolling lets the kernel ask once whether files can be polled, through a name that
// the library keeps for that, and learn that they cannot. Otherwise it would ask when
// package os opens a file, with the runtime's poller in its hands, and a test that looks
// at its own disk would wait for itself.
func noPolling(dir string) error {
	fd, err := unix.Open(filepath.Join(dir, ".go-fuse-epoll-hack"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("disk poll: %w", err)
	}
	_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return errors.Join(err, unix.Close(fd))
}

const maxWrite = 128 << 10

// mountAt does what mount(8) does. No child may inherit the connection: with it the file
// system would outlive a test that is killed, and whoever works on it would hang for ever.
func mountAt(dir string) (fd int, err error) {
	if fd, err = unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return 0, err
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d,max_read=%d", fd, os.Geteuid(), os.Getegid(), maxWrite)
	if err := unix.Mount("disktest", dir, "fuse.disktest", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

func (d *Disk) unmount() error {
	d.mu.Lock()
	d.view = nil
	d.mu.Unlock()
	if err := unix.Unmount(d.where, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("disk unmount: %w", err)
	}
	return nil
}
