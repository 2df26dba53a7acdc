package jtt905

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrDenied means that something was about to be sent which the guard does not let
// pass. It is a fault of the program.
var ErrDenied = errors.New("not on the list of frames that may be sent")

// guard is the only way out to the meter. It takes apart what it is given, frame by
// frame, and passes it on only if all of it is allowed.
type guard struct {
	w     io.Writer
	allow []layout
}

// isuMaySend are the answers and the two questions of role isu.
var isuMaySend = []layout{
	{CmdStatus, lenTime}, {CmdHistory, lenNumber},
	{CmdSignIn, lenSignAnswer}, {CmdSignOut, lenSignAnswer}, {CmdShiftAgain, lenSignAnswer},
	{CmdShift, lenAnswer}, {CmdStarted, lenAnswer}, {CmdEnded, lenAnswer}, {CmdEndedAgain, lenAnswer},
	{CmdHeartbeat, lenBeat9}, {CmdHeartbeat, lenBeat10},
}

// newGuard allows what the role needs, which for listening is nothing.
func newGuard(w io.Writer, role Role) *guard {
	if role == RoleISU {
		return &guard{w, isuMaySend}
	}
	return &guard{w: w}
}

// Write sends whole, allowed frames, or nothing.
func (g *guard) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n, err := g.check(rest)
		if err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return g.w.Write(p)
}

// check gives the length of the allowed frame that p begins with.
func (g *guard) check(p []byte) (int, error) {
	n, plausible := 0, len(p) >= headLen+tailLen && p[0] == mark0
	if plausible {
		n, plausible = size(p)
	}
	if !plausible || len(p) < n || !whole(p[:n]) {
		return 0, fmt.Errorf("meter send: %w: no whole frame", ErrDenied)
	}
	f := parts(p[:n])
	if f.Device != DeviceTaximeter || f.Vendor != 0 || !slices.Contains(g.allow, layout{f.Command, len(f.Data)}) || !sensible(f) {
		return 0, fmt.Errorf("meter send: frame %s: %w", f.Command, ErrDenied)
	}
	return n, nil
}

// sensible looks into the data: what goes out must be what this package can read.
func sensible(f Frame) bool {
	_, err := Parse(f)
	return err == nil
}
