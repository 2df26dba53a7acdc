package metertest

import (
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Piece is a part of what was written, delivered some time after what came before.
type Piece struct {
	After time.Duration
	Data  []byte
	Glued bool // read together with what follows, if that is there in time
}

// Fault is what a line does to a frame that passes over it. It may cut, alter, drop
// or repeat it.
type Fault func(rng *rand.Rand, frame []byte) []Piece

// Line is a serial line in memory, for synctest bubbles.
type Line struct {
	toHost, toMeter *pipe
	cut             chan struct{}
	once            sync.Once
}

// ErrCut is what both ends of a line get after Cut.
var ErrCut = errors.New("cable cut")

// NewLine makes a line that does fromMeter to what the meter sends and fromHost to
// what the driver sends; nil delivers what was written as it is. The directions get
// random numbers of their own, drawn from rng, because two goroutines write.
func NewLine(rng *rand.Rand, fromMeter, fromHost Fault) *Line {
	l := &Line{cut: make(chan struct{})}
	l.toHost = newPipe(l, rng, fromMeter)
	l.toMeter = newPipe(l, rng, fromHost)
	return l
}

// Cut breaks the line for good.
func (l *Line) Cut() { l.once.Do(func() { close(l.cut) }) }

// Host is the driver's end, a meter.Port with a tick of 100 ms.
func (l *Line) Host() io.ReadWriter { return end{l.toHost, l.toMeter, 100 * time.Millisecond} }

// Meter is the meter's end, whose Read waits for bytes.
func (l *Line) Meter() io.ReadWriteCloser { return end{l.toMeter, l.toHost, 0} }

type end struct {
	in, out *pipe
	tick    time.Duration
}

func (e end) Read(p []byte) (int, error)  { return e.in.read(p, e.tick) }
func (e end) Write(p []byte) (int, error) { return e.out.write(p) }
func (e end) Close() error                { e.in.line.Cut(); return nil }

// pipe is one direction of a line.
type pipe struct {
	line  *Line
	fault Fault
	news  chan struct{} // something was written

	mu    sync.Mutex
	rng   *rand.Rand
	queue []delivery
	last  time.Time // nothing overtakes
}

func newPipe(l *Line, rng *rand.Rand, f Fault) *pipe {
	p := &pipe{line: l, fault: f, news: make(chan struct{}, 1)}
	if f != nil {
		p.rng = rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))
	}
	return p
}

type delivery struct {
	at    time.Time
	data  []byte
	glued bool
}

func (p *pipe) write(data []byte) (int, error) {
	select {
	case <-p.line.cut:
		return 0, ErrCut
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pieces := []Piece{{Data: data}}
	if p.fault != nil {
		pieces = p.fault(p.rng, data)
	}
	now := time.Now()
	if p.last.Before(now) {
		p.last = now
	}
	for _, piece := range pieces {
		p.last = p.last.Add(piece.After)
		p.queue = append(p.queue, delivery{p.last, append([]byte(nil), piece.Data...), piece.Glued})
	}
	select {
	case p.news <- struct{}{}:
	default:
	}
	return len(data), nil
}

// read gives one delivery, or part of it, as soon as it is due. With a limit it
// gives (0, nil) when that is over.
func (p *pipe) read(buf []byte, limit time.Duration) (int, error) {
	var over <-chan time.Time
	if limit > 0 {
		t := time.NewTimer(limit)
		defer t.Stop()
		over = t.C
	}
	for {
		n, wait := p.take(buf)
		if n > 0 {
			return n, nil
		}
		select {
		case <-p.line.cut:
			return 0, ErrCut
		case <-over:
			return 0, nil
		case <-p.news:
		case <-wait:
		}
	}
}

// take gives what is due, or a channel that tells when something will be.
func (p *pipe) take(buf []byte) (n int, wait <-chan time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return 0, nil
	}
	if until := time.Until(p.queue[0].at); until > 0 {
		return 0, time.After(until)
	}
	for more := true; more; {
		d := &p.queue[0]
		k := copy(buf[n:], d.data)
		n += k
		if d.data = d.data[k:]; len(d.data) > 0 {
			break
		}
		more = d.glued
		p.queue = p.queue[1:]
		more = more && len(p.queue) > 0 && time.Until(p.queue[0].at) <= 0
	}
	return n, nil
}
