package serialport

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.bug.st/serial"
)

// Parity is the letter that stands between data and stop bits in "8N1".
type Parity byte

const (
	NoParity    Parity = 'N'
	EvenParity  Parity = 'E'
	OddParity   Parity = 'O'
	MarkParity  Parity = 'M'
	SpaceParity Parity = 'S'
)

// Line is the speed and the character format of a serial line.
type Line struct {
	Baud     int // bits a second
	DataBits int // 5 to 8
	Parity   Parity
	StopBits int // 1 or 2
}

// Speeds outside these bounds are typing errors.
const minBaud, maxBaud = 50, 4_000_000

// ParseLine reads the usual notation, e.g. "9600 8N1" or "2400 7e2".
func ParseLine(s string) (Line, error) {
	bad := fmt.Errorf("line %q: want speed and format such as 9600 8N1", s)
	f := strings.Fields(s)
	if len(f) != 2 || len(f[1]) != 3 {
		return Line{}, bad
	}
	baud, err := strconv.Atoi(f[0])
	if err != nil {
		return Line{}, bad
	}
	format := strings.ToUpper(f[1])
	l := Line{Baud: baud, DataBits: int(format[0] - '0'), Parity: Parity(format[1]), StopBits: int(format[2] - '0')}
	if err := l.Validate(); err != nil {
		return Line{}, fmt.Errorf("line %q: %w", s, err)
	}
	return l, nil
}

// Validate says what no serial port could be set to.
func (l Line) Validate() error {
	switch {
	case l.Baud < minBaud || l.Baud > maxBaud:
		return fmt.Errorf("speed %d: want %d to %d", l.Baud, minBaud, maxBaud)
	case l.DataBits < 5 || l.DataBits > 8:
		return fmt.Errorf("data bits: want 5 to 8")
	case strings.IndexByte("NEOMS", byte(l.Parity)) < 0:
		return fmt.Errorf("parity: want N, E, O, M or S")
	case l.StopBits != 1 && l.StopBits != 2:
		return fmt.Errorf("stop bits: want 1 or 2")
	}
	return nil
}

func (l Line) String() string {
	return fmt.Sprintf("%d %d%c%d", l.Baud, l.DataBits, l.Parity, l.StopBits)
}

// CharTime is how long one character takes on the wire, start and stop bits included.
func (l Line) CharTime() time.Duration {
	bits := 1 + l.DataBits + l.StopBits
	if l.Parity != NoParity {
		bits++
	}
	return time.Duration(bits) * time.Second / time.Duration(l.Baud)
}

// mode is the line as the serial library wants it. InitialStatusBits stays nil: it
// could not keep DTR low anyway, because the kernel raises it at open.
func (l Line) mode() *serial.Mode {
	m := &serial.Mode{BaudRate: l.Baud, DataBits: l.DataBits}
	switch l.Parity {
	case EvenParity:
		m.Parity = serial.EvenParity
	case OddParity:
		m.Parity = serial.OddParity
	case MarkParity:
		m.Parity = serial.MarkParity
	case SpaceParity:
		m.Parity = serial.SpaceParity
	}
	if l.StopBits == 2 {
		m.StopBits = serial.TwoStopBits
	}
	return m
}
