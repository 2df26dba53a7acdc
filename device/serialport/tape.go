package serialport

import (
	"bufio"
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
// Lines that begin with # are remarks. The first says when the recording began, from
// which the milliseconds count; one file may hold several recordings, one after the
// other:
//
//	# began 2026-03-14T23:51:07.250Z
//
// A recorder may serve one line after the other, and several goroutines.
type Recorder struct {
	mu    sync.Mutex
	w     io.Writer
	mask  Mask
	began time.Time
	named bool // the remark is written
	chunk []byte
	line  []byte
	err   error
}

// beganMark stands before the time in a recording's first line.
const beganMark = "# began "

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
		r.line = r.line[:0]
		if !r.named {
			r.line = append(r.began.UTC().AppendFormat(append(r.line, beganMark...), time.RFC3339Nano), '\n')
			r.named = true
		}
		r.line = strconv.AppendInt(r.line, time.Since(r.began).Milliseconds(), 10)
		r.line = append(r.line, ' ', byte(dir), ' ')
		r.line = hex.AppendEncode(r.line, r.chunk)
		r.line = append(r.line, '\n')
		if _, err := r.w.Write(r.line); err != nil {
			r.err = fmt.Errorf("tape write: %w", err)
		}
	}
}

// Tape is what was recorded.
type Tape struct {
	Began  time.Time // of the first recording; zero if the tape does not say
	Chunks []Chunk
}

// Chunk is one line of a tape.
type Chunk struct {
	At   time.Duration // since the tape began
	Dir  Direction
	Data []byte
}

// Bounds of what ReadTape takes: the length of a line, all bytes together, which is
// a day of a line at 9600 baud that is never silent, and the time.
const (
	maxTapeLine  = 1 << 20
	maxTapeBytes = 64 << 20
	maxTapeTime  = 50 * 365 * 24 * time.Hour
)

// ReadTape reads a whole tape. The error names the first line that is none. Of
// several recordings in one file, each starts when it says that it began, but never
// before the one before it ended, since a car's clock may have been set meanwhile. So
// time on a tape never goes back.
func ReadTape(r io.Reader) (Tape, error) {
	var tape Tape
	var start time.Duration // of the present recording
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxTapeLine)
	for n, bytes := 1, 0; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if began, ok := parseBegan(line); ok {
			start = tape.begin(began)
		}
		if line == "" || line[0] == '#' {
			continue
		}
		c, err := parseChunk(line)
		if err != nil {
			return Tape{}, fmt.Errorf("tape line %d: %w", n, err)
		}
		if bytes += len(c.Data); bytes > maxTapeBytes {
			return Tape{}, fmt.Errorf("tape line %d: more than %d bytes: cut the file", n, maxTapeBytes)
		}
		if c.At += start; c.At < 0 || c.At > maxTapeTime || start > maxTapeTime {
			return Tape{}, fmt.Errorf("tape line %d: more than %d years after the tape began", n, maxTapeTime/(365*24*time.Hour))
		}
		if last := tape.Length(); c.At < last { // a further recording that does not say so
			start += last - c.At
			c.At = last
		}
		tape.Chunks = append(tape.Chunks, c)
	}
	if err := sc.Err(); err != nil {
		return Tape{}, fmt.Errorf("tape: %w", err)
	}
	return tape, nil
}

func parseBegan(line string) (time.Time, bool) {
	text, ok := strings.CutPrefix(line, beganMark)
	if !ok {
		return time.Time{}, false
	}
	began, err := time.Parse(time.RFC3339Nano, text)
	return began, err == nil
}

// begin gives the place on the tape at which a further recording starts.
func (t *Tape) begin(at time.Time) time.Duration {
	if t.Began.IsZero() && len(t.Chunks) == 0 {
		t.Began = at
	}
	if t.Began.IsZero() {
		return t.Length()
	}
	return max(at.Sub(t.Began), t.Length())
}

// Length is the time from the beginning to the last chunk.
func (t Tape) Length() time.Duration {
	if len(t.Chunks) == 0 {
		return 0
	}
	return t.Chunks[len(t.Chunks)-1].At
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
