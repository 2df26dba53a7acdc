package printer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Fault is the closed set of what can be wrong with a printer.
type Fault string

const (
	Missing    Fault = "missing"     // there is no such device
	Denied     Fault = "denied"      // the device may not be opened
	Busy       Fault = "busy"        // another program, or another job, is printing
	NotPrinter Fault = "not_printer" // the path is a file or a disk
	Stuck      Fault = "stuck"       // the printer takes nothing: no paper, cover open, switched off
	Lost       Fault = "lost"        // the device went away in the middle of a job
	Stopped    Fault = "stopped"     // the job was called off
)

// Faults are all of them.
func Faults() []Fault { return []Fault{Missing, Denied, Busy, NotPrinter, Stuck, Lost, Stopped} }

// Hint says what to do about a fault.
func (f Fault) Hint() string { return hints[f] }

var hints = map[Fault]string{
	Missing:    "plug in the printer and switch it on, or correct its path in the configuration",
	Denied:     "the service needs to be in the device's group, usually lp or dialout",
	Busy:       "wait until the other job is printed; another print system (CUPS) must not hold the device",
	NotPrinter: "correct the path in the configuration: it must be a printer or a serial line",
	Stuck:      "look at paper, cover and power, then print again",
	Lost:       "plug the printer in again, then print again",
	Stopped:    "print again",
}

// Error is a job that failed. It holds nothing of what was to be printed.
type Error struct {
	Fault Fault
	// Partial is true when something of the job may be on paper.
	Partial bool
	Err     error
}

func (e *Error) Error() string {
	return fmt.Sprintf("printer %s: %v (%s)", e.Fault, e.Err, e.Fault.Hint())
}

func (e *Error) Unwrap() error { return e.Err }

var (
	errPrinting  = errors.New("another job is being printed")
	errNotDevice = errors.New("no character device")
	errStuck     = errors.New("the printer takes no more")
	errHungUp    = errors.New("the device hung up")
)

func faultOf(err error) Fault {
	for _, k := range known {
		if errors.Is(err, k.err) {
			return k.fault
		}
	}
	return Lost
}

var known = []struct {
	err   error
	fault Fault
}{
	{errStuck, Stuck},
	{unix.ENOSPC, Stuck}, // what the USB driver says when the paper is out
	{context.Canceled, Stopped},
	{context.DeadlineExceeded, Stopped}, // the caller's; our own is errStuck
	{errNotDevice, NotPrinter},
	{unix.EISDIR, NotPrinter},
	{fs.ErrNotExist, Missing},
	{unix.ENXIO, Missing},
	{unix.ENODEV, Missing},
	{unix.ENOTDIR, Missing},
	{fs.ErrPermission, Denied},
	{unix.EBUSY, Busy},
	{unix.EWOULDBLOCK, Busy},
}
