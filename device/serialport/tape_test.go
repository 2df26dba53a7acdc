package serialport

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTapeFormat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		r := NewRecorder(&out, nil)
		r.write(In, []byte{0x02, 0x41, 0xFF})
		time.Sleep(1500 * time.Millisecond)
		r.write(Out, []byte{0x02, 0x5A})
		require.NoError(t, r.Err())
		require.Equal(t, "# began 2000-01-01T00:00:00Z\n0 < 0241ff\n1500 > 025a\n", out.String())
	})
}

func TestTapeIsMasked(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	chunk := []byte("4711")
	r := NewRecorder(&out, func(dir Direction, p []byte) {
		require.Equal(t, In, dir)
		clear(p)
	})
	r.write(In, chunk)
	require.Regexp(t, `(?m)^0 < 00000000$`, out.String())
	require.Equal(t, "4711", string(chunk), "the session's bytes stay as they are")
}

func TestTapeErrorStopsTheTapeOnly(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	masked := 0
	r := NewRecorder(writerFunc(func([]byte) (int, error) { return 0, full }), func(Direction, []byte) { masked++ })
	r.write(In, []byte{1})
	r.write(In, []byte{2})
	require.ErrorIs(t, r.Err(), full)
	require.Equal(t, 2, masked, "the mask sees the whole stream")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestReadTapeRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"x < 00", "-1 < 00", "1 <", "1 = 00", "1 < 0", "1 < zz", "1 < 00 00", "1 <> 00", strings.Repeat("9", 40) + " < 00"} {
		_, err := ReadTape(strings.NewReader("# remark\n\n0 < 01\n" + line))
		require.ErrorContains(t, err, "tape line 4", line)
	}
}

func TestTapeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var out bytes.Buffer
		r := NewRecorder(&out, nil)
		want := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Chunk {
			return Chunk{
				Dir:  rapid.SampledFrom([]Direction{In, Out}).Draw(t, "dir"),
				Data: rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "data"),
			}
		})).Draw(t, "chunks")
		for _, c := range want {
			r.write(c.Dir, c.Data)
		}
		tape, err := ReadTape(&out)
		got := tape.Chunks
		if err != nil || len(got) != len(want) {
			t.Fatalf("read %d of %d chunks: %v", len(got), len(want), err)
		}
		for i := range want {
			if got[i].Dir != want[i].Dir || !bytes.Equal(got[i].Data, want[i].Data) {
				t.Fatalf("chunk %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}

func TestATapeHoldsSeveralRecordings(t *testing.T) {
	t.Parallel()
	at := func(s string) Tape {
		tape, err := ReadTape(strings.NewReader(s))
		require.NoError(t, err)
		return tape
	}
	tape := at("# taxiterm\n# began 2026-03-14T23:51:00Z\n100 < 01\n2000 > 02\n# began 2026-03-14T23:52:00.5Z\n0 < 03\n30 < 04\n")
	require.Equal(t, time.Date(2026, 3, 14, 23, 51, 0, 0, time.UTC), tape.Began)
	require.Equal(t, []Chunk{
		{100 * time.Millisecond, In, []byte{1}}, {2 * time.Second, Out, []byte{2}},
		{60500 * time.Millisecond, In, []byte{3}}, {60530 * time.Millisecond, In, []byte{4}},
	}, tape.Chunks)
	require.Equal(t, 60530*time.Millisecond, tape.Length())

	tape = at("# began 2026-03-14T23:51:00Z\n5000 < 01\n# began 1970-01-01T00:00:07Z\n10 < 02\n")
	require.Equal(t, 5010*time.Millisecond, tape.Chunks[1].At, "the clock was lost meanwhile")
	tape = at("5000 < 01\n# began 2026-03-14T23:51:00Z\n10 < 02\n# began yesterday\n20 < 03\n")
	require.True(t, tape.Began.IsZero(), "the first recording does not say")
	require.Equal(t, 5010*time.Millisecond, tape.Chunks[1].At)
	tape = at("5000 < 01\n100 < 02\n400 < 03\n")
	require.Equal(t, []time.Duration{5 * time.Second, 5 * time.Second, 5300 * time.Millisecond},
		[]time.Duration{tape.Chunks[0].At, tape.Chunks[1].At, tape.Chunks[2].At}, "nobody said that another began")
	empty := at("# nothing\n")
	require.Zero(t, empty.Length())

	_, err := ReadTape(strings.NewReader("# began 1800-01-01T00:00:00Z\n0 < 01\n# began 2026-01-01T00:00:00Z\n0 < 02\n"))
	require.ErrorContains(t, err, "tape line 4: more than 50 years")
}

func TestPortRecordsBothDirections(t *testing.T) {
	t.Parallel()
	cable, device := plugged(t)
	var out bytes.Buffer
	line, err := ParseLine("9600 8N1")
	require.NoError(t, err)
	tape := NewRecorder(&out, nil)
	port, err := open(Config{Path: cable.Link(), Line: line, Tape: tape, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, port.close()) }()
	_, err = port.Write([]byte("ask"))
	require.NoError(t, err)
	_, err = device.Write([]byte("answer"))
	require.NoError(t, err)
	buf := make([]byte, 64)
	for n := 0; n == 0; {
		n, err = port.Read(buf)
		require.NoError(t, err)
	}
	recorded, err := ReadTape(&out)
	require.NoError(t, err)
	chunks := recorded.Chunks
	require.Len(t, chunks, 2)
	require.Equal(t, Out, chunks[0].Dir)
	require.Equal(t, "ask", string(chunks[0].Data))
	require.Equal(t, In, chunks[1].Dir)
	require.Equal(t, "answer", string(chunks[1].Data))
}

func FuzzReadTape(f *testing.F) {
	f.Add("# began 2026-03-14T23:51:00Z\n100 < 0102\n2000 > 02\n# began 1970-01-01T00:00:00Z\n0 < 03\n")
	f.Add("5000 < 01\n100 < 02\n")
	f.Fuzz(func(t *testing.T, text string) {
		tape, err := ReadTape(strings.NewReader(text))
		if err != nil {
			return
		}
		last := time.Duration(0)
		for _, c := range tape.Chunks {
			require.GreaterOrEqual(t, c.At, last)
			require.LessOrEqual(t, c.At, maxTapeTime)
			last = c.At
		}
	})
}
