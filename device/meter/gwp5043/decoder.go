package gwp5043

import (
	"bytes"
	"time"
)

// Decoder finds frames in a stream of bytes. It never allocates, never keeps more than one
// frame's worth of bytes, and gives the same frames however the stream is cut into pieces.
//
// It hunts for STX, believes only a command with the length that belongs to it, waits for
// that length and looks for the end in its place. When anything is wrong it drops one
// byte, not more, since the next good frame may begin inside the bad one. Every byte that
// was used or dropped is overwritten.
type Decoder struct {
	char time.Duration

	buf [maxFrame]byte
	at  [maxFrame]time.Duration // arrival of each byte, since start
	n   int

	start time.Time
	stats Stats
}

// Stats are counts since the decoder was made.
type Stats struct {
	Bytes     int // all that were fed
	Frames    int // whole frames
	Discarded int // bytes that belong to no frame
}

// NewDecoder reads a line where a character takes char.
func NewDecoder(char time.Duration) *Decoder { return &Decoder{char: char} }

// Stats gives the counts.
func (d *Decoder) Stats() Stats { return d.stats }

// Feed takes bytes that arrived at now and calls emit for every frame that they complete.
// The frame's data are valid until emit returns; emit must not call the decoder.
func (d *Decoder) Feed(p []byte, now time.Time, emit func(Frame)) {
	at := d.since(now)
	d.stats.Bytes += len(p)
	for len(p) > 0 {
		n := copy(d.buf[d.n:], p)
		for i := d.n; i < d.n+n; i++ {
			d.at[i] = at
		}
		d.n += n
		p = p[n:]
		d.scan(never, emit)
	}
}

// Idle says that nothing arrived until now, as far as the reader has looked. A frame that
// has been incomplete for longer than it can take is given up, and what came after its
// first byte is looked at again.
func (d *Decoder) Idle(now time.Time, emit func(Frame)) {
	d.scan(d.since(now), emit)
}

const (
	minWait = 100 * time.Millisecond  // how long an incomplete frame is waited for at least
	never   = time.Duration(-1 << 62) // a time at which nothing is overdue
)

// scan takes from the buffer all that needs no more bytes.
func (d *Decoder) scan(now time.Duration, emit func(Frame)) {
	i := 0
	for i < d.n {
		if d.buf[i] != stx {
			i += d.drop(hunt(d.buf[i:d.n]))
			continue
		}
		size, ok := plausible(d.buf[i:d.n])
		switch {
		case ok && d.n-i < size:
			if now-d.at[i] <= max(minWait, 3*time.Duration(size)*d.char) {
				d.keep(i)
				return
			}
			i += d.drop(1)
		case ok && ended(d.buf[i:i+size]):
			d.emit(d.buf[i:i+size], emit)
			i += size
		default:
			i += d.drop(1)
		}
	}
	d.keep(i)
}

// hunt is the number of bytes before the next STX.
func hunt(p []byte) int {
	if n := bytes.IndexByte(p, stx); n >= 0 {
		return n
	}
	return len(p)
}

func (d *Decoder) emit(p []byte, emit func(Frame)) {
	d.stats.Frames++
	f := Frame{Command: Command(p[1]), Data: p[headLen : len(p)-2]}
	if len(f.Data) == recordLen {
		clear(f.Data[driverAt : driverAt+driverLen])
	}
	emit(f)
}

func (d *Decoder) drop(n int) int {
	d.stats.Discarded += n
	return n
}

// keep moves what is left from i on to the front and overwrites the rest.
func (d *Decoder) keep(i int) {
	if i == 0 {
		return
	}
	copy(d.at[:], d.at[i:d.n])
	left := copy(d.buf[:], d.buf[i:d.n])
	clear(d.buf[left:d.n])
	d.n = left
}

func (d *Decoder) since(now time.Time) time.Duration {
	if d.start.IsZero() {
		d.start = now
	}
	return now.Sub(d.start)
}
