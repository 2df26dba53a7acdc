package jtt905

import (
	"bytes"
	"time"
)

// Decoder finds frames in a stream of bytes. It never allocates, never keeps more than
// one frame's worth of bytes, and gives the same frames however the stream is cut into
// pieces.
//
// It hunts for the start mark, waits for as many bytes as LEN says, and checks XOR and
// end mark. When anything is wrong it drops one byte, not more, since the next good frame
// may begin inside the bad one. Every byte that was used or dropped is overwritten.
type Decoder struct {
	patience time.Duration

	buf  [maxFrame]byte
	n    int
	last time.Time // when the newest byte came

	stats Stats
}

// Stats are counts since the decoder was made.
type Stats struct {
	Bytes     int // all that were fed
	Frames    int // whole frames
	Discarded int // bytes that belong to no frame
}

const (
	minPatience  = 100 * time.Millisecond // operating systems and adapters deliver in lumps
	patienceChar = 20                     // characters
)

// NewDecoder reads a line where a character takes char.
func NewDecoder(char time.Duration) *Decoder {
	return &Decoder{patience: max(minPatience, patienceChar*char)}
}

// Stats gives the counts.
func (d *Decoder) Stats() Stats { return d.stats }

// Feed takes bytes that arrived at now and calls emit for every frame that they
// complete. The frame's data are valid until emit returns; emit must not call the
// decoder.
func (d *Decoder) Feed(p []byte, now time.Time, emit func(Frame)) {
	d.stats.Bytes += len(p)
	d.last = now
	for len(p) > 0 {
		n := copy(d.buf[d.n:], p)
		d.n += n
		p = p[n:]
		d.scan(false, emit)
	}
}

// Idle says that nothing arrived until now, as far as the reader has looked. A frame
// that stopped in the middle is given up, and what came after its first byte is looked
// at again.
func (d *Decoder) Idle(now time.Time, emit func(Frame)) {
	d.scan(now.Sub(d.last) > d.patience, emit)
}

// scan takes from the buffer all that needs no more bytes, or everything if no more are
// to be expected.
func (d *Decoder) scan(over bool, emit func(Frame)) {
	i := 0
	for i < d.n {
		if skip := hunt(d.buf[i:d.n]); skip > 0 {
			i += d.drop(skip)
			continue
		}
		n, plausible := size(d.buf[i:d.n])
		switch {
		case plausible && d.n-i < n:
			if !over {
				d.keep(i)
				return
			}
			i += d.drop(1)
		case plausible && whole(d.buf[i:i+n]):
			d.emit(d.buf[i:i+n], emit)
			i += n
		default:
			i += d.drop(1)
		}
	}
	d.keep(i)
}

// hunt is the number of bytes before the next one that can begin a mark.
func hunt(p []byte) int {
	if n := bytes.IndexByte(p, mark0); n >= 0 {
		return n
	}
	return len(p)
}

func (d *Decoder) emit(p []byte, emit func(Frame)) {
	d.stats.Frames++
	f := parts(p)
	for _, s := range secrets(f.Device, f.Vendor, f.Command, len(f.Data)) {
		clear(f.Data[s.from:s.to])
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
	left := copy(d.buf[:], d.buf[i:d.n])
	clear(d.buf[left:d.n])
	d.n = left
}
