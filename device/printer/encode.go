package printer

import (
	"errors"
	"fmt"
)

// Document is one job: lines, then a code if there is one.
type Document struct {
	Lines []Line
	Code  Modules // nil for none
}

// Line is one line of text. Width is the printer's affair: what is too long goes on
// in the next line.
type Line struct {
	Text    string
	Bold    bool
	Big     bool // twice as high and as wide
	Centred bool
}

// Modules are the black and white squares of a code, without its quiet zone.
type Modules interface {
	Size() int          // modules of a side
	Dark(x, y int) bool // column and row, from the top left
}

// Limits of a document.
const (
	maxLines = 600
	maxText  = 400 // bytes of a line
	maxSize  = 177 // modules: the largest QR symbol
)

// Limits of a row of dots.
const (
	minDots = 128
	maxDots = 1280
)

// ErrTooLong means that a document is longer than any receipt.
var ErrTooLong = errors.New("printer document: too long, print it in parts")

// ErrCodeTooWide means that the code does not fit on the paper.
var ErrCodeTooWide = errors.New("printer document: the code is wider than the paper")

// The commands (Epson's ESC/POS, in nearly every printer).
const (
	reset     = "\x1b@"      // ESC @
	western   = "\x1c."      // FS . : characters of one byte, not Chinese ones of two
	usa       = "\x1bR\x00"  // ESC R 0 : # $ @ [ ] mean themselves
	table     = "\x1bt"      // ESC t n : code page
	align     = "\x1ba"      // ESC a n : 0 left, 1 centre
	bold      = "\x1bE"      // ESC E n
	size      = "\x1d!"      // GS ! n : 0x11 is double both ways
	rasterise = "\x1dv0\x00" // GS v 0 m xL xH yL yH data
	feed      = "\x1bd\x05"  // ESC d n : as far as the edge to tear at
	cut       = "\x1dVB\x00" // GS V 66 n : feed to the cutter, cut all but a point
	doubled   = 0x11
)

// Encode is what a printer has to be sent for a document. Of the configuration it
// reads Page, Dots and Cut, which must be as New leaves them.
func Encode(d Document, cfg Config) ([]byte, error) {
	if len(d.Lines) > maxLines {
		return nil, fmt.Errorf("%w: %d lines, at most %d", ErrTooLong, len(d.Lines), maxLines)
	}
	page := pages[cfg.Page]
	e := encoder{out: []byte(reset + western + usa + table)}
	e.out = append(e.out, page.number)
	for _, l := range d.Lines {
		if len(l.Text) > maxText {
			return nil, fmt.Errorf("%w: a line of %d bytes, at most %d", ErrTooLong, len(l.Text), maxText)
		}
		e.line(l, page)
	}
	e.style(Line{})
	if d.Code != nil {
		if err := e.code(d.Code, cfg.Dots); err != nil {
			return nil, err
		}
	}
	if cfg.Cut {
		return append(e.out, cut...), nil
	}
	return append(e.out, feed...), nil
}

// encoder writes a job and remembers how the printer is set.
type encoder struct {
	out []byte
	now Line // its Text is not used
}

func (e *encoder) line(l Line, p page) {
	e.style(l)
	e.out = append(p.append(e.out, l.Text), '\n')
}

// style sets what is different from before.
func (e *encoder) style(l Line) {
	e.set(align, e.now.Centred, l.Centred, 1)
	e.set(bold, e.now.Bold, l.Bold, 1)
	e.set(size, e.now.Big, l.Big, doubled)
	e.now = l
}

func (e *encoder) set(command string, was, is bool, on byte) {
	if was == is {
		return
	}
	if !is {
		on = 0
	}
	e.out = append(append(e.out, command...), on)
}
