package capture

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter"
)

// worked is a receipt whose bytes and contents were worked out by hand. The bytes of
// its picture, after GS *, are line ends and beginnings of commands.
const worked = `
1004011b401b74051b61011b21304e4f5244544158492041530a1b21001b61004f72672e6e72203939392038383820373737204d56410a
4c9b7976653a204f2d31323334202042696c3a20454c31323334350a4b766974746572696e67206e723a203030343731310a
53746172743a2031342e30332e323032362032333a35310a536c7574743a2031352e30332e323032362030303a30390a
44697374616e73653a2020202020202020372c34206b6d0a54616b7374203220202020202020203431322c30300a
426f6d70656e6765722020202020202033312c30300a54696c6c65676720202020202020202032352c30300a
1b45018f20424554414c45204e4f4b2020203436382c30300a1b45004865726176204d56412031322520202035302c31340a
53756d20696e6b6c2e204d564120203436382c30300a1d2a01010a0d021b1d1041421b64041d564200`

// workedTOML is what a technician writes for it.
const workedTOML = `
mode = "tap"                      # tap | printer | tee | lines
dialect = "escpos"                # escpos | plain
charset = "cp865"
job_end = ["cut", "idle:1500ms"]
money = { currency = "NOK", decimal = ",", thousands = " ." }
zone = "Europe/Oslo"
date_layouts = ["02.01.2006 15:04"]
[[classify]]
kind = "copy"
match = '(?m)^\s*KOPI\b'
[[classify]]
kind = "shift_report"
match = '(?mi)skiftlapp|skiftrapport'
[[classify]]
kind = "receipt"
match = '(?m)^Å BETALE'
[fields]
receipt = { re = '(?mi)^Kvittering\s*nr[:.]?\s*(?P<v>\d+)', required = true }
start   = { re = '(?mi)^Start:\s*(?P<v>\d\d\.\d\d\.\d{4}\s+\d\d:\d\d)' }
finish  = { re = '(?mi)^Slutt:\s*(?P<v>\d\d\.\d\d\.\d{4}\s+\d\d:\d\d)' }
km      = { re = '(?mi)^Distanse:\s*(?P<v>\d+,\d)\s*km' }
fare    = { re = '(?mi)^Takst\s+\d+\s+(?P<v>[\d .]+,\d\d)$', policy = "sum" }
tolls   = { re = '(?mi)^Bompenger\s+(?P<v>[\d .]+,\d\d)$', policy = "sum" }
extras  = { re = '(?mi)^Tillegg\s+(?P<v>[\d .]+,\d\d)$', policy = "sum" }
total   = { re = '(?m)^Å BETALE NOK\s+(?P<v>[\d .]+,\d\d)$', required = true }
vat     = { re = '(?mi)^Herav MVA\s*12\s*%\s+(?P<v>[\d .]+,\d\d)$' }
[checks]
sum = ["fare", "tolls", "extras", "=", "total"]
min_total = "1,00"
max_total = "20000,00"
`

func unhex(s string) []byte {
	p, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return p
}

func configOf(t testing.TB, text string) Config {
	t.Helper()
	c, err := parseConfig(rawOf(t, text))
	require.NoError(t, err)
	return c
}

func rawOf(t testing.TB, text string) map[string]any {
	t.Helper()
	raw := map[string]any{}
	require.NoError(t, toml.Unmarshal([]byte(text), &raw))
	return raw
}

// desk is a session without a line: the test says what the meter sends and when, and
// sees what goes out and what is told.
type desk struct {
	*session
	sent   []byte
	events []meter.Event
}

func (d *desk) Write(p []byte) (int, error) { d.sent = append(d.sent, p...); return len(p), nil }

func newDesk(cfg Config, now time.Time) *desk {
	d := &desk{}
	d.session = newSession(cfg, quiet, d, func(e meter.Event) { d.events = append(d.events, e) }, &seen{}, now)
	return d
}

// hear lets the meter print, and waits until the printer is idle.
func (d *desk) hear(p []byte) *desk {
	d.bytes(p, d.now)
	d.idle(d.now.Add(time.Minute))
	return d
}

// records are what was told about trips.
func (d *desk) records() (records []meter.Record) {
	for _, e := range d.events {
		if r, ok := e.(meter.TripRecord); ok {
			records = append(records, r.Record)
		}
	}
	return records
}

// trips are all events but health.
func (d *desk) trips() (events []meter.Event) {
	for _, e := range d.events {
		if _, ok := e.(meter.Health); !ok {
			events = append(events, e)
		}
	}
	return events
}

func (d *desk) health() meter.Health {
	var last meter.Health
	for _, e := range d.events {
		if h, ok := e.(meter.Health); ok {
			last = h
		}
	}
	return last
}

var oslo = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		panic(err)
	}
	return zone
}()

var workedAt = time.Date(2026, 3, 15, 0, 10, 0, 0, oslo)

func TestTheWorkedReceipt(t *testing.T) {
	t.Parallel()
	cfg := configOf(t, workedTOML)
	require.Len(t, unhex(worked), 334)

	d := newDesk(cfg, workedAt)
	var jobs []Job
	split := newSplitter(cfg, func(j Job) { jobs = append(jobs, j) }, func([]byte) {})
	split.Feed(unhex(worked), workedAt)
	require.Len(t, jobs, 1)
	require.Equal(t, 13, jobs[0].Lines)
	require.Equal(t, 8, jobs[0].Pictures)
	require.Zero(t, jobs[0].Dirt)
	require.Equal(t, EndCut, jobs[0].End)
	require.Contains(t, jobs[0].Text, "Løyve: O-1234  Bil: EL12345\n")

	r, err := cfg.Read(jobs[0])
	require.NoError(t, err)
	require.EqualValues(t, 5014, r.VAT)
	require.EqualValues(t, 3100, r.Tolls)
	require.EqualValues(t, 2500, r.Extras)
	require.Equal(t, "004711", r.Receipt)

	d.hear(unhex(worked))
	require.Equal(t, []meter.Event{
		meter.PositionChanged{Position: meter.Stopped, Resync: true},
		meter.TripRecord{Final: true, Record: meter.Record{
			Total: 46800, Fare: 41200, Supplements: 5600, Distance: new(int64(7400)), Key: r.key(),
			Start:  time.Date(2026, 3, 14, 23, 51, 0, 0, oslo),
			Finish: time.Date(2026, 3, 15, 0, 9, 0, 0, oslo),
		}},
		meter.PositionChanged{Position: meter.ForHire},
		meter.Health{State: meter.HealthOK},
	}, d.events)
	require.Empty(t, d.sent, "a tap sends nothing")
}

func TestTheWorkedReceiptAsPrinter(t *testing.T) {
	t.Parallel()
	cfg := configOf(t, workedTOML)
	cfg.Mode = Printer
	d := newDesk(cfg, workedAt).hear(unhex(worked))
	require.Equal(t, []byte{0x12}, d.sent, "one request; the 10 41 in the picture is none")
	require.Len(t, d.records(), 1)
}

func TestTheWorkedReceiptCutAtEveryByte(t *testing.T) {
	t.Parallel()
	p := unhex(worked)
	whole := newDesk(configOf(t, workedTOML), workedAt).hear(p).trips()
	for i := range p {
		d := newDesk(configOf(t, workedTOML), workedAt)
		d.bytes(p[:i], workedAt)
		d.hear(p[i:])
		require.Equal(t, whole, d.trips(), "cut at %d", i)
	}
}

func TestTheWorkedReceiptTwiceAndAsACopy(t *testing.T) {
	t.Parallel()
	d := newDesk(configOf(t, workedTOML), workedAt).hear(unhex(worked)).hear(unhex(worked))
	require.Len(t, d.records(), 1, "the same once more is no trip")

	mark := []byte("\x1b@KOPI\n")
	d = newDesk(configOf(t, workedTOML), workedAt).hear(append(mark, unhex(worked)[5:]...))
	require.Empty(t, d.records(), "a copy is no trip")
	require.Equal(t, meter.HealthOK, d.health().State)
}

// However early the paper ends, there is no amount, or the right one.
func TestTheWorkedReceiptCutShort(t *testing.T) {
	t.Parallel()
	p := unhex(worked)
	for i := range p {
		d := newDesk(configOf(t, workedTOML), workedAt).hear(p[:i])
		for _, r := range d.records() {
			require.EqualValues(t, 46800, r.Total, "cut short at %d", i)
		}
	}
	d := newDesk(configOf(t, workedTOML), workedAt).hear(append(p[:strings.Index(string(p), "Kvittering")], "\x8f BETALE NOK 468,00\n"...))
	require.Empty(t, d.records())
	require.Equal(t, meter.Health{State: meter.HealthDegraded, Detail: "receipt read: receipt is missing: print a copy, or type the amount"}, d.health())
}

var update = flag.Bool("update", false, "write the golden receipts anew")

// The golden receipts are what a printer of each layout gets, and what they say.
func TestGoldenReceipts(t *testing.T) {
	t.Parallel()
	for _, name := range Profiles() {
		t.Run(name, func(t *testing.T) {
			cfg := configOf(t, `profile = "`+name+`"`)
			base := filepath.Join("testdata", "golden", name)
			if *update {
				writeGolden(t, name, cfg, base)
			}
			p, err := os.ReadFile(base + ".bin")
			require.NoError(t, err)
			want, err := os.ReadFile(base + ".txt")
			require.NoError(t, err)
			require.Equal(t, string(want), report(cfg, p))
		})
	}
}

// report reads a tape of prints at one time of the day.
func report(cfg Config, p []byte) string {
	var b strings.Builder
	split := newSplitter(cfg, func(j Job) {
		fmt.Fprintf(&b, "-- %s, end %s, %d lines, dirt %d, pictures %d\n%s\n", cfg.Classify(j), j.End, j.Lines, j.Dirt, j.Pictures, j.Text)
	}, func([]byte) {})
	split.Feed(p, goldenAt)
	split.Idle(goldenAt.Add(time.Hour))
	b.WriteString("== records\n")
	for _, r := range newDesk(cfg, goldenAt).hear(p).records() {
		distance := "-"
		if r.Distance != nil {
			distance = fmt.Sprint(*r.Distance)
		}
		fmt.Fprintf(&b, "total %s fare %s supplements %s tax %s distance %s tariff %q\nstart %s finish %s\nkey %s doubts %v\n",
			r.Total.Decimal(), r.Fare.Decimal(), r.Supplements.Decimal(), r.Tax.Decimal(), distance, r.Tariff,
			r.Start.UTC().Format(time.RFC3339), r.Finish.UTC().Format(time.RFC3339), r.Key, r.Doubts)
	}
	return b.String()
}

var goldenAt = time.Date(2026, 3, 14, 22, 59, 30, 0, time.UTC)

// writeGolden prints a receipt over midnight of a long trip, its copy, and the shift
// report.
func writeGolden(t *testing.T, name string, cfg Config, base string) {
	s := simulator(t, SimulatorConfig{Profile: name, Logo: name == "no-48"})
	slip := Slip{Receipt: "004711", Trip: "00812", Tariff: "2", Metres: 43250, Fare: 123400, Extras: 4500, Total: 127900,
		Start: goldenAt.Add(-40 * time.Minute), Finish: goldenAt, Trips: 14, Sum: 412350}
	if cfg.Fields[FieldTolls].Re != nil {
		slip.Tolls, slip.Total = 6200, 134100
	}
	var p []byte
	for _, as := range []string{"receipt", "copy", "shift"} {
		s.print(slip, as)
		p = append(p, s.queue[len(s.queue)-1].bytes...)
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(base), 0o755))
	require.NoError(t, os.WriteFile(base+".bin", p, 0o644))
	require.NoError(t, os.WriteFile(base+".txt", []byte(report(cfg, p)), 0o644))
}
