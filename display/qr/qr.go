// Package qr turns the text of a code into the black and white modules of a QR
// symbol (ISO/IEC 18004) and draws them: as one SVG path for browsers, as a
// paletted image for screens without one.
//
// The modules come from skip2/go-qrcode. Everything that decides whether a phone
// can read them from a screen in a car is here:
//
//   - a quiet zone of four modules of white on every side, drawn with the symbol,
//     because a dark screen right up to the finder patterns cannot be read;
//   - whole units a module, so that no module is wider than its neighbour;
//   - the smallest symbol that holds the text, and within it the most error
//     correction, which costs nothing at that size and forgives a fingerprint.
//
// The same text always gives the same symbol. Nothing here logs or quotes the
// text: whoever can read it can pay with it.
package qr

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/skip2/go-qrcode"
)

// QuietZone is the white margin on every side in modules (ISO/IEC 18004, 9.1).
const QuietZone = 4

// MaxText is the longest text in bytes: what a version 20 symbol holds. With its
// quiet zone that is 105 modules, still four pixels each on a screen of 480 lines;
// anything denser is not scanned at arm's length.
const MaxText = 858

// Reasons why a text has no symbol.
var (
	ErrEmpty   = errors.New("encode qr: text is empty")
	ErrTooLong = fmt.Errorf("encode qr: text is longer than %d bytes", MaxText)
	ErrNotUTF8 = errors.New("encode qr: text is not valid UTF-8")
)

// Code is one symbol. It is immutable.
type Code struct {
	dark    [][]bool // [row][column], without quiet zone
	version int
	level   Level
}

// Level is the share of a symbol that may be unreadable.
type Level string

// The four levels of ISO/IEC 18004, 7.5.1.
const (
	L Level = "L" // about 7 %
	M Level = "M" // about 15 %
	Q Level = "Q" // about 25 %
	H Level = "H" // about 30 %
)

// levels maps ours to the library's, weakest first.
var levels = []struct {
	ours   Level
	theirs qrcode.RecoveryLevel
}{{L, qrcode.Low}, {M, qrcode.Medium}, {Q, qrcode.High}, {H, qrcode.Highest}}

// Encode makes the smallest symbol for a text of 1 to MaxText bytes of UTF-8,
// with the highest level that fits into it.
func Encode(text string) (*Code, error) {
	switch {
	case text == "":
		return nil, ErrEmpty
	case len(text) > MaxText:
		return nil, ErrTooLong
	case !utf8.ValidString(text):
		return nil, ErrNotUTF8
	}
	best, level, err := smallest(text)
	if err != nil {
		return nil, err
	}
	best.DisableBorder = true
	return &Code{dark: best.Bitmap(), version: best.VersionNumber, level: level}, nil
}

// smallest tries the levels upwards until the symbol would grow.
func smallest(text string) (*qrcode.QRCode, Level, error) {
	var best *qrcode.QRCode
	var level Level
	for _, l := range levels {
		symbol, err := qrcode.New(text, l.theirs)
		if best != nil && (err != nil || symbol.VersionNumber > best.VersionNumber) {
			break
		}
		if err != nil {
			return nil, "", ErrTooLong
		}
		best, level = symbol, l.ours
	}
	return best, level, nil
}

// Size is the number of modules of a side without the quiet zone: 21, 25, ... 97.
func (c *Code) Size() int { return len(c.dark) }

// Span is the number of modules of a side with the quiet zone, which is what has
// to fit on the screen.
func (c *Code) Span() int { return len(c.dark) + 2*QuietZone }

// Version is the size class of the symbol, 1 to 20.
func (c *Code) Version() int { return c.version }

// Level is the error correction of the symbol.
func (c *Code) Level() Level { return c.level }

// Dark says whether the module at column x, row y is dark, counted from the top
// left corner of the symbol. Everything outside is the quiet zone and light.
func (c *Code) Dark(x, y int) bool {
	return y >= 0 && y < len(c.dark) && x >= 0 && x < len(c.dark[y]) && c.dark[y][x]
}
