package jtt905

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const char9600 = time.Second * 10 / 9600

// testCertificate is the invented one of the published frames.
const testCertificate = "42108319880906011X"

func unhex(s string) []byte {
	s = strings.NewReplacer(" ", "", "Z16", strings.Repeat("00", 16), "CERT", hex.EncodeToString([]byte(testCertificate))+"00").Replace(s)
	p, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return p
}

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", (s + ":00")[:19])
	if err != nil {
		panic(err)
	}
	return t
}

var noon = at("2026-03-14 12:00")

const (
	endedHex    = "55AA 0046 02 00 00E8 414133333333 Z16 CERT 2307261941 1941 000001 0567 000000 0000 000080 0000000C 00 22 55AA"
	midnightHex = "55AA 0046 02 00 00E8 414231323334 Z16 CERT 2603142351 0009 000074 0031 000010 0003 000468 00001267 00 CD 55AA"
	resentHex   = "55AA 0046 02 00 00F2 414231323334 Z16 CERT 2603142351 0009 000074 0031 000010 0003 000468 00001267 00 D7 55AA"
)

var (
	endedFrame = unhex(endedHex)

	tripEnded = Trip{Plate: "AA3333", Boarded: at("2023-07-26 19:41"), Alighted: at("2023-07-26 19:41"),
		Distance: 1, Empty: 567, Amount: 800, Number: 12}
	tripMidnight = Trip{Plate: "AB1234", Boarded: at("2026-03-14 23:51"), Alighted: at("2026-03-15 00:09"),
		Distance: 74, Empty: 31, Surcharge: 100, Waiting: 3 * time.Minute, Amount: 4680, Number: 4711}
)

func (t Trip) but(change func(*Trip)) Trip { change(&t); return t }

// golden are frames whose bytes are known from outside this package.
var golden = []struct {
	name  string
	bytes []byte
	want  Message
}{
	{"status request", unhex("55AA 000B 02 00 0000 20111111111111 29 55AA"), StatusRequest{at("2011-11-11 11:11:11")}},
	{"trip ended", endedFrame, Ended{Trip: tripEnded}},
	{"trip ended the next day", unhex("55AA 0046 02 00 00E8 414133333333 Z16 CERT 2308012001 0859 011098 2597 000000 0000 025953 0000000F 00 A9 55AA"),
		Ended{Trip: Trip{Plate: "AA3333", Boarded: at("2023-08-01 20:01"), Alighted: at("2023-08-02 08:59"), Distance: 11098, Empty: 2597, Amount: 259530, Number: 15}}},
	{"trip over midnight", unhex(midnightHex), Ended{Trip: tripMidnight}},
	{"the same, resent", unhex(resentHex), Ended{Trip: tripMidnight, Resent: true}},
	{"a mark in the data", unhex("55AA 0046 02 00 00E8 414133333333 Z16 CERT 2307261941 1941 000001 0567 000000 0000 000080 000055AA 00 D1 55AA"),
		Ended{Trip: tripEnded.but(func(t *Trip) { t.Number = 0x55AA })}},
	{"trip started", unhex("55AA 000B 02 00 00E7 20230726194100 94 55AA"), Started{at("2023-07-26 19:41:00")}},
	{"answer to E7", unhex("55AA 0005 02 00 00E7 90 70 55AA"), Answer{CmdStarted, true}},
	{"error to E7", unhex("55AA 0005 02 00 00E7 FF 1F 55AA"), Answer{CmdStarted, false}},
	{"answer to E8", unhex("55AA 0005 02 00 00E8 90 7F 55AA"), Answer{CmdEnded, true}},
	{"error to E8", unhex("55AA 0005 02 00 00E8 FF 10 55AA"), Answer{CmdEnded, false}},
	{"answer to F2", unhex("55AA 0005 02 00 00F2 90 65 55AA"), Answer{CmdEndedAgain, true}},
	{"heartbeat, hired", unhex("55AA 0028 02 00 00E9 03 Z16 CERT A3 55AA"), Heartbeat{Flags: Flags{Hired: true, Operating: true}}},
	{"heartbeat, vacant", unhex("55AA 0028 02 00 00E9 02 Z16 CERT A2 55AA"), Heartbeat{Flags: Flags{Operating: true}}},
	{"answer to a heartbeat", unhex("55AA 000E 02 00 00E9 0000 2099123123 99 0000 C5 55AA"), HeartbeatAnswer{Until: noTimeLimit, Count: 99}},
	{"history request, XOR 00", unhex("55AA 0008 02 00 0006 0000000C 00 55AA"), HistoryRequest{12}},
}

// found is what a decoder gave: frames with data of their own.
type found struct {
	frames []Frame
	stats  Stats
}

func (f *found) take(fr Frame) {
	fr.Data = bytes.Clone(fr.Data)
	f.frames = append(f.frames, fr)
}

func decode(p []byte) found {
	d := NewDecoder(char9600)
	var f found
	d.Feed(p, noon, f.take)
	f.stats = d.Stats()
	return f
}

// certified gives the message as it was sent: the parser has destroyed the certificate.
func certified(m Message) Message {
	switch m := m.(type) {
	case Ended:
		m.Certificate = testCertificate
		return m
	case Heartbeat:
		m.Certificate = testCertificate
		return m
	case History:
		if m.Trip != nil {
			m.Trip = new(m.Trip.but(func(t *Trip) { t.Certificate = testCertificate }))
		}
		return m
	case Status:
		m.Certificate = testCertificate
		return m
	case SignAnswer:
		m.Certificate = testCertificate
		return m
	case ShiftTotals:
		m.Certificate = testCertificate
		return m
	}
	return m
}

func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			f := decode(g.bytes)
			require.Len(t, f.frames, 1)
			require.Zero(t, f.stats.Discarded)
			got, err := Parse(f.frames[0])
			require.NoError(t, err)
			require.Equal(t, g.want, got)
			again, err := Encode(certified(g.want))
			require.NoError(t, err)
			require.Equal(t, g.bytes, again)
		})
	}
}

// XOR sees every single-bit error: no frame with one may be accepted as it stands.
func TestSingleBitFlipsAreRejected(t *testing.T) {
	t.Parallel()
	for _, g := range golden {
		for i := range g.bytes {
			for bit := range 8 {
				p := bytes.Clone(g.bytes)
				p[i] ^= 1 << bit
				require.Empty(t, decode(p).frames, "%s: byte %d, bit %d: %x", g.name, i, bit, p)
			}
		}
	}
}

// Two marks stand back to back between frames: an end is never taken for a start.
func TestBackToBack(t *testing.T) {
	t.Parallel()
	var p []byte
	for _, g := range golden {
		p = append(p, g.bytes...)
	}
	f := decode(p)
	require.Len(t, f.frames, len(golden))
	require.Zero(t, f.stats.Discarded)
	f = decode(append(unhex("55AA"), p...)) // the end of a frame that was not heard
	require.Len(t, f.frames, len(golden))
	require.Equal(t, 2, f.stats.Discarded)
}

func TestResyncStream(t *testing.T) {
	t.Parallel()
	bad := bytes.Clone(endedFrame)
	bad[60] ^= 1
	p := append(unhex("FF 00 55"), bad...)
	p = append(p, unhex(midnightHex)[:40]...) // cut short
	p = append(p, endedFrame...)
	p = append(p, unhex("55AA 0005 02 00 00E7 90 70 55AA")...)
	f := decode(p)
	require.Len(t, f.frames, 2)
	require.Equal(t, Stats{Bytes: len(p), Frames: 2, Discarded: 3 + 77 + 40}, f.stats)
}
