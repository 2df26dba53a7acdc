package mdt

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const char9600 = time.Second * 10 / 9600

func unhex(s string) []byte {
	p, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return p
}

// ascii makes a frame's bytes from a head, text and a tail.
func ascii(head, text, tail string) []byte {
	return append(append(unhex(head), text...), unhex(tail)...)
}

var tripFrame = unhex("02 4B 24 30 30 30 30 31 38 34 30 30 30 30 30 30 30 30 30 30 32 35 30 30 30 30 30 32 30 39 30 30 30 30 30 30 30 36 32 68 03")

// golden are frames whose bytes are known from outside this package.
var golden = []struct {
	name  string
	side  Side
	bytes []byte
	want  Message
}{
	{"hired", FromMeter, unhex("02 41 01 31 73 03"), StateChange{State: TimeOn}},
	{"vacant", FromMeter, unhex("02 41 01 30 72 03"), StateChange{State: Vacant}},
	{"time off", FromMeter, unhex("02 41 01 32 70 03"), StateChange{State: TimeOff}},
	{"payment", FromMeter, unhex("02 41 01 33 71 03"), StateChange{State: Payment}},
	{"ACK from the meter", FromMeter, unhex("02 5A 00 58 03"), Ack{}},
	{"ACK from the host", FromHost, unhex("02 5A 00 58 03"), Ack{}},
	{"unsupported from the meter", FromMeter, unhex("02 59 00 5B 03"), Unsupported{}},
	{"unsupported from the host", FromHost, unhex("02 59 00 5B 03"), Unsupported{}},
	{"request trip data", FromHost, unhex("02 44 00 46 03"), TripRequest{}},
	{"request status", FromHost, unhex("02 49 00 4B 03"), StatusRequest{}},
	{"status: hired, no failure, enabled", FromMeter, unhex("02 4A 03 31 30 31 7B 03"), MeterStatus{State: TimeOn, Enabled: true}},
	{"configuration: all on", FromHost, unhex("02 67 03 31 31 31 57 03"), Configuration{Validation: true, RunningFare: true, Ping: true}},
	{"configuration: running fare", FromHost, unhex("02 67 03 30 31 30 57 03"), Configuration{RunningFare: true}},
	{"configuration: running fare and ping", FromHost, unhex("02 67 03 30 31 31 56 03"), Configuration{RunningFare: true, Ping: true}},
	{"running fare", FromMeter, unhex("02 68 10 30 30 30 30 31 38 34 30 30 30 30 30 30 32 35 30 70 03"), RunningFare{Fare: 1840, Extras: 250}},
	{"long form: hired", FromMeter, unhex("02 41 0B 31 31 30 30 33 35 30 30 30 30 30 7E 03"),
		StateChange{State: TimeOn, Display: &Display{Rate: '1', Fare: 350}}},
	{"long form: time off", FromMeter, unhex("02 41 0B 32 31 30 31 38 34 30 30 32 35 30 71 03"),
		StateChange{State: TimeOff, Display: &Display{Rate: '1', Fare: 1840, Extras: 250}}},
	{"trip data", FromMeter, tripFrame, TripData{Fare: 1840, Extras: 250, NetTotal: 2090, Distance: 62}},
	{"trip data, TLC form, BCC 00", FromMeter,
		unhex("02 26 28 30 30 30 30 31 38 34 30 30 30 30 30 30 30 30 30 30 32 35 30 30 30 35 30 30 30 30 30 32 31 34 30 30 30 30 30 30 30 36 32 00 03"),
		TripData{TLC: true, Fare: 1840, Extras: 250, MTATax: 50, NetTotal: 2140, Distance: 62}},
	{"statistics", FromMeter, ascii("02 4F 3D 31", "000012345000000025000000000000000004567800000234560000001234", "4D 03"),
		Statistics{Unit: '1', Fare: 123450, Extras: 2500, TotalDistance: 45678, PaidDistance: 23456, Trips: 1234}},
	{"failure: printer", FromMeter, unhex("02 42 01 34 75 03"), Failure{Code: 4}},
	{"not busy", FromMeter, unhex("02 4C 01 31 7E 03"), Busy{}},
	{"ping", FromMeter, unhex("02 70 00 72 03"), Ping{}},
}

// found is what a decoder gave: frames with data of their own.
type found struct {
	frames []Frame
	stats  Stats
}

func decode(side Side, p []byte) found {
	d := NewDecoder(side, char9600)
	var f found
	d.Feed(p, time.Now(), f.take)
	f.stats = d.Stats()
	return f
}

func (f *found) take(fr Frame) {
	fr.Data = bytes.Clone(fr.Data)
	f.frames = append(f.frames, fr)
}

func TestGoldenFrames(t *testing.T) {
	t.Parallel()
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			f := decode(g.side, g.bytes)
			require.Len(t, f.frames, 1)
			require.Zero(t, f.stats.Discarded)
			got, err := Parse(f.frames[0], g.side)
			require.NoError(t, err)
			require.Equal(t, g.want, got)
			again, err := Encode(g.want)
			require.NoError(t, err)
			require.Equal(t, g.bytes, again)
		})
	}
}

func TestDamagedFrameIsRejected(t *testing.T) {
	t.Parallel()
	f := decode(FromMeter, unhex("02 41 01 32 71 03"))
	require.Empty(t, f.frames)
	require.Equal(t, 6, f.stats.Discarded)
}

func TestResyncStream(t *testing.T) {
	t.Parallel()
	stream := append(unhex("FF 00 02 41 01 31 73 03 02 41 01 32 71 03 02 68 10 30 30 30 30 02 41 01 32 70 03"), tripFrame...)
	f := decode(FromMeter, stream)
	var got []Message
	for _, fr := range f.frames {
		m, err := Parse(fr, FromMeter)
		require.NoError(t, err)
		got = append(got, m)
	}
	require.Equal(t, []Message{
		StateChange{State: TimeOn},
		StateChange{State: TimeOff},
		TripData{Fare: 1840, Extras: 250, NetTotal: 2090, Distance: 62},
	}, got)
	require.Equal(t, Stats{Bytes: len(stream), Frames: 3, Discarded: 15}, f.stats)
}

// XOR sees every single-bit error: no frame with one may be accepted as it stands.
func TestSingleBitFlipsAreRejected(t *testing.T) {
	t.Parallel()
	for _, g := range golden {
		for i := range g.bytes {
			for bit := range 8 {
				p := bytes.Clone(g.bytes)
				p[i] ^= 1 << bit
				f := decode(g.side, p)
				require.Empty(t, f.frames, "%s: byte %d, bit %d: %x", g.name, i, bit, p)
			}
		}
	}
}

// message draws any message that side can send.
func message(side Side) *rapid.Generator[Message] {
	return rapid.Custom(func(t *rapid.T) Message {
		amount := func(digits int) *rapid.Generator[int64] {
			most := int64(1)
			for range digits {
				most *= 10
			}
			return rapid.Int64Range(0, most-1)
		}
		minor := func(name string, digits int) moneyMinor { return moneyMinor(amount(digits).Draw(t, name)) }
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		if side == FromHost {
			return rapid.SampledFrom([]Message{TripRequest{}, PrinterRequest{}, StatusRequest{}, StatisticsRequest{}, RateRequest{}, Ack{}, Unsupported{},
				Configuration{flag("validation"), flag("fare"), flag("ping")}}).Draw(t, "message")
		}
		state := State(rapid.SampledFrom([]byte("0123")).Draw(t, "state"))
		failure := rapid.ByteRange(0, 9).Draw(t, "failure")
		letter := rapid.Byte().Draw(t, "letter")
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0:
			return StateChange{State: state}
		case 1:
			return StateChange{State: state, Display: &Display{letter, minor("fare", 5), minor("extras", 4)}}
		case 2:
			return Failure{failure}
		case 3:
			return PrinterStatus{rapid.SampledFrom([]byte("012")).Draw(t, "printer")}
		case 4:
			return MeterStatus{state, failure, flag("enabled")}
		case 5:
			return TripData{minor("fare", 8), minor("tax", 8), minor("extras", 4), 0, minor("net", 8), amount(8).Draw(t, "distance"), false}
		case 6:
			return TripData{minor("fare", 8), minor("tax", 8), minor("extras", 4), minor("mta", 4), minor("net", 8), amount(8).Draw(t, "distance"), true}
		case 7:
			return Busy{flag("busy")}
		case 8:
			return Statistics{letter, minor("fare", 10), minor("extras", 10), minor("tax", 10), amount(10).Draw(t, "total"), amount(10).Draw(t, "paid"), amount(10).Draw(t, "trips")}
		case 9:
			return Rate{letter}
		case 10:
			return RunningFare{minor("fare", 8), minor("extras", 8)}
		}
		return rapid.SampledFrom([]Message{TimedOut{}, Ping{}, MissedMessage{}, Ack{}, Unsupported{}}).Draw(t, "bare")
	})
}

func TestDecodeEncodeIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.SampledFrom([]Side{FromMeter, FromHost}).Draw(t, "side")
		want := message(side).Draw(t, "message")
		p, err := Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		f := decode(side, p)
		if len(f.frames) != 1 || f.stats.Discarded != 0 {
			t.Fatalf("%x: %d frames, %d discarded", p, len(f.frames), f.stats.Discarded)
		}
		got, err := Parse(f.frames[0], side)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}
