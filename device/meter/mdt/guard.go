package mdt

import (
	"errors"
	"fmt"
	"io"
)

// ErrDenied means that something was about to be sent which the guard does not let
// pass. It is a fault of the program.
var ErrDenied = errors.New("not on the list of frames that may be sent")

// guard is the only way out to the meter. It takes apart what it is given, frame by
// frame, and passes it on only if all of it is allowed.
type guard struct {
	w     io.Writer
	allow []ID
}

// newGuard allows what cfg needs, which for a tap is nothing.
func newGuard(w io.Writer, cfg Config) *guard {
	g := &guard{w: w}
	if cfg.Silent {
		return g
	}
	g.allow = []ID{IDAck, IDTripRequest, IDStatusRequest}
	if cfg.RunningFare {
		g.allow = append(g.allow, IDConfiguration)
	}
	return g
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
	if len(p) < overhead || p[0] != stx || len(p) < int(p[2])+overhead || !whole(p[:int(p[2])+overhead]) {
		return 0, fmt.Errorf("meter send: %w: no whole frame", ErrDenied)
	}
	id, n := ID(p[1]), int(p[2])
	for _, a := range g.allow {
		if a == id && harmless(id, p[headLen:headLen+n]) {
			return n + overhead, nil
		}
	}
	return 0, fmt.Errorf("meter send: frame %s: %w", id, ErrDenied)
}

// harmless looks at the data of the frames that are allowed: all are empty but the
// configuration, which must leave the first switch off. With validation on, a meter
// may refuse to run without its host.
func harmless(id ID, data []byte) bool {
	if id != IDConfiguration {
		return len(data) == 0
	}
	return len(data) == 3 && data[0] == '0'
}
