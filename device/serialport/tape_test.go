package serialport

import (
	"bytes"
	"context"
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
		require.Equal(t, "0 < 0241ff\n1500 > 025a\n", out.String())
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
	require.Equal(t, "0 < 00000000\n", out.String())
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
		got, err := ReadTape(&out)
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

func TestPlayKeepsThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tape, err := ReadTape(strings.NewReader("100 < 01\n150 > ff\n3000 < 0203\n"))
		require.NoError(t, err)
		began := time.Now()
		var at []time.Duration
		var got []byte
		err = Play(t.Context(), tape, writerFunc(func(p []byte) (int, error) {
			at = append(at, time.Since(began))
			got = append(got, p...)
			return len(p), nil
		}))
		require.NoError(t, err)
		require.Equal(t, []time.Duration{100 * time.Millisecond, 3 * time.Second}, at)
		require.Equal(t, []byte{1, 2, 3}, got, "what the computer sent is not played")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, Play(ctx, tape, &bytes.Buffer{}), context.DeadlineExceeded)
	})
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
	chunks, err := ReadTape(&out)
	require.NoError(t, err)
	require.Len(t, chunks, 2)
	require.Equal(t, Out, chunks[0].Dir)
	require.Equal(t, "ask", string(chunks[0].Data))
	require.Equal(t, In, chunks[1].Dir)
	require.Equal(t, "answer", string(chunks[1].Data))
}
