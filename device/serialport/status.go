package serialport

import (
	"errors"
	"io/fs"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// State names what the line is doing or what is wrong with it.
type State string

const (
	Opening State = "opening"   // the first try has not come to a result yet
	Open    State = "open"      // a session is running
	Missing State = "missing"   // nothing is there under that name
	Busy    State = "busy"      // another program has the port
	Denied  State = "denied"    // the daemon's user may not open it
	NotTTY  State = "not_a_tty" // something is there, but no serial port
	Lost    State = "lost"      // it was open and failed; the next try follows
)

// Status is a state with what a technician needs to know about it.
type Status struct {
	State State
	Path  string
	Err   error  // why, nil for Opening and Open
	Hint  string // what to do next, empty for Opening and Open
}

var hints = map[State]string{
	Missing: "plug in the adapter, or correct the port; taxiterm meter ports lists what is there",
	Busy:    "stop the other program (taxiterm meter ports names it); ModemManager and brltty are known to take adapters",
	Denied:  "let the service's user into the group of the device, usually dialout, and restart the service",
	NotTTY:  "the port must name a serial device such as one below /dev/serial/by-id",
	Lost:    "check the plug and the supply of the adapter if this does not end by itself",
}

// ErrBusy means that another program has locked the port.
var ErrBusy = errors.New("port is locked by another program")

// ErrNotTTY means that the path leads to something that is no serial port.
var ErrNotTTY = errors.New("not a serial port")

// stateOf sorts the errors of open. An adapter that is being pulled answers with
// changing codes; all that fit no other name are Missing, since the remedy is the same.
func stateOf(err error) State {
	var pe *serial.PortError
	if errors.As(err, &pe) {
		switch pe.Code() {
		case serial.PortBusy:
			return Busy
		case serial.PermissionDenied:
			return Denied
		}
	}
	switch {
	case errors.Is(err, ErrBusy), errors.Is(err, unix.EBUSY):
		return Busy
	case errors.Is(err, fs.ErrPermission):
		return Denied
	case errors.Is(err, ErrNotTTY), errors.Is(err, unix.EISDIR):
		return NotTTY
	}
	return Missing
}
