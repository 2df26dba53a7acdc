package serialport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// Port is one open line. It belongs to the goroutine that runs the session.
type Port struct {
	raw  serial.Port
	lock int // a second descriptor of the device: holds the flock, tells of room
	char time.Duration
	tape *Recorder
}

// Read waits for bytes, at most a tick; (0, nil) means that none came. After any
// error the port is gone for good.
func (p *Port) Read(buf []byte) (int, error) {
	n, err := p.raw.Read(buf)
	if n > 0 && p.tape != nil {
		p.tape.write(In, buf[:n])
	}
	if err != nil {
		return n, fmt.Errorf("serial read: %w", err)
	}
	return n, nil
}

// Write sends all of buf. The kernel has no deadline for writing to a serial line,
// so Write looks for room first and gives up after a second without any.
func (p *Port) Write(buf []byte) (int, error) {
	if err := p.awaitRoom(); err != nil {
		return 0, fmt.Errorf("serial write: %w", err)
	}
	n, err := p.raw.Write(buf)
	if n > 0 && p.tape != nil {
		p.tape.write(Out, buf[:n])
	}
	if err == nil && n < len(buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, fmt.Errorf("serial write: %w", err)
	}
	return n, nil
}

// CharTime is how long one character takes on this line.
func (p *Port) CharTime() time.Duration { return p.char }

// ErrStuck means that the adapter took no output for a second.
var ErrStuck = errors.New("the line takes no output")

func (p *Port) awaitRoom() error {
	fds := []unix.PollFd{{Fd: int32(p.lock), Events: unix.POLLOUT}}
	for deadline := time.Now().Add(writeLimit); ; {
		n, err := unix.Poll(fds, int(time.Until(deadline).Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR) && time.Now().Before(deadline):
			continue
		case err != nil:
			return err
		case n == 0:
			return ErrStuck
		case fds[0].Revents&unix.POLLOUT == 0:
			return unix.EIO // hang-up
		}
		return nil
	}
}

// close throws away what has not been sent, so that close(2) need not wait for it.
func (p *Port) close() error {
	flushErr := p.raw.ResetOutputBuffer()
	unlockErr := unix.Flock(p.lock, unix.LOCK_UN)
	return errors.Join(flushErr, unlockErr, p.raw.Close(), unix.Close(p.lock))
}

// open opens, locks and sets up the line. The stable name is resolved once, so
// that lock and port are the same device even while udev changes the links.
func open(cfg Config) (*Port, error) {
	device, err := filepath.EvalSymlinks(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("serial open: %w", err)
	}
	lock, err := lockDevice(device)
	if err != nil {
		return nil, fmt.Errorf("serial open: %w", err)
	}
	raw, err := serial.Open(device, cfg.Line.mode())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serial open %s: %w", device, err), unix.Close(lock))
	}
	p := &Port{raw: raw, lock: lock, char: cfg.Line.CharTime(), tape: cfg.Tape}
	// What waited in the input queue is of unknown age: an old key press must not
	// pass for a new one.
	if err := errors.Join(raw.SetReadTimeout(tick), raw.ResetInputBuffer()); err != nil {
		return nil, errors.Join(fmt.Errorf("serial open %s: %w", device, err), p.close())
	}
	return p, nil
}

// lockDevice opens the device without touching its settings, makes sure that it is
// a terminal and takes the lock on it.
func lockDevice(device string) (fd int, err error) {
	fd, err = unix.Open(device, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: device, Err: err}
	}
	if _, err = unix.IoctlGetTermios(fd, unix.TCGETS); errors.Is(err, unix.ENOTTY) {
		err = ErrNotTTY
	}
	if err == nil {
		if err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrBusy
		}
	}
	if err != nil {
		return -1, errors.Join(&os.PathError{Op: "lock", Path: device, Err: err}, unix.Close(fd))
	}
	return fd, nil
}
