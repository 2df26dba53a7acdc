package capture

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/device/meter"
	"taxiterminal/device/meter/metertest"
)

// at is a desk with a printer of that profile, and the meter that prints on it.
func at(t *testing.T, profile string) (*desk, *Simulator) {
	t.Helper()
	return newDesk(configOf(t, `profile = "`+profile+`"`), noon), simulator(t, SimulatorConfig{Profile: profile})
}

// printOn lets what the meter printed arrive.
func printOn(d *desk, s *Simulator) {
	for _, p := range s.queue {
		d.now = time.Now()
		d.hear(p.bytes)
	}
	s.queue = nil
}

func trip(t *testing.T, s *Simulator) {
	t.Helper()
	require.NoError(t, s.Hired())
	time.Sleep(10 * time.Minute)
	require.NoError(t, s.SetFare(20000))
	require.NoError(t, s.Extras(2500))
	require.NoError(t, s.Vacant())
}

func TestWhatIsPrintedMoreThanOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := at(t, "no-48")
		trip(t, s)
		require.NoError(t, s.Reprint())
		require.NoError(t, s.Copy())
		require.NoError(t, s.PrintShift())
		printOn(d, s)
		require.Len(t, d.records(), 1)
		require.Empty(t, d.records()[0].Doubts)

		// The same number with another amount is for a person to look at.
		s.Miscount(1)
		require.NoError(t, s.Reprint())
		printOn(d, s)
		require.Equal(t, []meter.Doubt{meter.DoubtSum, meter.DoubtStale}, d.records()[1].Doubts)
	})
}

// When the receipt could not be read, its copy is the driver's to decide about, once.
func TestACopyOfAReceiptThatWasNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := at(t, "no-48")
		s.CutShort(1)
		trip(t, s)
		require.NoError(t, s.Copy())
		require.NoError(t, s.Copy())
		printOn(d, s)
		require.Len(t, d.records(), 1)
		require.EqualValues(t, 22500, d.records()[0].Total)
		require.Equal(t, []meter.Doubt{meter.DoubtStale}, d.records()[0].Doubts)
		require.Equal(t, meter.HealthOK, d.health().State)
	})
}

// A receipt at each stop, with a number of its own, is one trip all the same.
func TestPrintedAtEachStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := at(t, "no-32")
		s.cfg.AtStop = true
		require.NoError(t, s.Hired())
		time.Sleep(10 * time.Minute)
		require.NoError(t, s.SetFare(15000))
		require.NoError(t, s.TimeOff())
		require.NoError(t, s.Resume())
		require.NoError(t, s.SetFare(18040))
		require.NoError(t, s.TimeOff())
		require.NoError(t, s.Vacant())
		printOn(d, s)
		require.Len(t, d.records(), 2)
		require.Empty(t, d.records()[0].Doubts)
		require.Equal(t, []meter.Doubt{meter.DoubtStale}, d.records()[1].Doubts)
	})
}

func TestPartReceiptsAreTripsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := at(t, "no-48")
		require.NoError(t, s.Hired())
		require.NoError(t, s.SetFare(15000))
		require.NoError(t, s.PrintPart())
		require.NoError(t, s.PrintPart())
		printOn(d, s)
		require.Len(t, d.records(), 2)
		require.NotEqual(t, d.records()[0].Key, d.records()[1].Key)
		require.Empty(t, d.records()[1].Doubts)
	})
}

func TestNumbersThatBeginAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := at(t, "no-24")
		for range 2 {
			trip(t, s)
			printOn(d, s)
			s.number = 0
			time.Sleep(9 * time.Hour)
		}
		require.Len(t, d.records(), 2, "the same number and amount, but another shift")
		require.Empty(t, d.records()[1].Doubts)
	})
}

// A receipt printed twice of which one came through with a wrong time or number.
func TestADamagedRepetitionIsDoubted(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]string{{"23:51", "23:57"}, {"004711", "004717"}} {
		d := newDesk(configOf(t, workedTOML), workedAt).hear(unhex(worked))
		d.hear(bytes.Replace(unhex(worked), []byte(change[0]), []byte(change[1]), 1))
		require.Len(t, d.records(), 2)
		require.Equal(t, []meter.Doubt{meter.DoubtStale}, d.records()[1].Doubts, change)
	}
}

// A wrong time on one receipt says nothing about the next.
func TestADoubtfulTimeIsForgotten(t *testing.T) {
	t.Parallel()
	next := strings.NewReplacer("004711", "004712", "14.03.2026 23:51", "15.03.2026 00:12", "00:09", "00:19", "468,00", "469,00", "412,00", "413,00")
	d := newDesk(configOf(t, workedTOML), workedAt)
	d.hear(bytes.Replace(unhex(worked), []byte("00:09"), []byte("09:09"), 1))
	d.hear([]byte(next.Replace(string(unhex(worked)))))
	require.Len(t, d.records(), 2)
	require.Equal(t, []meter.Doubt{meter.DoubtStale}, d.records()[0].Doubts)
	require.Empty(t, d.records()[1].Doubts)
}

func TestSeenIsBounded(t *testing.T) {
	t.Parallel()
	var s seen
	for i := range 3 * maxSeen {
		require.Equal(t, fresh, s.judge(Reading{Receipt: string(rune('a' + i)), Total: 100}, false))
	}
	require.Len(t, s.list, maxSeen)
	require.Equal(t, duplicate, s.judge(Reading{Receipt: string(rune('a' + 3*maxSeen - 1)), Total: 100}, false))
}

func TestFaultsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s := at(t, "no-48")
		want := func(state meter.HealthState, detail string, records int) {
			t.Helper()
			printOn(d, s)
			require.Equal(t, state, d.health().State)
			require.Contains(t, d.health().Detail, detail)
			require.Len(t, d.records(), records)
		}
		s.CutShort(1)
		trip(t, s)
		want(meter.HealthDegraded, "total is missing", 0)
		trip(t, s)
		want(meter.HealthOK, "", 1)
		time.Sleep(time.Hour)
		s.Pictures(1)
		trip(t, s)
		want(meter.HealthDegraded, "pictures", 1)
		time.Sleep(time.Hour)
		trip(t, s)
		want(meter.HealthOK, "", 2)
		s.Noise(bytes.Repeat([]byte{0xFF, 0x80, 0xF3, 0}, 40))
		want(meter.HealthGarbled, "baud rate", 2)
		time.Sleep(time.Hour)
		s.Miscount(1)
		trip(t, s)
		want(meter.HealthOK, "", 3)
		require.Equal(t, []meter.Doubt{meter.DoubtSum}, d.records()[2].Doubts)
		s.Skew(-26 * time.Hour)
		trip(t, s)
		want(meter.HealthOK, "", 4)
		require.Equal(t, []meter.Doubt{meter.DoubtStale}, d.records()[3].Doubts)
	})
}

// A meter that asks its printer for its status all day is alive and well, and does not
// keep a receipt without a cut from ending.
func TestPollsAreNoGarbage(t *testing.T) {
	t.Parallel()
	cfg := configOf(t, workedTOML)
	cfg.Mode = Printer
	d := newDesk(cfg, workedAt)
	uncut := bytes.TrimSuffix(unhex(worked), []byte("\x1dVB\x00"))
	d.bytes(uncut, workedAt)
	for i := range 300 {
		d.bytes(statusRequest, workedAt.Add(time.Duration(i)*time.Second))
	}
	require.Len(t, d.records(), 1)
	require.Equal(t, meter.HealthOK, d.health().State)
	require.Len(t, d.sent, 301)
}

func TestOnlyAnswersAreSent(t *testing.T) {
	t.Parallel()
	for mode, want := range map[Mode]string{Tap: "", Lines: "", Tee: "", Printer: "\x12\x12\x12\x12\x00\x00\x20\x00\x10\x00\x00\x00"} {
		cfg := configOf(t, workedTOML)
		cfg.Mode, cfg.PrinterID = mode, 0x20
		d := newDesk(cfg, noon)
		d.hear([]byte("\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04\x1dr\x01\x1bv\x1dI\x01\x1dr2\x1da\xff\x1da\x00\x10\x04\x07\x01\x10\x05\x01\x1dI\x45"))
		require.Equal(t, want, string(d.sent), mode)
		require.NoError(t, d.err)
	}
}

func TestTheGuardRefusesEverythingElse(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, mode := range []Mode{Tap, Lines, Printer} {
		g := &guard{&out, Config{Mode: mode, PrinterID: 0x20}}
		for _, p := range []string{"x", "\x12\x12", "\x1b@", "\x10\x00\x00"} {
			_, err := g.Write([]byte(p))
			require.ErrorIs(t, err, ErrDenied, mode)
		}
	}
	_, err := (&guard{&out, Config{Mode: Tap}}).Write([]byte{0x12})
	require.ErrorIs(t, err, ErrDenied)
	require.Zero(t, out.Len())
}

func TestTeePassesEverythingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := driver(t, map[string]any{"profile": "no-32", "mode": "tee", "printer": "/dev/lp0"})
		port, line, ok := d.Downstream()
		require.True(t, ok)
		require.Equal(t, "/dev/lp0 9600 8N1", port+" "+line)
		up, down := metertest.NewLine(nil, nil, nil), metertest.NewLine(nil, nil, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var events []meter.Event
		wg.Go(func() { _ = d.Run(ctx, up.Host(), func(e meter.Event) { events = append(events, e) }) })
		_, _ = up.Meter().Write(unhex(worked))
		time.Sleep(2 * patience)
		synctest.Wait()
		require.Equal(t, meter.HealthDegraded, events[len(events)-1].(meter.Health).State, "no printer yet")

		wg.Go(func() { _ = d.ServeDownstream(ctx, down.Host()) })
		time.Sleep(time.Second)
		buf := make([]byte, 1000)
		n, err := down.Meter().Read(buf)
		require.NoError(t, err)
		require.Equal(t, unhex(worked), buf[:n])
		_, _ = down.Meter().Write([]byte{0x16})
		n, err = up.Meter().Read(buf)
		require.NoError(t, err)
		require.Equal(t, []byte{0x16}, buf[:n])
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, meter.Health{State: meter.HealthOK}, events[len(events)-1])
		cancel()
		wg.Wait()
	})
	require.ErrorContains(t, driver(t, map[string]any{"profile": "no-32"}).ServeDownstream(t.Context(), nil), "has no printer")
}

func TestTeeIsBounded(t *testing.T) {
	t.Parallel()
	var q tee
	for range 100 {
		q.toPrinter(make([]byte, 4096))
	}
	require.Len(t, q.down, maxQueue)
	require.Contains(t, q.fault(), "too slow")
}

// A meter that waits for its printer prints when the terminal is the printer, and
// keeps nothing for one that taps.
func TestAMeterThatPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for mode, want := range map[string]int{"printer": 1, "tap": 0} {
			s := simulator(t, SimulatorConfig{Polls: true})
			d := driver(t, map[string]any{"profile": "no-48", "mode": mode})
			line := metertest.NewLine(nil, nil, nil)
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			records := 0
			wg.Go(func() {
				_ = d.Run(ctx, line.Host(), func(e meter.Event) {
					if _, ok := e.(meter.TripRecord); ok {
						records++
					}
				})
			})
			wg.Go(func() { _ = s.Run(ctx, line.Meter()) })
			time.Sleep(time.Second)
			trip(t, s)
			time.Sleep(10 * time.Second)
			cancel()
			wg.Wait()
			require.Equal(t, want, records, mode)
			require.Equal(t, want, len(s.Heard()))
		}
	})
}

func TestSimulatorKeys(t *testing.T) {
	t.Parallel()
	s := simulator(t, SimulatorConfig{Flagfall: 5500})
	require.ErrorIs(t, s.Vacant(), ErrDeadKey)
	require.ErrorIs(t, s.Copy(), ErrDeadKey)
	require.ErrorIs(t, s.SetFare(1), ErrDeadKey)
	require.NoError(t, s.Hired())
	require.ErrorIs(t, s.Hired(), ErrDeadKey)
	require.NoError(t, s.Toll(3100))
	require.EqualValues(t, 8600, s.Reading().Total)
	s.PowerOff()
	require.ErrorIs(t, s.TimeOff(), ErrDeadKey)
	s.PowerOn()
	require.Equal(t, meter.ForHire, s.Reading().Position, "the trip is lost")
	require.Empty(t, s.queue)
	_, err := NewSimulator(SimulatorConfig{Profile: "x"})
	require.ErrorContains(t, err, "want dk-42")
}

const pan = "4925 0000 0000 0004"

func maskedTape(pieces ...string) string {
	var m mask
	var out []byte
	for _, p := range pieces {
		b := []byte(p)
		m.hide(b)
		out = append(out, b...)
	}
	return string(out)
}

func TestMaskHidesCardsAndPeople(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"KORT " + pan + "\nSUM 468,00\n":         "KORT 4925 00** **** ****\nSUM 468,00\n",
		"4925000000000004":                       "492500**********",
		"Sj\x86f\x9br: Ola N 4711\nSUM 1 234,00": "Sj\x86f\x9br: *** * ****\nSUM 1 234,00",
		"\x1ba1Tel 22 33 44 55\n":                "\x1ba1Tel ** ** ** **\n",
		"SJ]F\\R Ola N\nSjåfør Kari\n":           "SJ]F\\R *** *\nSjåfør ****\n",
		"Hotel Nordlys 12\n":                     "Hotel Nordlys 12\n",
		"Kvittering nr: 004711\nStart: 14.03.2026 23:51\nTakst 2        412,00\n": "Kvittering nr: 004711\nStart: 14.03.2026 23:51\nTakst 2        412,00\n",
	} {
		require.Equal(t, want, maskedTape(in))
		for i := range in {
			require.Equal(t, want, maskedTape(in[:i], in[i:]))
		}
	}
	require.Equal(t, "Kort *******************\nSjåfør: *** ********\nSum 1,00", maskText("Kort "+pan+"\nSjåfør: Ola Nordmann\nSum 1,00"))
	require.Equal(t, "4925 0000 0000 0005", maskText("4925 0000 0000 0005"), "no card")
}

// A masked tape has the same lengths, and says the same about a receipt.
func TestAMaskedTapeReadsTheSame(t *testing.T) {
	t.Parallel()
	cfg := configOf(t, workedTOML)
	masked := unhex(worked)
	driver(t, map[string]any{"profile": "no-32"}).MaskTrace()(true, masked)
	require.Equal(t, newDesk(cfg, workedAt).hear(unhex(worked)).events, newDesk(cfg, workedAt).hear(masked).events)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOf(rapid.SampledFrom([]byte("0123456789 -\nab.,"))).Draw(t, "tape")
		got := maskedTape(string(p))
		require.Len(t, got, len(p))
		for _, run := range strings.FieldsFunc(got, func(r rune) bool { return r < '0' || r > '9' }) {
			require.LessOrEqual(t, len(run), shownDigits)
		}
	})
}

// noTime takes digits out of a log that mean nothing.
func noTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// What a receipt says is nowhere in the log, whatever goes wrong.
func TestNothingOfAReceiptIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	cfg := configOf(t, workedTOML)
	s := newSession(cfg, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: noTime})), &log, func(meter.Event) {}, &seen{}, workedAt)
	p := unhex(worked)
	for i := range 30 {
		damaged := append([]byte("\x1b@KORT "+pan+"\n"), p...)
		damaged[40+9*i] ^= 0x41
		s.bytes(damaged, workedAt)
		s.idle(workedAt.Add(time.Minute))
	}
	require.Contains(t, log.String(), "meter printed")
	for _, text := range []string{"4925", "0004", "468", "004711", "NORD", "1234"} {
		require.NotContains(t, log.String(), text)
	}
	require.Zero(t, bytes.Count(s.split.raw[:cap(s.split.raw)], []byte("4925")), "the buffer is overwritten")
}
