package capture

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// commands are one of each kind, with the length that the command set gives it.
var commands = []struct {
	name  string
	bytes string
}{
	{"ESC @", "\x1b@"}, {"ESC i", "\x1bi"}, {"ESC a", "\x1ba1"}, {"ESC !", "\x1b!\x30"}, {"ESC SP", "\x1b \x02"},
	{"ESC $", "\x1b$\x0a\x0d"}, {"ESC p", "\x1bp\x00\x19\xfa"}, {"ESC W", "\x1bW12345678"}, {"ESC D", "\x1bD\x08\x10\x18\x00"},
	{"ESC * 8 dots", "\x1b*\x00\x03\x00abc"}, {"ESC * 24 dots", "\x1b*\x21\x02\x00abcdef"},
	{"ESC &", "\x1b&\x02AB\x01ab\x02abcd"}, {"ESC & none", "\x1b&\x02BA"},
	{"GS !", "\x1d!\x11"}, {"GS L", "\x1dL\x0a\x0d"}, {"GS g", "\x1dg0\x00\x0a\x0d"}, {"GS V 0", "\x1dV\x00"}, {"GS V 66", "\x1dVB\x0a"},
	{"GS ( k", "\x1d(k\x04\x00\x31\x41\x32\x00"}, {"GS ( empty", "\x1d(E\x00\x00"}, {"GS 8 L", "\x1d8L\x03\x00\x00\x00abc"},
	{"GS *", "\x1d*\x01\x02abcdefghijklmnop"}, {"GS v 0", "\x1dv0\x00\x02\x00\x02\x00abcd"},
	{"GS k 4", "\x1dk\x041234\x00"}, {"GS k 73", "\x1dk\x49\x031\x0a\x00"},
	{"FS &", "\x1c&"}, {"FS !", "\x1c!\x01"}, {"FS S", "\x1cS\x01\x02"}, {"FS (", "\x1c(A\x02\x00ab"},
	{"DLE EOT", "\x10\x04\x01"}, {"DLE EOT 7", "\x10\x04\x07\x01"}, {"DLE ENQ", "\x10\x05\x01"}, {"DLE DC4", "\x10\x14\x01\x00\x01"}, {"DLE DC4 8", "\x10\x14\x081234567"},
}

// ops records what a stripper tells.
type ops struct {
	text bytes.Buffer
	dirt int
	log  []string
}

func (o *ops) take(t told) {
	switch t.op {
	case opText:
		o.text.Write(t.text)
	case opDirt:
		o.dirt += t.n
	case opPicture: // tells as many bytes in as many pieces as come
	default:
		o.log = append(o.log, fmt.Sprint(t.op, t.n, string(t.text)))
	}
}

func strip(pieces ...[]byte) *ops {
	var o ops
	s := stripper{emit: o.take}
	for _, p := range pieces {
		s.feed(p)
	}
	return &o
}

func TestCommandsAreTakenOutByTheirLength(t *testing.T) {
	t.Parallel()
	for _, c := range commands {
		o := strip([]byte("12,00" + c.bytes + "34,00"))
		require.Equal(t, "12,0034,00", o.text.String(), c.name)
		require.Zero(t, o.dirt, c.name)
		for i := 1; i < len(c.bytes); i++ {
			s := stripper{emit: func(told) {}}
			s.feed([]byte(c.bytes[:i]))
			require.True(t, s.pending(), "%s after %d bytes", c.name, i)
		}
	}
}

func TestUnknownCommandsCostTwoBytes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\x1b~b":                  "ab",
		"a\x1b\x1b@b":              "ab",                  // the second begins one
		"a\x1d\x0ab":               "ab",                  // LF is one
		"a\x1dkZb":                 "aZb",                 // no such barcode
		"a\x1d8L\xff\xff\xff\xffb": "aL\xff\xff\xff\xffb", // a picture of 4 GB is noise
	} {
		o := strip([]byte(in))
		require.Equal(t, want, o.text.String(), "%q", in)
		require.NotZero(t, o.dirt)
	}
}

func TestLineEnds(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"a\nb\n": 2, "a\rb\r": 2, "a\r\nb\r\n": 2, "a\n\rb\n\r": 2, "\n\n\n": 3, "\r\n\r\n": 2} {
		require.Len(t, strip([]byte(in)).log, want, "%q", in)
	}
}

// tape draws a stream of prints, whole and damaged, with noise between them.
func tape(t *rapid.T) []byte {
	var p []byte
	for range rapid.IntRange(0, 8).Draw(t, "parts") {
		switch rapid.IntRange(0, 3).Draw(t, "part") {
		case 0:
			p = append(p, rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "noise")...)
		case 1:
			p = append(p, rapid.SliceOfN(rapid.SampledFrom([]byte{esc, gs, fs, dle, lf, cr, nul, 4, '0', 'v', '*', 'k', '@', 't', 5}), 0, 30).Draw(t, "likely")...)
		case 2:
			p = append(p, rapid.SampledFrom(commands).Draw(t, "command").bytes...)
		default:
			whole := unhex(worked)
			p = append(p, whole[rapid.IntRange(0, 20).Draw(t, "from"):rapid.IntRange(300, len(whole)).Draw(t, "to")]...)
		}
	}
	return p
}

func TestPiecesDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := tape(t)
		whole := strip(p)
		cut := rapid.IntRange(0, len(p)).Draw(t, "cut")
		require.Equal(t, whole, strip(p[:cut], p[cut:]))
		var ones [][]byte
		for i := range p {
			ones = append(ones, p[i:i+1])
		}
		one := strip(ones...)
		require.Equal(t, whole.text.String(), one.text.String())
		require.Equal(t, whole.log, one.log)
		require.Equal(t, whole.dirt, one.dirt)
	})
}

// Whatever comes before, a receipt that begins after the printer was idle is read.
func TestAReceiptAfterNoiseIsRead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg, err := parseConfig(map[string]any{"profile": "no-32"})
		require.NoError(t, err)
		d := newDesk(cfg, workedAt)
		d.hear(rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "noise"))
		d.hear([]byte(rapid.SampledFrom([]string{"", "\x1b", "\x10", "\x1dv0\x00\xff\x00\xff\x00", "\x1b&\x03\x00\xff", "\x1bD", "\x1d(k\x00\xff"}).Draw(t, "cut off")))
		d.events = nil
		d.bytes(unhex(worked), workedAt.Add(2*time.Minute))
		require.Len(t, d.records(), 1)
		require.EqualValues(t, 46800, d.records()[0].Total)
		require.Empty(t, d.records()[0].Doubts)
	})
}

// One changed character never makes a wrong total that nothing is doubted about.
func TestADamagedReceiptIsNeverASoundWrongAmount(t *testing.T) {
	t.Parallel()
	cfg, err := parseConfig(map[string]any{"profile": "no-32"})
	require.NoError(t, err)
	p := unhex(worked)
	for i := range p {
		for bit := range 8 {
			damaged := bytes.Clone(p)
			damaged[i] ^= 1 << bit
			for _, r := range newDesk(cfg, workedAt).hear(damaged).records() {
				if len(r.Doubts) == 0 {
					require.EqualValues(t, 46800, r.Total, "byte %d bit %d", i, bit)
				}
			}
		}
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add(unhex(worked))
	for _, c := range commands {
		f.Add([]byte("1,00\n" + c.bytes + "2,00\n"))
	}
	for _, name := range Profiles() {
		p, err := os.ReadFile(filepath.Join("testdata", "golden", name+".bin"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p)
	}
	var cfgs []Config
	for _, name := range Profiles() {
		cfg, err := parseConfig(map[string]any{"profile": name})
		if err != nil {
			f.Fatal(err)
		}
		cfg.Mode = Printer
		cfgs = append(cfgs, cfg)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if n := len(p); n > 0 {
			whole, cut := strip(p), strip(p[:n/2], p[n/2:])
			require.Equal(t, whole.text.String(), cut.text.String())
			require.Equal(t, whole.log, cut.log)
		}
		for _, cfg := range cfgs {
			d := newDesk(cfg, workedAt).hear(p)
			require.NoError(t, d.err, "the guard lets all answers pass")
			require.LessOrEqual(t, cap(d.split.raw), 2*maxText)
			for _, r := range d.records() {
				require.NotEmpty(t, r.Key)
			}
		}
		Learn(p)
	})
}

func BenchmarkReceipts(b *testing.B) {
	cfg, err := parseConfig(map[string]any{"profile": "no-32"})
	require.NoError(b, err)
	p := unhex(worked)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		d := newDesk(cfg, workedAt)
		d.bytes(p, workedAt)
		if len(d.records()) != 1 {
			b.Fatal("not read")
		}
	}
}

func BenchmarkStrip(b *testing.B) {
	p := bytes.Repeat(unhex(worked), 100)
	b.SetBytes(int64(len(p)))
	s := stripper{emit: func(told) {}}
	for b.Loop() {
		s.feed(p)
	}
}
