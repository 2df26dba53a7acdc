package sticker

import (
	"bytes"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"pgregory.net/rapid"
)

// TestTheFontsHaveWhatMayBePrinted asks the fonts themselves about every character
// that a sticker takes.
func TestTheFontsHaveWhatMayBePrinted(t *testing.T) {
	t.Parallel()
	for _, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
		font, err := sfnt.Parse(ttf)
		require.NoError(t, err)
		taken := 0
		for r := rune(0); r < 0x3000; r++ {
			if printable(r) {
				glyph, err := font.GlyphIndex(&sfnt.Buffer{}, r)
				require.NoError(t, err)
				require.NotZero(t, glyph, "%q", r)
				taken++
			}
		}
		require.Greater(t, taken, 300)
	}
	for _, r := range "æøåÆØÅäöÄÖđŋŧšžčáĐŊŦŠŽČÁéüßłńęąśćźż" {
		require.True(t, printable(r), "%q", r)
	}
}

// TestAnyWordsArePrintedOrRefused: no words of any length make a page on which
// things lie over each other or leave the sticker.
func TestAnyWordsArePrintedOrRefused(t *testing.T) {
	t.Parallel()
	latin := rapid.RuneFrom([]rune("aeioumwstrWMÅ    åøæ-.,"))
	str := func(most int) *rapid.Generator[string] {
		return rapid.Map(rapid.StringOfN(latin, 0, most-1, -1), func(s string) string { return "x" + s })
	}
	modules := make([][]bool, 33)
	for i := range modules {
		modules[i] = make([]bool, len(modules))
	}
	pdf := document()
	rapid.Check(t, func(t *rapid.T) {
		s := Sticker{
			Format: rapid.SampledFrom([]Format{A7, A6}).Draw(t, "format"), Marks: rapid.Bool().Draw(t, "marks"), Modules: modules,
			Vehicle: str(16).Draw(t, "vehicle"), ID: str(128).Draw(t, "id"), Operator: str(80).Draw(t, "operator"),
		}
		for range rapid.IntRange(1, maxWords).Draw(t, "languages") {
			s.Words = append(s.Words, Words{str(60).Draw(t, "headline"), str(120).Draw(t, "text"), str(120).Draw(t, "hint")})
		}
		require.NoError(t, s.check())
		l, err := lay(pdf, s)
		if err != nil {
			require.ErrorIs(t, err, ErrCrowded)
			return
		}
		require.GreaterOrEqual(t, l.slack, 0.0)
		require.GreaterOrEqual(t, l.side/41, minModule)
		for _, p := range append([]paragraph{l.operator, l.headline, l.text, l.number, l.hint, l.id}, l.others...) {
			require.NotEmpty(t, p.lines)
			for _, line := range p.lines {
				require.LessOrEqual(t, measure(pdf, line, p.size), l.width-2*margin*l.scale)
			}
		}
		require.Len(t, l.number.lines, 1)
		floor := l.height - margin*l.scale
		if s.Marks {
			floor += slug
		}
		require.InDelta(t, floor, l.page(pdf), 1e-6, "everything is on the sticker, down to its margin")
	})
}

var rectangle = regexp.MustCompile(`(?m)^([\d.]+) ([\d.]+) ([\d.]+) (-?[\d.]+) re f$`)

// TestTheRightModulesArePainted reads the rectangles out of the file: decoders also
// take a symbol that is mirrored, some telephones do not.
func TestTheRightModulesArePainted(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 2))
	for n := 21; n <= 45; n += 4 {
		m := make([][]bool, n)
		for y := range m {
			m[y] = make([]bool, n)
			for x := range m[y] {
				m[y][x] = dice.IntN(2) == 1
			}
		}
		m[0][0], m[0][n-1], m[n-1][0] = true, true, true // where the finders are
		pdf := document()
		pdf.SetCompression(false)
		l, err := lay(pdf, Sticker{Format: A7, Modules: m, Vehicle: "T122", Words: []Words{{Headline: "Pay here"}}})
		require.NoError(t, err)
		l.page(pdf)
		var file bytes.Buffer
		require.NoError(t, pdf.Output(&file))
		require.Equal(t, m, paint(t, file.String(), n, l.side/float64(n+2*quietZone)/mmPerPoint))
	}
}

// paint fills the rectangles of a file into a square of n modules; a module's side
// is in points, and y counts upwards.
func paint(t *testing.T, file string, n int, module float64) [][]bool {
	var rects [][4]float64
	left, top := math.MaxFloat64, 0.0
	for _, found := range rectangle.FindAllStringSubmatch(file, -1) {
		var r [4]float64
		for i := range r {
			v, err := strconv.ParseFloat(found[i+1], 64)
			require.NoError(t, err)
			r[i] = v
		}
		rects = append(rects, r)
		left, top = min(left, r[0]), max(top, r[1])
	}
	grid := make([][]bool, n)
	for i := range grid {
		grid[i] = make([]bool, n)
	}
	whole := func(points float64) int {
		modules := points / module
		require.InDelta(t, math.Round(modules), modules, 0.02, "not on the grid")
		return int(math.Round(modules))
	}
	for _, r := range rects {
		x, y := whole(r[0]-left), whole(top-r[1])
		for dy := range whole(-r[3]) {
			for dx := range whole(r[2]) {
				grid[y+dy][x+dx] = true
			}
		}
	}
	return grid
}
