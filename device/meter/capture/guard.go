package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrDenied means that something was about to be sent which the guard does not let
// pass. It is a fault of the program.
var ErrDenied = errors.New("not on the list of what may be sent")

// answers are all that a printer may say: to each request that is known, that it is
// there, has paper and no fault.
var answers = map[string][]byte{
	"\x10\x04\x01": {0x12}, "\x10\x04\x02": {0x12}, "\x10\x04\x03": {0x12}, "\x10\x04\x04": {0x12},
	"\x1dr\x01": {0x00}, "\x1dr\x02": {0x00}, "\x1dr1": {0x00}, "\x1dr2": {0x00},
	"\x1bv": {0x00},
}

// basicStatus answers GS a, which asks for the four bytes whenever they change. They
// never do, so they are sent once.
var basicStatus = []byte{0x10, 0x00, 0x00, 0x00}

// answer is what mode printer says to a request; nil for one that is not known.
func (c Config) answer(request []byte) []byte {
	if a, ok := answers[string(request)]; ok {
		return a
	}
	if len(request) == 3 && request[0] == gs {
		switch n := request[2]; {
		case request[1] == 'I' && (n >= 1 && n <= 3 || n >= '1' && n <= '3'):
			return []byte{c.PrinterID}
		case request[1] == 'a' && n != 0:
			return basicStatus
		}
	}
	return nil
}

// guard is the only way out to the meter. Modes tap and lines send nothing. Mode
// printer sends answers to requests. Mode tee sends what the real printer said.
type guard struct {
	w   io.Writer
	cfg Config
}

// Write sends one whole answer, or nothing.
func (g *guard) Write(p []byte) (int, error) {
	if !g.allowed(p) {
		return 0, fmt.Errorf("meter send: mode %s: %w", g.cfg.Mode, ErrDenied)
	}
	return g.w.Write(p)
}

func (g *guard) allowed(p []byte) bool {
	switch g.cfg.Mode {
	case Tee:
		return true
	case Printer:
		for _, a := range answers {
			if bytes.Equal(a, p) {
				return true
			}
		}
		return bytes.Equal(basicStatus, p) || bytes.Equal([]byte{g.cfg.PrinterID}, p)
	}
	return false
}
