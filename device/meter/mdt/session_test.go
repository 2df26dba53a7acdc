package mdt

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
)

// Every ID that a meter can send is acknowledged, but for the answers 59 and 5A, and
// none of the unlisted ones leads to anything else.
func TestEveryFrameIsAcknowledged(t *testing.T) {
	t.Parallel()
	for id := range 256 {
		r := fromMeter[id]
		if r.treat == decoded {
			continue // covered one by one
		}
		for _, n := range []int{r.min, min(r.max, 30)} {
			d := atHire(t, "pulsar")
			d.s.bytes(Frame{ID: ID(id), Data: bytes.Repeat([]byte{'7'}, n)}.Append(nil), d.now)
			d.want(">5A")
		}
	}
	for _, m := range []Message{Failure{}, PrinterStatus{'2'}, Busy{}, Statistics{Unit: '1', Trips: 4}, Rate{'1'}, Ping{}, vacantKey, status(Vacant)} {
		d := atHire(t, "pulsar").hear(m)
		d.want(">5A")
	}
	atHire(t, "pulsar").hear(Ack{}, Unsupported{}).want()
}

func TestContentThatIsNotUnderstoodIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	d := atStop(t, "pulsar")
	d.s.bytes(Frame{ID: IDTripData, Data: bytes.Repeat([]byte("x"), 36)}.Append(nil), d.now)
	d.s.bytes(Frame{ID: IDStateChange, Data: []byte("7")}.Append(nil), d.now)
	d.want()
}

func TestPoll(t *testing.T) {
	t.Parallel()
	d := atHire(t, "pulsar")
	for range 3 {
		d.wait(29900*time.Millisecond).want().
			wait(100*time.Millisecond).want(">49").
			hear(Ack{}, status(Vacant)).want(">5A")
	}
	newDesk(t, "pulsar", func(c *Config) { c.Poll = 0 }).wait(time.Hour).want()
}

func TestPollWithoutAnswer(t *testing.T) {
	t.Parallel()
	newDesk(t, "pulsar").want(">49").
		wait(time.Second).want(">49").wait(time.Second).want(">49").
		wait(27*time.Second).want().                                    // the line was never heard: no verdict yet
		wait(6*time.Second).want(">49", ">49", ">49", "health silent"). // 35 s
		hear(hiredKey).want(">5A", "hired resync", "health ok").wait(time.Second).want(">49")
}

func TestDegradedWhenTheMeterTalksButDoesNotAnswer(t *testing.T) {
	t.Parallel()
	newDesk(t, "pulsar").hear(vacantKey).want(">49", ">5A", "for_hire resync", "health ok").
		wait(3*time.Second).want(">49", ">49", "health degraded").
		hear(Ping{}).want(">5A").
		wait(27 * time.Second).want(">49").
		hear(Ack{}).want("health ok")
}

func TestUnsupportedPoll(t *testing.T) {
	t.Parallel()
	newDesk(t, "pulsar").hear(Unsupported{}, Unsupported{}).want(">49", ">49", "health ok").
		wait(time.Hour).want(). // neither asked again nor called silent
		hear(hiredKey, vacantKey).want(">5A", "hired resync", ">5A", ">44").
		hear(tripOf(777)).want("final 777", "for_hire", ">5A") // cannot be verified

	// A meter that told its status once can tell it, whatever a 59 was meant for.
	atHire(t, "pulsar").wait(30*time.Second).hear(Unsupported{}, Unsupported{}).want(">49", ">49").
		wait(30 * time.Second).want(">49")
}

func TestUnsupportedTripData(t *testing.T) {
	t.Parallel()
	d := atStop(t, "pulsar")
	d.hear(Unsupported{}).want(">44").hear(Unsupported{}).want().
		wait(10*time.Second).want(">44").hear(Unsupported{}, Unsupported{}).want(">44").
		wait(9*time.Second).want().
		hear(timeOffKey).want(">5A"). // not asked at stop any more
		hear(vacantKey).want(">5A", ">44").
		hear(Unsupported{}, Unsupported{}).want(">44", "for_hire").
		poll(Vacant).want(">49", ">5A").
		hear(hiredKey, vacantKey).want(">5A", "hired", ">5A", ">44").
		hear(Unsupported{}, Unsupported{}).want(">44", "for_hire").
		poll(Vacant).want(">49", ">5A").
		hear(hiredKey, timeOffKey, vacantKey).want(">5A", "hired", ">5A", "stopped", ">5A").
		wait(2 * time.Second).want("for_hire") // a meter could still send it by itself

	d.open()
	d.want(">49").hear(status(Vacant), hiredKey, timeOffKey).
		want(">5A", "for_hire resync", "health ok", ">5A", "hired", ">5A", ">44", "stopped") // another line, perhaps another meter
}

// A 59 for a trip that has just begun says nothing about the next.
func TestRefusalByAMeterThatIsNotVacantDoesNotCount(t *testing.T) {
	t.Parallel()
	d := atHire(t, "fare_at_vacant")
	for range 5 {
		d.hear(hiredKey, vacantKey).want(">5A", "hired", ">5A", ">44").
			hear(Unsupported{}, Unsupported{}).want(">44", "for_hire").
			hear(hiredKey, vacantKey).want(">5A", "hired", ">5A", ">44").
			hear(tripOf(777), status(Vacant)).want(">5A", ">49", ">5A", "final 777", "for_hire")
	}
}

func TestBusyMeterIsLeftAlone(t *testing.T) {
	t.Parallel()
	atStop(t, "pulsar").hear(Ack{}, Busy{true}).want(">5A").
		wait(1900*time.Millisecond).want().
		wait(100*time.Millisecond).want(">44").
		hear(Ack{}, Busy{true}).want(">5A").
		wait(3900*time.Millisecond).want().
		hear(Busy{false}).want(">5A", ">44").
		hear(tripOf(2090)).want("record 2090", ">5A")
	// However busy: no later than ten seconds after it was asked.
	d := atHire(t, "pulsar").hear(hiredKey, vacantKey).forget()
	for range 12 {
		d.hear(Busy{true}).wait(time.Second)
	}
	require.Contains(t, d.log, "for_hire")
	// A request that becomes due meanwhile is kept.
	atHire(t, "pulsar").hear(hiredKey, Busy{true}).forget().
		hear(timeOffKey).want(">5A", "stopped").
		hear(Busy{false}).want(">5A", ">44")
}

func TestMissedMessage(t *testing.T) {
	t.Parallel()
	atHire(t, "pulsar").hear(MissedMessage{}).want(">5A", ">49")
	atStop(t, "pulsar").hear(tripOf(2090)).forget().
		hear(MissedMessage{}).want(">5A", ">44").
		hear(tripOf(2190)).want("record 2190", ">5A", ">49")
	// After a trip that ended without a record.
	atHire(t, "pulsar").hear(hiredKey, vacantKey).wait(3*time.Second).forget().
		hear(MissedMessage{}).want(">5A", ">44").
		hear(tripOf(2190)).want("final 2190 late_record", ">5A", ">49", "health ok")
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	d := atHire(t, "pulsar")
	detail := func() string { return d.s.health.told.Detail }
	d.hear(Failure{4}).want(">5A", "health alarm")
	require.Equal(t, "meter failure: printer", detail())
	d.hear(Failure{0}).want(">5A", "health ok")
	d.hear(TimedOut{}).want(">5A", "health alarm")
	require.Equal(t, "meter timed out", detail())
	d.hear(status(Vacant)).want(">5A", "health ok")
	d.hear(MeterStatus{State: Vacant, Failure: 5}).want(">5A", "health alarm")
	require.Equal(t, "meter failure: ROM checksum, meter disabled", detail())
	d.hear(status(Vacant)).want(">5A", "health ok")
	d.hear(Failure{8}).want(">5A", "health alarm")
	require.Equal(t, "meter failure: unknown", detail())
}

func TestConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	on := func(c *Config) { c.RunningFare = true }
	newDesk(t, "pulsar", on).hear(Ack{}, status(Vacant)).want(">49", "health ok", ">5A", "for_hire resync", ">67").
		hear(Unsupported{}).want(">67").hear(Unsupported{}).want().wait(29 * time.Second).want()
	// Some meters refuse by saying nothing.
	atHire(t, "pulsar", on).wait(3*time.Second).want(">67", ">67").
		wait(10 * time.Second).want()
}

func TestConfigurationIsRepeatedAfterASilence(t *testing.T) {
	t.Parallel()
	d := atHire(t, "pulsar", func(c *Config) { c.RunningFare = true }).hear(Ack{}).forget()
	d.wait(36 * time.Second)
	require.Contains(t, d.log, "health silent")
	d.forget().poll(Vacant).want(">49", ">5A", "for_hire resync", "health ok").
		wait(100*time.Millisecond).want(">49").
		hear(Ack{}, status(Vacant)).want(">5A", ">67")
}

func TestSendErrorEndsTheSession(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	cfg, _ := Profile("pulsar")
	s := newSession(cfg, quiet, writerFunc(func([]byte) (int, error) { return 0, boom }), func(meter.Event) {}, &trip{cfg: cfg, log: quiet}, char9600)
	s.open(time.Now())
	require.ErrorIs(t, s.err, boom)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestGuard(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	allowed := func(profile string, running bool) *guard {
		cfg, _ := Profile(profile)
		cfg.RunningFare = running
		return newGuard(&out, cfg)
	}
	pass := func(g *guard, p []byte) {
		out.Reset()
		_, err := g.Write(p)
		require.NoError(t, err, "%x", p)
		require.Equal(t, p, out.Bytes())
	}
	deny := func(g *guard, p []byte) {
		out.Reset()
		_, err := g.Write(p)
		require.ErrorIs(t, err, ErrDenied, "%x", p)
		require.Zero(t, out.Len(), "nothing of it may leave")
	}
	g := allowed("pulsar", true)
	for _, m := range []Message{Ack{}, TripRequest{}, StatusRequest{}, Configuration{RunningFare: true}, Configuration{}} {
		pass(g, must(m))
	}
	pass(g, append(must(Ack{}), must(TripRequest{})...))
	deny(g, unhex("02 47 01 30 74 03")) // lock
	deny(g, unhex("02 47 01 31 75 03")) // unlock
	deny(g, must(Configuration{Validation: true, RunningFare: true}))
	deny(allowed("pulsar", false), must(Configuration{RunningFare: true}))

	// All IDs that command the meter, and everything else, at every plausible length.
	may := map[ID]bool{IDAck: true, IDTripRequest: true, IDStatusRequest: true, IDConfiguration: true}
	for id := range 256 {
		for _, n := range []int{0, 1, 3, 8, 36, 255} {
			f := Frame{ID: ID(id), Data: bytes.Repeat([]byte{'1'}, n)}.Append(nil)
			if !may[ID(id)] || n != 0 {
				deny(g, f)
				deny(g, append(must(Ack{}), f...)) // also behind an innocent one
			}
			deny(allowed("tap", true), f)
		}
	}
	for _, p := range [][]byte{{}, {stx}, unhex("02 5A 00 58"), unhex("02 5A 00 59 03"), unhex("02 5A 00 58 04"), unhex("FF 02 5A 00 58 03"), append(must(Ack{}), 0)} {
		if len(p) > 0 {
			deny(g, p)
		}
	}
}

func TestForbiddenListIsComplete(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{0x45, 0x47, 0x4D, 0x4F, 0x50, 0x51, 0x53, 0x62, 0x63, 0x64, 0x69, 0x6A, 0x6D, 0x6E, 0x71, 0x76, 0x81, 0x82, 0x83, 0xC4, 0xC5, 0xC7} {
		require.Equal(t, denied, toMeter[id].treat, "%s", id)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, want := range profiles {
		got, err := parseConfig(map[string]any{"profile": name})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	got, err := parseConfig(nil)
	require.NoError(t, err)
	require.Equal(t, profiles["pulsar"], got)

	got, err = parseConfig(map[string]any{
		"profile": "centrodyne", "running_fare": true, "poll": "0s", "trip_query": "never", "net_total": "any", "distance_unit": "mile"})
	require.NoError(t, err)
	require.Equal(t, Config{TripQuery: QueryNever, RunningFare: true, DisplayFare: true, Unit: Mile}, got)

	for _, c := range []struct {
		table map[string]any
		keys  []string
	}{
		{map[string]any{"profile": "halda"}, []string{"profile"}},
		{map[string]any{"profile": "tap", "poll": "30s", "running_fare": false, "trip_query": "stop"}, []string{"poll", "running_fare", "trip_query"}},
		{map[string]any{"poll": "1s", "net_total": "maybe", "distance_unit": int64(1), "baud": int64(9600)}, []string{"baud", "distance_unit", "net_total", "poll"}},
		{map[string]any{"poll": "1h"}, []string{"poll"}},
	} {
		_, err := newFromTable(c.table, quiet)
		var ce *table.Error
		require.ErrorAs(t, err, &ce)
		var keys []string
		for _, p := range ce.Problems {
			keys = append(keys, p.Key)
		}
		require.Equal(t, c.keys, keys)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	for profile, want := range map[string]meter.Capabilities{
		"pulsar":         {LiveState: true, StopFare: true, Query: true, Ack: true},
		"centrodyne":     {LiveState: true, StopFare: true, Query: true, Ack: true},
		"fare_at_vacant": {LiveState: true, Query: true, Ack: true},
		"tap":            {LiveState: true},
	} {
		d, err := meter.New("mdt", map[string]any{"profile": profile}, quiet)
		require.NoError(t, err)
		require.Equal(t, want, d.Capabilities(), profile)
	}
}

// spyPort gives one frame and keeps the slice that it was read into.
type spyPort struct {
	frame []byte
	kept  []byte
}

func (p *spyPort) Read(buf []byte) (int, error) {
	if p.kept != nil {
		return 0, errors.New("over")
	}
	p.kept = buf
	return copy(buf, p.frame), nil
}

func (p *spyPort) Write(b []byte) (int, error) { return len(b), nil }

func TestNothingOfACardStays(t *testing.T) {
	t.Parallel()
	cfg, _ := Profile("pulsar")
	var log bytes.Buffer
	d := New(cfg, textLog(&log))
	port := &spyPort{frame: Frame{ID: IDCardData, Data: []byte(pan)}.Append(nil)}
	_ = d.Run(t.Context(), port, func(e meter.Event) { fmt.Fprint(&log, e) })
	require.NotContains(t, string(port.kept), pan[:4], "the read buffer")
	require.Contains(t, log.String(), "id=43 len=16", "what may be kept")
	for i := 0; i+4 <= len(pan); i++ {
		require.NotContains(t, log.String(), pan[i:i+4])
	}

	hide := d.MaskTrace()
	in, out := bytes.Clone(port.frame), []byte{stx, byte(IDTripRequest), 0, 0x46, etx}
	hide(true, in[:5])
	hide(false, out)
	hide(true, in[5:])
	require.NotContains(t, string(in), pan[:4])
	require.Equal(t, must(TripRequest{}), out)
}
