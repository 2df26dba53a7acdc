// Package ptycable is a serial cable without hardware: a pseudo-terminal behind a
// symlink that stays the same while the cable is pulled and plugged in again, as
// udev's links do when an adapter comes back under another number.
//
//	cable := ptycable.New(filepath.Join(dir, "ttyMETER"))
//	meterEnd, err := cable.Plug()  // *os.File; the program under test opens the symlink
//	cable.Pull()                   // both ends fail, the symlink is gone
//	meterEnd, err = cable.Plug()   // another pseudo-terminal, the same symlink
//
// It stands in simulators and tests for /dev/serial/by-id.
package ptycable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Cable is one cable. Its methods may be called from any goroutine.
type Cable struct {
	link string

	mu     sync.Mutex
	master *os.File
	slave  *os.File
}

// New prepares a cable whose computer end is found at link. Nothing is plugged in.
func New(link string) *Cable { return &Cable{link: link} }

// Link is the path that the program under test opens.
func (c *Cable) Link() string { return c.link }

// Plug makes the cable and gives the device's end of it. It pulls a cable that is
// plugged in first.
//
// The cable keeps the computer's end open too, in raw mode: otherwise bytes that
// the device sends before anybody has opened the link would be echoed and have
// their line ends changed, and the device would see a hang-up at every close.
func (c *Cable) Plug() (*os.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.pull(); err != nil {
		return nil, err
	}
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("pseudo-terminal open: %w", err)
	}
	master, err := pollable(blocking)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pseudo-terminal open: %w", err), blocking.Close(), slave.Close())
	}
	c.master, c.slave = master, slave
	err = errors.Join(makeRaw(slave), c.unlink())
	if err == nil {
		err = os.Symlink(slave.Name(), c.link)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("pseudo-terminal plug: %w", err), c.end())
	}
	return master, nil
}

// Pull closes the device's end, at which the computer's end hangs up, and removes
// the link. It does nothing when nothing is plugged in.
func (c *Cable) Pull() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pull()
}

func (c *Cable) pull() error {
	if c.master == nil {
		return nil
	}
	return errors.Join(c.unlink(), c.end())
}

// end closes both ends, and leaves the link.
func (c *Cable) end() error {
	err := errors.Join(c.master.Close(), c.slave.Close())
	c.master, c.slave = nil, nil
	return err
}

// unlink removes the symlink, ours or one that a killed process left behind, and
// never anything else that has the name.
func (c *Cable) unlink() error {
	info, err := os.Lstat(c.link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSymlink:
		return fmt.Errorf("%s is in the way and is no symlink", c.link)
	}
	return os.Remove(c.link)
}

// pollable gives f in a form whose Read ends when it is closed, and closes f. On the
// file that pty.Open gives, Close would wait for Read instead, for ever.
func pollable(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), f.Name()), f.Close()
}

// makeRaw switches off everything that a terminal does with bytes, as cfmakeraw(3).
func makeRaw(tty *os.File) error {
	conn, err := tty.SyscallConn()
	if err != nil {
		return err
	}
	var ioctlErr error
	err = conn.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			ioctlErr = err
			return
		}
		t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
		ioctlErr = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	return errors.Join(err, ioctlErr)
}
