package jtt905

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	answers := func(cfg Config, m Message) Message {
		s := newSession(cfg, quiet, &out, func(meter.Event) {}, &trip{cfg: cfg, log: quiet}, char9600)
		s.open(noon)
		out.Reset()
		s.bytes(must(m), noon)
		if out.Len() == 0 {
			return nil
		}
		f := decode(out.Bytes())
		require.Len(t, f.frames, 1)
		got, err := Parse(f.frames[0])
		require.NoError(t, err)
		return got
	}
	cfg := Default(RoleISU)
	cfg.Plate, cfg.Certificate, cfg.Licence, cfg.Poll = "AB1234", testCertificate, "42", 0
	sign := SignAnswer{Licence: "42", Plate: "AB1234", At: at("2026-03-14 20:00"), Until: noTimeLimit, Count: 9999, Result: 0x90}
	to := func(c Command) SignAnswer { s := sign; s.To = c; return s }
	shift := ShiftTotals{In: noon, Out: noon}
	require.Equal(t, HeartbeatAnswer{Until: noTimeLimit, Count: 99}, answers(cfg, beat(true)))
	require.Equal(t, to(CmdSignIn), answers(cfg, SignIn{1}))
	require.Contains(t, out.String(), testCertificate)
	require.Equal(t, to(CmdSignOut), answers(cfg, SignOut{1}))
	require.Equal(t, Answer{CmdShift, true}, answers(cfg, shift))
	shift.Resent = true
	require.Equal(t, to(CmdShiftAgain), answers(cfg, shift))
	cfg.ShortBeat = true
	require.Equal(t, HeartbeatAnswer{Until: noTimeLimit, Count: 99, Short: true}, answers(cfg, beat(true)))
	for _, m := range []Message{Answer{CmdEnded, true}, StatusRequest{noon}, HistoryRequest{1}, to(CmdSignIn), Status{}, History{}} {
		require.Nil(t, answers(cfg, m), "%T", m)
	}
}

func TestRecordThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	for role, want := range map[Role][]string{RoleISU: {">E8 FF", ">E7 FF", ">E8 90"}, RoleListen: nil} {
		d := atHire(t, role)
		d.s.bytes(misprinted(endedFrame), d.now)
		d.s.bytes(taximeter(CmdStarted, make([]byte, lenTime)).Append(nil), d.now)
		d.s.bytes(taximeter(CmdHeartbeat, make([]byte, 12)).Append(nil), d.now)
		d.s.bytes(endedFrame, d.now)
		var sent []string
		for _, s := range d.log {
			if s[0] == '>' {
				sent = append(sent, s)
			}
		}
		require.Equal(t, want, sent)
	}
}

func TestPoll(t *testing.T) {
	t.Parallel()
	d := newDesk(t, RoleISU).want(">00").hear(Status{}).want("health ok")
	for range 3 {
		d.wait(59900 * time.Millisecond).want().wait(100 * time.Millisecond).want(">00").
			hear(Status{}).want().sleep(-100 * time.Millisecond)
		d.wait(100 * time.Millisecond)
	}
	// A meter that talks but does not answer.
	newDesk(t, RoleISU).want(">00").hear(beat(false)).want(">E9", "for_hire resync", "health ok").
		wait(2 * time.Second).want(">00").wait(2 * time.Second).want(">00").wait(2 * time.Second).want("health degraded").
		wait(54 * time.Second).want(">00").hear(Status{}).want("health ok")
	// One that is not there is silent, not degraded.
	newDesk(t, RoleISU).forget().wait(59*time.Second).want(">00", ">00").
		wait(59*time.Second).want(">00", ">00", ">00")
	newDesk(t, RoleISU, func(c *Config) { c.Liveness = 0 }).wait(5 * time.Minute).hear(Status{})
}

func TestClockOfAnotherCentury(t *testing.T) {
	t.Parallel()
	d := newDesk(t, RoleISU).forget()
	d.sleep(-60 * 365 * 24 * time.Hour)
	d.open()
	d.want().hear(SignIn{1}, beat(false)).want("health ok", ">E9", "for_hire resync")
}

func TestAlarms(t *testing.T) {
	t.Parallel()
	d := newDesk(t, RoleISU).hear(beat(false)).forget()
	detail := func() string { return d.s.health.told.Detail }
	d.hear(Status{State: 4}).want("health alarm")
	require.Equal(t, "meter: its trip memory is full", detail())
	d.hear(Heartbeat{Flags: Flags{BadSpeed: true, ForcedOff: true}}).want(">E9", "health alarm")
	require.Equal(t, "meter: the speed signal is abnormal, it is forced off, its trip memory is full", detail())
	d.hear(beat(false)).want(">E9", "health alarm")
	d.open()
	d.want(">00").hear(Status{}).want("health ok")
}

func TestOtherDevicesOfTheBusAreReadOver(t *testing.T) {
	t.Parallel()
	d := atHired(t, RoleISU)
	other := parts(bytes.Clone(endedFrame))
	other.Device = 5
	d.s.bytes(other.Append(nil), d.now)
	other.Device, other.Vendor = DeviceTaximeter, 1
	d.s.bytes(other.Append(nil), d.now)
	d.s.bytes(taximeter(0x9901, make([]byte, 17)).Append(nil), d.now)
	d.want()
}

func TestSendErrorEndsTheSession(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	cfg := Default(RoleISU)
	s := newSession(cfg, quiet, writerFunc(func([]byte) (int, error) { return 0, boom }), func(meter.Event) {}, &trip{cfg: cfg, log: quiet}, char9600)
	s.open(noon)
	require.ErrorIs(t, s.err, boom)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestGuard(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	isu, listen := newGuard(&out, RoleISU), newGuard(&out, RoleListen)
	pass := func(p []byte) {
		out.Reset()
		_, err := isu.Write(p)
		require.NoError(t, err, "%x", p)
		require.Equal(t, p, out.Bytes())
	}
	deny := func(g *guard, p []byte) {
		out.Reset()
		_, err := g.Write(p)
		require.ErrorIs(t, err, ErrDenied, "%x", p)
		require.Zero(t, out.Len(), "nothing of it may leave")
	}
	ack := must(Answer{CmdEnded, true})
	for _, m := range []Message{Answer{CmdStarted, true}, Answer{CmdEnded, false}, Answer{CmdEndedAgain, true}, Answer{CmdShift, true},
		HeartbeatAnswer{Until: noon.Truncate(time.Hour), Short: true}, HeartbeatAnswer{Until: noTimeLimit}, StatusRequest{noon}, HistoryRequest{1},
		SignAnswer{To: CmdSignIn, At: noon, Until: noTimeLimit}, SignAnswer{To: CmdShiftAgain, At: noon, Until: noTimeLimit}} {
		pass(must(m))
		deny(listen, must(m))
	}
	pass(append(bytes.Clone(ack), ack...))

	// Everything else of the standard and beyond, at every plausible length.
	for c := range Command(0x200) {
		for _, n := range []int{0, 1, 4, 5, 7, 9, 10, 57, 66, 90} {
			f := taximeter(c, bytes.Repeat([]byte{0xA5}, n)).Append(nil)
			if c == CmdHistory && n == lenNumber {
				continue
			}
			deny(isu, f)
			deny(isu, append(bytes.Clone(ack), f...)) // also behind an innocent one
		}
	}
	for _, c := range []Command{0x0004, 0x0005, 0x00FF, 0x9901, 0x9915, 0x9918} { // tariff, firmware, vendor's settings
		deny(isu, taximeter(c, []byte{answerOK}).Append(nil))
	}
	deny(isu, Frame{Device: 5, Command: CmdEnded, Data: []byte{answerOK}}.Append(nil))
	deny(isu, Frame{Device: DeviceTaximeter, Vendor: 1, Command: CmdEnded, Data: []byte{answerOK}}.Append(nil))
	for _, p := range [][]byte{{mark0}, ack[:11], append(bytes.Clone(ack), 0), append([]byte{0}, ack...), unhex("55AA 0005 02 00 00E8 90 7E 55AA"), unhex("55AA 0005 02 00 00E8 90 7F 55AB")} {
		deny(isu, p)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	got, err := parseConfig(nil)
	require.NoError(t, err)
	require.Equal(t, Config{Role: RoleListen, Offset: 8 * time.Hour, Liveness: 2 * time.Minute}, got)

	got, err = parseConfig(isuTable("licence", "42", "surcharge", "added", "zone", "-03:30", "liveness", "0s", "poll", "10s", "heartbeat_answer", "9"))
	require.NoError(t, err)
	require.Equal(t, Config{Role: RoleISU, SurchargeAdded: true, Offset: -210 * time.Minute, Plate: "AB1234", Licence: "42",
		Certificate: testCertificate, Poll: 10 * time.Second, ShortBeat: true}, got)

	for _, c := range []struct {
		table map[string]any
		keys  []string
	}{
		{map[string]any{"role": "master"}, []string{"role"}},
		{map[string]any{"role": "isu"}, []string{"certificate", "plate"}},
		{map[string]any{"plate": "AB1234", "certificate": testCertificate, "licence": "1", "poll": "60s", "heartbeat_answer": "9"},
			[]string{"certificate", "heartbeat_answer", "licence", "plate", "poll"}},
		{isuTable("plate", "AB12345", "certificate", int64(42108319880906011), "licence", "æ", "poll", "1s"), []string{"certificate", "licence", "plate", "poll"}},
		{map[string]any{"zone": "Asia/Shanghai", "surcharge": "no", "liveness": "1h", "baud": int64(9600)}, []string{"baud", "liveness", "surcharge", "zone"}},
		{map[string]any{"liveness": "1s", "zone": int64(8)}, []string{"liveness", "zone"}},
	} {
		_, err := newFromTable(c.table, quiet)
		var ce *table.Error
		require.ErrorAs(t, err, &ce)
		var keys []string
		for _, p := range ce.Problems {
			keys = append(keys, p.Key)
		}
		require.Equal(t, c.keys, keys)
		require.NotContains(t, err.Error(), testCertificate[:10], "personal")
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	for want, table := range map[meter.Capabilities]map[string]any{
		{LiveState: true}:                         nil,
		{LiveState: true, Query: true, Ack: true}: isuTable(),
	} {
		d, err := meter.New("jtt905", table, quiet)
		require.NoError(t, err)
		require.Equal(t, want, d.Capabilities())
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

func TestNothingPersonalStays(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	cfg, err := parseConfig(isuTable())
	require.NoError(t, err)
	d := New(cfg, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	frames := append(bytes.Clone(endedFrame), must(certified(ShiftTotals{In: noon, Out: noon}))...)
	frames = append(frames, misprinted(endedFrame)...)
	frames = append(frames, taximeter(0x20, []byte(testCertificate)).Append(nil)...)
	port := &spyPort{frame: frames}
	_ = d.Run(t.Context(), port, func(e meter.Event) { fmt.Fprint(&log, e) })
	require.Contains(t, log.String(), "command=0020")
	require.Contains(t, log.String(), "shift totals")
	for i := 0; i+6 <= len(testCertificate); i++ {
		require.NotContains(t, string(port.kept), testCertificate[i:i+6], "the read buffer")
		require.NotContains(t, log.String(), testCertificate[i:i+6], "the log")
	}

	hide := d.MaskTrace()
	in, out := bytes.Clone(endedFrame), must(certified(SignAnswer{To: CmdSignIn, At: noon, Until: noon}))
	hide(true, in[:40])
	hide(false, out)
	hide(true, in[40:])
	require.NotContains(t, string(in), testCertificate[:6])
	require.NotContains(t, string(out), testCertificate[:6])
}

// Whatever a meter says and whenever it says it, what is told keeps the contract, nothing
// is acknowledged before it is committed, and nothing grows.
func TestAnyDialogueKeepsTheContract(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := Default(rapid.SampledFrom([]Role{RoleListen, RoleISU}).Draw(t, "role"))
		cfg.Plate, cfg.Certificate = "AB1234", testCertificate
		d := New(cfg, quiet)
		contract := metertest.Contract{Capabilities: d.Capabilities()}
		var told []meter.Event
		var commits []func()
		committed, sent, acks := 0, 0, 0
		now := noon
		out := writerFunc(func(p []byte) (int, error) {
			sent++
			if c := parts(p).Command; (c == CmdEnded || c == CmdEndedAgain) && parts(p).Data[0] == answerOK {
				acks++
			}
			return len(p), nil
		})
		var s *session
		open := func() {
			s = newSession(cfg, quiet, out, func(e meter.Event) {
				told = append(told, e)
				if r, ok := e.(meter.TripRecord); ok && r.Committed != nil {
					commits = append(commits, r.Committed)
				}
			}, &d.trip, char9600)
			s.open(now)
		}
		open()
		var likely []Message
		for n := range uint32(4) {
			likely = append(likely, startOf(20*int(n)), Ended{Trip: tripAt(20*int(n), n, 100*moneyMinor(n+1))},
				Ended{Trip: tripAt(20*int(n), n, 100*moneyMinor(n+1)), Resent: true}, Status{Trips: n},
				History{Trip: new(tripAt(20*int(n), n, 100*moneyMinor(n+1)))}, beat(n%2 == 0), beat(n%2 == 1))
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			before := sent
			switch rapid.IntRange(0, 12).Draw(t, "step") {
			case 0:
				open()
			case 1, 2, 3:
				now = now.Add(time.Duration(rapid.IntRange(1, 20000).Draw(t, "ms")) * time.Millisecond)
				s.idle(now)
			case 4:
				s.bytes(must(message().Draw(t, "any")), now)
			case 5, 6:
				for _, f := range commits {
					f()
				}
				committed += len(commits)
				commits = nil
			default:
				s.bytes(must(rapid.SampledFrom(likely).Draw(t, "message")), now)
			}
			require.NoError(t, s.err)
			require.LessOrEqual(t, sent-before, 5, "frames sent in one step")
			if committed == 0 {
				require.Zero(t, acks, "acknowledged without a commit")
			}
			if cfg.Role == RoleListen {
				require.Zero(t, sent)
			}
		}
		s.idle(now.Add(time.Minute))
		require.True(t, d.trip.vacant.IsZero(), "nothing is waited for without an end")
		for i, e := range told {
			if fault := contract.Event(e); fault != "" {
				t.Fatalf("event %d of %+v: %s", i, told, fault)
			}
		}
	})
}
