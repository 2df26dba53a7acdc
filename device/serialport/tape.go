package serialport

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Direction of a chunk of bytes, as written on a tape.
type Direction byte

const (
	In  Direction = '<' // from the device to this computer
	Out Direction = '>' // from this computer to the device
)

// Mask hides what must not be kept, such as card numbers, by overwriting it in
// chunk. It is called for every chunk in order, because what it hides may begin in
// one chunk and end in another.
type Mask func(dir Direction, chunk []byte)

// Recorder writes a tape: one line "t_ms dir hex" for every chunk of bytes that was
// read or written, with the milliseconds since the recording began, e.g.
//
//	15204 < 024101327003
//	15204 > 025a005803
//
// Lines that begin with # are remarks. A recorder may serve one line after the
// other, and several goroutines.
type Recorder struct {
	mu    sync.Mutex
	w     io.Writer
	mask  Mask
	began time.Time
	chunk []byte
	line  []byte
	err   error
}

// NewRecorder starts a tape on w. A nil mask records everything, which is only
// right for protocols that carry no personal data.
func NewRecorder(w io.Writer, mask Mask) *Recorder {
	if mask == nil {
		mask = func(Direction, []byte) {}
	}
	return &Recorder{w: w, mask: mask, began: time.Now()}
}

// Err is the first error of writing the tape, after which nothing more is
// recorded. A full disk must not stop the meter, so Read and Write do not tell it.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *Recorder) write(dir Direction, p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.chunk = append(r.chunk[:0], p...)
	r.mask(dir, r.chunk) // also after an error: the mask follows the stream
	if r.err == nil {
		r.line = strconv.AppendInt(r.line[:0], time.Since(r.began).Milliseconds(), 10)
		r.line = append(r.line, ' ', byte(dir), ' ')
		r.line = hex.AppendEncode(r.line, r.chunk)
		r.line = append(r.line, '\n')
		if _, err := r.w.Write(r.line); err != nil {
			r.err = fmt.Errorf("tape write: %w", err)
		}
	}
}

// Chunk is one line of a tape.
type Chunk struct {
	At   time.Duration // since the recording began
	Dir  Direction
	Data []byte
}

// longest line of a tape that ReadTape takes.
const maxTapeLine = 1 << 20

// ReadTape reads a whole tape. The error names the first line that is none.
func ReadTape(r io.Reader) ([]Chunk, error) {
	var tape []Chunk
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxTapeLine)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		c, err := parseChunk(line)
		if err != nil {
			return nil, fmt.Errorf("tape line %d: %w", n, err)
		}
		tape = append(tape, c)
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("tape read: %w", err)
	}
	return tape, nil
}

func parseChunk(line string) (Chunk, error) {
	f := strings.Fields(line)
	if len(f) != 3 || (f[1] != string(In) && f[1] != string(Out)) {
		return Chunk{}, fmt.Errorf("want milliseconds, < or >, and hex bytes")
	}
	ms, err := strconv.ParseUint(f[0], 10, 40) // 34 years
	if err != nil {
		return Chunk{}, fmt.Errorf("time %q: want milliseconds", f[0])
	}
	data, err := hex.DecodeString(f[2])
	if err != nil {
		return Chunk{}, fmt.Errorf("bytes: %w", err)
	}
	return Chunk{At: time.Duration(ms) * time.Millisecond, Dir: Direction(f[1][0]), Data: data}, nil
}

// Play writes what the device said on the tape to w, at the pace at which it was
// recorded, as if the device stood behind w. It returns when the tape is over, ctx
// ends (with ctx.Err()) or w fails.
func Play(ctx context.Context, tape []Chunk, w io.Writer) error {
	began := time.Now()
	for _, c := range tape {
		if c.Dir != In {
			continue
		}
		wait(ctx, time.Until(began.Add(c.At)))
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := w.Write(c.Data); err != nil {
			return fmt.Errorf("tape play: %w", err)
		}
	}
	return nil
}
