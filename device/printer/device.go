package printer

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// device is the open device of one job.
type device struct {
	fd  int
	tty bool
}

// open opens and locks the device without ever waiting for it, and makes sure that
// it is one that takes a stream of bytes.
func open(cfg Config) (*device, error) {
	fd, err := unix.Open(cfg.Path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: cfg.Path, Err: err}
	}
	d := &device{fd: fd}
	if err := d.claim(cfg.Baud); err != nil {
		d.close(false)
		return nil, &os.PathError{Op: "open", Path: cfg.Path, Err: err}
	}
	return d, nil
}

func (d *device) claim(baud int) error {
	var stat unix.Stat_t
	if err := unix.Fstat(d.fd, &stat); err != nil {
		return err
	}
	if kind := stat.Mode & unix.S_IFMT; kind != unix.S_IFCHR && kind != unix.S_IFIFO {
		return errNotDevice
	}
	if err := unix.Flock(d.fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	settings, err := unix.IoctlGetTermios(d.fd, unix.TCGETS)
	if err != nil {
		return nil // not a serial line, so there is nothing to set
	}
	d.tty = true
	raw(settings, baud)
	return unix.IoctlSetTermios(d.fd, unix.TCSETS, settings)
}

// speeds are the rates that printers are set to.
var speeds = map[int]uint32{
	1200: unix.B1200, 2400: unix.B2400, 4800: unix.B4800, 9600: unix.B9600,
	19200: unix.B19200, 38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200,
}

// raw is a line that changes no byte, as cfmakeraw(3), but heeds a printer that says
// stop and go (XOFF, XON) while its buffer is full.
func raw(t *unix.Termios, baud int) {
	t.Iflag = unix.IXON | unix.IGNBRK
	t.Oflag = 0
	t.Lflag = 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB|unix.CSTOPB) | unix.CS8 | unix.CREAD | unix.CLOCAL
	if speed, ok := speeds[baud]; ok {
		t.Cflag = t.Cflag&^unix.CBAUD | speed
		t.Ispeed, t.Ospeed = speed, speed
	}
}

// write sends bytes until all are taken, nothing was taken for as long as stall, or
// ctx ends. It says how many were taken.
func (d *device) write(ctx context.Context, bytes []byte, stall time.Duration) (int, error) {
	sent := 0
	for sent < len(bytes) {
		if err := d.awaitRoom(ctx, stall); err != nil {
			return sent, err
		}
		n, err := unix.Write(d.fd, bytes[sent:])
		sent += max(0, n)
		if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			return sent, err
		}
	}
	return sent, nil
}

// drain waits until the last bytes have left: a USB transfer that is under way is
// thrown away by close(2), and a serial line still has its queue to send.
func (d *device) drain(ctx context.Context, stall time.Duration) error {
	if err := d.awaitRoom(ctx, stall); err != nil || !d.tty {
		return err
	}
	deadline, last := time.Now().Add(stall), -1
	for {
		left, err := unix.IoctlGetInt(d.fd, unix.TIOCOUTQ)
		switch {
		case err != nil || left == 0:
			return err
		case left != last:
			deadline, last = time.Now().Add(stall), left
		case time.Now().After(deadline):
			return errStuck
		}
		if err := pause(ctx, tick); err != nil {
			return err
		}
	}
}

const tick = 50 * time.Millisecond // how soon an ended ctx is noticed

func (d *device) awaitRoom(ctx context.Context, stall time.Duration) error {
	fds := []unix.PollFd{{Fd: int32(d.fd), Events: unix.POLLOUT}}
	for deadline := time.Now().Add(stall); ; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n, err := unix.Poll(fds, int(tick.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0:
			return errHungUp
		case n > 0:
			return nil
		case time.Now().After(deadline):
			return errStuck
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// close closes the device. After a failure it throws away first what a serial line
// still holds, because close(2) would wait half a minute for it to drain.
func (d *device) close(failed bool) {
	if failed && d.tty {
		_ = unix.IoctlSetInt(d.fd, unix.TCFLSH, unix.TCOFLUSH)
	}
	_ = unix.Close(d.fd) // unlocks; there is nothing that an error here would change
}
