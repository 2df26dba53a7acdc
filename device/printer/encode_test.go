package printer_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"taxiterminal/device/printer"
)

func narrow(page printer.CodePage) printer.Config { return printer.Config{Page: page, Dots: 384} }

func TestGoldenBytes(t *testing.T) {
	t.Parallel()
	job, err := printer.Encode(printer.Document{Lines: []printer.Line{
		{Text: "Kvittering", Big: true, Centred: true},
		{Text: "KOPI", Bold: true, Centred: true},
		{},
		{Text: "Å betale  286,50 €"},
	}}, printer.Config{Page: printer.PC858, Dots: 384, Cut: true})
	require.NoError(t, err)
	require.Equal(t, strings.Join([]string{
		"1b40", "1c2e", "1b5200", "1b7413", // from nothing, Western, own signs, page 19
		"1b6101", "1d2111", hex.EncodeToString([]byte("Kvittering")), "0a",
		"1b4501", "1d2100", hex.EncodeToString([]byte("KOPI")), "0a",
		"1b6100", "1b4500", "0a",
		"8f", hex.EncodeToString([]byte(" betale  286,50 ")), "d5", "0a",
		"1d564200",
	}, ""), hex.EncodeToString(job))

	job, err = printer.Encode(printer.Document{}, narrow(printer.PC850))
	require.NoError(t, err)
	require.Equal(t, "1b401c2e1b52001b7402"+"1b6405", hex.EncodeToString(job), "without a cutter it is fed to the edge")
}

func TestCharactersOfThePages(t *testing.T) {
	t.Parallel()
	const nordic = "æøåÆØÅäöÄÖé"
	for _, tt := range []struct {
		page   printer.CodePage
		number byte
		text   string
		want   string
	}{
		{printer.PC858, 19, nordic + "€", "\x91\x9b\x86\x92\x9d\x8f\x84\x94\x8e\x99\x82\xd5"},
		{printer.PC850, 2, nordic + "€", "\x91\x9b\x86\x92\x9d\x8f\x84\x94\x8e\x99\x82E"},
		{printer.PC865, 5, nordic + "€", "\x91\x9b\x86\x92\x9d\x8f\x84\x94\x8e\x99\x82E"},
		{printer.WPC252, 16, nordic + "€", "\xe6\xf8\xe5\xc6\xd8\xc5\xe4\xf6\xc4\xd6\xe9\x80"},
		{printer.PC858, 19, "\u22121\u00a0286,50 – «Łódź» …", "-1 286,50 - \xaeL\xa2dz\xaf ."},
		{printer.PC858, 19, "a\u030a e\u0301 q\u0301", "\x86 \x82 q"}, // accents apart from their letters
		{printer.PC858, 19, "日本 \U0001f696 ½ ⅓", "     \xab  "},
		{printer.PC858, 19, "a\x1b@\n\r\x00\x7f\u009bb", "a @     b"},
		{printer.PC858, 19, "\xff\xfe", "  "},
	} {
		job, err := printer.Encode(printer.Document{Lines: []printer.Line{{Text: tt.text}}}, narrow(tt.page))
		require.NoError(t, err)
		s := decode(t, job)
		require.Equal(t, tt.number, s.table)
		require.Equal(t, []printed{{text: tt.want}}, s.lines, "%q on %s", tt.text, tt.page)
	}
}

// TestAnyTextIsOnlyText: a job has the lines of its document, as wide and in the
// style that they are there, and no command that was not meant.
func TestAnyTextIsOnlyText(t *testing.T) {
	t.Parallel()
	text := rapid.OneOf(
		rapid.StringN(0, 60, 240),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.Cc, unicode.Latin, unicode.Mn), 0, 60, 240),
		rapid.SampledFrom([]string{"\x1b@", "\x1dV\x00", "\x10\x04\x01", "\x1c&", "\x1b\x1b\x1b", "\u009b2J", "\xc2"}),
	)
	rapid.Check(t, func(t *rapid.T) {
		var d printer.Document
		for range rapid.IntRange(0, 6).Draw(t, "lines") {
			d.Lines = append(d.Lines, printer.Line{
				Text: text.Draw(t, "text"), Bold: rapid.Bool().Draw(t, "bold"),
				Big: rapid.Bool().Draw(t, "big"), Centred: rapid.Bool().Draw(t, "centred"),
			})
		}
		cfg := narrow(rapid.SampledFrom(printer.CodePages()).Draw(t, "page"))
		cfg.Cut = rapid.Bool().Draw(t, "cut")
		job, err := printer.Encode(d, cfg)
		require.NoError(t, err)
		s := decode(t, job)
		require.Len(t, s.lines, len(d.Lines))
		require.Equal(t, []bool{cfg.Cut, !cfg.Cut}, []bool{s.cut, s.fed})
		for i, l := range d.Lines {
			require.Equal(t, columns(l.Text), len(s.lines[i].text), "%q printed as %q", l.Text, s.lines[i].text)
			require.Equal(t, strings.Count(l.Text, "?"), strings.Count(s.lines[i].text, "?"))
			require.Equal(t, []bool{l.Bold, l.Big, l.Centred}, []bool{s.lines[i].bold, s.lines[i].big, s.lines[i].centred})
		}
	})
}

// columns are the places that a text takes, counted another way than the encoder does.
func columns(text string) int {
	n := 0
	for _, r := range norm.NFC.String(text) {
		if !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Me, r) && !unicode.Is(unicode.Cf, r) {
			n++
		}
	}
	return n
}

// board is a code for tests: a dark frame and a dark middle.
type board int

func (b board) Size() int { return int(b) }

func (b board) Dark(x, y int) bool {
	last := int(b) - 1
	return x == 0 || y == 0 || x == last || y == last || x == last/2 && y == last/2
}

func TestACodeIsDrawnModuleByModule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ size, dots, scale int }{{21, 384, 8}, {33, 384, 8}, {57, 384, 5}, {57, 576, 8}, {177, 384, 2}} {
		code := board(tt.size)
		job, err := printer.Encode(printer.Document{Code: code}, printer.Config{Page: printer.PC858, Dots: tt.dots})
		require.NoError(t, err)
		picture := decode(t, job).picture
		span := (tt.size + 8) * tt.scale
		require.Len(t, picture, span)
		wrong := 0
		for y, row := range picture {
			require.Len(t, row, (span+7)/8*8)
			require.LessOrEqual(t, len(row), tt.dots)
			for x, dark := range row {
				mx, my := x/tt.scale-4, y/tt.scale-4
				inside := mx >= 0 && my >= 0 && mx < tt.size && my < tt.size && x < span
				if dark != (inside && code.Dark(mx, my)) {
					wrong++
				}
			}
		}
		require.Zero(t, wrong, "dots")
	}
}

func TestDocumentsThatCannotBePrinted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		d    printer.Document
		want error
	}{
		{printer.Document{Code: board(177)}, printer.ErrCodeTooWide},
		{printer.Document{Code: board(0)}, printer.ErrCodeTooWide},
		{printer.Document{Code: board(1 << 40)}, printer.ErrCodeTooWide},
		{printer.Document{Lines: make([]printer.Line, 601)}, printer.ErrTooLong},
		{printer.Document{Lines: []printer.Line{{Text: strings.Repeat("x", 401)}}}, printer.ErrTooLong},
	} {
		_, err := printer.Encode(tt.d, printer.Config{Page: printer.PC858, Dots: 128})
		require.ErrorIs(t, err, tt.want)
	}
}
