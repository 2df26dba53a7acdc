package serialport

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Player is a tape in the place of a line: a driver's port from which it reads what
// the device said, in the pieces in which it came. What is written to it goes
// nowhere, since what the device answered is on the tape.
//
// Time is the tape's own. A driver that asks its port for the time (Now) is played to
// as fast as it can read, and finds as much time passed between two bytes as when they
// were recorded. For any other the tape runs at the pace of the recording.
type Player struct {
	// RealTime keeps the pace of the recording for every driver.
	RealTime bool

	ctx   context.Context
	rest  []Chunk
	char  time.Duration
	start time.Time     // of the tape
	at    time.Duration // place on the tape
	end   time.Duration
	last  time.Duration // where the last bytes were
	asked bool          // for the time
	began time.Time     // the first read, by the clock of this computer
}

// runOut is for how long a player goes on after the last byte, for drivers that wait for
// a silence: longer than that which ends a print.
const runOut = 3 * time.Second

// dull is after how long a silence the rest of it is skipped where the tape is not
// played in real time: years, if the clock was set between two recordings.
const dull = time.Hour

// NewPlayer plays a tape of a line. Its reads end with ctx. A tape that does not say
// when it began begins now.
func NewPlayer(ctx context.Context, tape Tape, line Line) *Player {
	p := &Player{ctx: ctx, char: line.CharTime(), start: tape.Began, end: tape.Length() + runOut}
	if p.start.IsZero() {
		p.start = time.Now().Round(0).Add(-tape.Length())
	}
	for _, c := range tape.Chunks {
		if c.Dir == In && len(c.Data) > 0 {
			p.rest = append(p.rest, c)
		}
	}
	return p
}

// Now is the time at the present place on the tape.
func (p *Player) Now() time.Time {
	p.asked = true
	return p.At()
}

// At is Now for an onlooker: it does not make the tape run faster.
func (p *Player) At() time.Time { return p.start.Add(p.at) }

// CharTime is how long one character takes on the line that was recorded.
func (p *Player) CharTime() time.Duration { return p.char }

// Read gives the next bytes, or (0, nil) after a tick without any, as a line does.
// Behind the end of the tape it gives io.EOF.
func (p *Player) Read(buf []byte) (int, error) {
	if p.began.IsZero() {
		p.began = time.Now()
	}
	if p.at >= p.end {
		return 0, fmt.Errorf("tape play: %w", io.EOF)
	}
	next := p.next()
	if p.paced() {
		wait(p.ctx, time.Until(p.began.Add(next)))
	}
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	p.at = next
	if len(p.rest) == 0 || p.rest[0].At > p.at {
		return 0, nil
	}
	p.last = p.at
	n := copy(buf, p.rest[0].Data)
	if p.rest[0].Data = p.rest[0].Data[n:]; len(p.rest[0].Data) == 0 {
		p.rest = p.rest[1:]
	}
	return n, nil
}

func (p *Player) paced() bool { return p.RealTime || !p.asked }

// next is the place on the tape that the next read ends at.
func (p *Player) next() time.Duration {
	if len(p.rest) == 0 {
		return min(p.at+tick, p.end)
	}
	bytes := p.rest[0].At
	if step := bytes - tick; !p.paced() && p.at-p.last >= dull && step > p.at {
		return step
	}
	return min(p.at+tick, bytes)
}

// Write takes everything and does nothing with it.
func (p *Player) Write(buf []byte) (int, error) { return len(buf), nil }
