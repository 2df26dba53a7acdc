package sticker_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/vehicle/sticker"
	"taxiterminal/display/qr"
)

const text = "https://qr.example/9f1f0d6e-3a4e"

func modules(t require.TestingT, text string) [][]bool {
	code, err := qr.Encode(text)
	require.NoError(t, err)
	m := make([][]bool, code.Size())
	for y := range m {
		m[y] = make([]bool, code.Size())
		for x := range m[y] {
			m[y][x] = code.Dark(x, y)
		}
	}
	return m
}

var languages = []sticker.Words{
	{Headline: "Betal turen her", Text: "Skann koden med kameraet eller Vipps", Hint: "Sjekk at siden viser T122 før du betaler"},
	{Headline: "Pay here", Text: "Scan the code with your camera", Hint: "Check that the page shows T122"},
	{Headline: "Betala här", Text: "Skanna koden med kameran", Hint: "Kontrollera att sidan visar T122"},
	{Headline: "Maksa täällä", Text: "Skannaa koodi kameralla", Hint: "Tarkista, että sivulla näkyy T122"},
	{Headline: "Betal her", Text: "Scan koden med kameraet", Hint: "Tjek, at siden viser T122"},
}

// ordinary is what most operators print; crowded is as much as fits.
func ordinary(t require.TestingT, f sticker.Format, n int) sticker.Sticker {
	return sticker.Sticker{Format: f, Modules: modules(t, text), Vehicle: "T122", ID: "taxi-T122-7GK2QX",
		Operator: "Fjordtaxi Bodø", Words: languages[:n]}
}

func crowded(t require.TestingT, f sticker.Format) sticker.Sticker {
	return sticker.Sticker{Format: f, Marks: true, Modules: modules(t, text), Vehicle: "WWWWMMMMWWWWMMMM", ID: "taxi-WWWWMMMMWWWWMMMM-7GK2QX",
		Operator: "Østfold og Follo Drosjesentral og Turbiltrafikk Samvirkeforetak avd. Ytre Ås", Words: languages}
}

func write(t require.TestingT, s ...sticker.Sticker) []byte {
	var b bytes.Buffer
	require.NoError(t, sticker.Write(&b, s...))
	return b.Bytes()
}

func TestTheSameStickersGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	all := []sticker.Sticker{ordinary(t, sticker.A7, 5), crowded(t, sticker.A6)}
	first := write(t, all...)
	for range 5 {
		require.Equal(t, first, write(t, all...))
	}
	require.NotContains(t, string(first), "202", "a date")
	require.Less(t, len(first), 100_000, "fonts are embedded as far as they are used")
}

// TestIndependentDecoder renders pages as a printer does and has another program
// read the codes.
func TestIndependentDecoder(t *testing.T) {
	t.Parallel()
	pdftoppm, zbarimg := tool(t, "pdftoppm", "poppler-utils"), tool(t, "zbarimg", "zbar-tools")
	long := text + strings.Repeat("/9f1f0d6e", 7)
	dense := ordinary(t, sticker.A7, 2)
	dense.Modules = modules(t, long)
	for _, tt := range []struct {
		name    string
		sticker sticker.Sticker
		want    string
	}{
		{"A7, one language", ordinary(t, sticker.A7, 1), text},
		{"A7, five languages", ordinary(t, sticker.A7, 5), text},
		{"A7, crowded", crowded(t, sticker.A7), text},
		{"A7, dense", dense, long},
		{"A6, one language", ordinary(t, sticker.A6, 1), text},
		{"A6, five languages", ordinary(t, sticker.A6, 5), text},
		{"A6, crowded", crowded(t, sticker.A6), text},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pages := render(t, pdftoppm, write(t, tt.sticker))
			require.Len(t, pages, 1)
			requireSize(t, pages[0], tt.sticker)
			out, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", pages[0]).Output()
			require.NoError(t, err, "the code was not read")
			require.Equal(t, tt.want, strings.TrimSuffix(string(out), "\n"))
		})
	}
}

func tool(t *testing.T, name, pack string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("NOT TESTED: %s is not installed (apt install %s), no independent program has looked at the stickers", name, pack)
	}
	return path
}

const dpi = 150

// render gives a picture of each page. STICKER_PICTURES names a folder to keep them
// in, for people to look at.
func render(t *testing.T, pdftoppm string, pdf []byte) []string {
	folder := t.TempDir()
	if keep := os.Getenv("STICKER_PICTURES"); keep != "" {
		folder = filepath.Join(keep, strings.ReplaceAll(filepath.Base(t.Name()), ",", ""))
		require.NoError(t, os.MkdirAll(folder, 0o755))
	}
	path := filepath.Join(folder, "stickers.pdf")
	require.NoError(t, os.WriteFile(path, pdf, 0o644))
	out, err := exec.CommandContext(t.Context(), pdftoppm, "-r", fmt.Sprint(dpi), "-png", path, filepath.Join(folder, "page")).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out), "the renderer complains")
	pages, err := filepath.Glob(filepath.Join(folder, "page*.png"))
	require.NoError(t, err)
	return pages
}

// requireSize checks the paper, and that nothing is printed outside the margin but
// the marks.
func requireSize(t *testing.T, page string, s sticker.Sticker) {
	t.Helper()
	file, err := os.Open(page)
	require.NoError(t, err)
	defer file.Close()
	img, err := png.Decode(file)
	require.NoError(t, err)
	width, height, margin, slug := 74.0, 105.0, 5.0, 0.0
	if s.Format == sticker.A6 {
		width, height, margin = 105, 148, 7
	}
	if s.Marks {
		slug = 8
	}
	pixels := func(mm float64) int { return int(math.Round(mm / 25.4 * dpi)) }
	require.InDelta(t, pixels(width+2*slug), img.Bounds().Dx(), 1)
	require.InDelta(t, pixels(height+2*slug), img.Bounds().Dy(), 1)

	inner := img.Bounds().Inset(pixels(slug+margin) - 1)
	marks := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, _, _, _ := img.At(x, y).RGBA()
			if r > 0xf000 || x >= inner.Min.X && x < inner.Max.X && y >= inner.Min.Y && y < inner.Max.Y {
				continue
			}
			marks++
			require.True(t, s.Marks && (near(x, pixels(slug), pixels(slug+width)) || near(y, pixels(slug), pixels(slug+height))),
				"ink at %d,%d, outside the margin", x, y)
		}
	}
	require.Equal(t, s.Marks, marks > 0)
}

func near(x int, places ...int) bool {
	for _, p := range places {
		if x >= p-1 && x <= p+1 {
			return true
		}
	}
	return false
}

func TestOnePageForEach(t *testing.T) {
	t.Parallel()
	pdftoppm := tool(t, "pdftoppm", "poppler-utils")
	pdf := write(t, ordinary(t, sticker.A7, 1), crowded(t, sticker.A6), ordinary(t, sticker.A7, 5))
	pages := render(t, pdftoppm, pdf)
	require.Len(t, pages, 3)
	require.Equal(t, 2, bytes.Count(pdf, []byte("/TrimBox [0.00 0.00 209.76 297.64]")), "A7 in points")
	require.Equal(t, 1, bytes.Count(pdf, []byte("/TrimBox [22.68 22.68 320.31 442.20]")), "A6 within 8 mm of paper")
	requireSize(t, pages[1], crowded(t, sticker.A6))
	requireSize(t, pages[2], ordinary(t, sticker.A7, 5))
}

// TestWordsArePrinted has the words read back out of the file.
func TestWordsArePrinted(t *testing.T) {
	t.Parallel()
	pdftotext := tool(t, "pdftotext", "poppler-utils")
	path := filepath.Join(t.TempDir(), "stickers.pdf")
	s := crowded(t, sticker.A7)
	s.Words = append(s.Words[:2:2], sticker.Words{Headline: "Čálit ŋ đ ŧ š ž", Text: "Zażółć gęślą jaźń", Hint: "– „…“ €"})
	require.NoError(t, os.WriteFile(path, write(t, s), 0o644))
	out, err := exec.CommandContext(t.Context(), pdftotext, path, "-").Output()
	require.NoError(t, err)
	flat := strings.Join(strings.Fields(string(out)), " ")
	require.Contains(t, flat, s.Operator)
	require.Contains(t, flat, s.Vehicle)
	require.Contains(t, flat, s.ID)
	flat = strings.ReplaceAll(flat, " · ", " ")
	for _, w := range s.Words {
		for _, part := range []string{w.Headline, w.Text, w.Hint} {
			require.Contains(t, flat, part)
		}
	}
}

func TestWhatCannotBePrintedIsRefused(t *testing.T) {
	t.Parallel()
	change := func(f func(*sticker.Sticker)) sticker.Sticker {
		s := ordinary(t, sticker.A7, 1)
		f(&s)
		return s
	}
	words := func(w sticker.Words) sticker.Sticker {
		return change(func(s *sticker.Sticker) { s.Words = []sticker.Words{w} })
	}
	for _, tt := range []struct {
		want    string
		sticker sticker.Sticker
	}{
		{`format "A5" unknown`, change(func(s *sticker.Sticker) { s.Format = "A5" })},
		{"not a QR symbol", change(func(s *sticker.Sticker) { s.Modules = nil })},
		{"not a QR symbol", change(func(s *sticker.Sticker) { s.Modules = s.Modules[1:] })},
		{"not a QR symbol", change(func(s *sticker.Sticker) { s.Modules[3] = nil })},
		{"vehicle has 0 characters: use 1 to 16", change(func(s *sticker.Sticker) { s.Vehicle = "" })},
		{"vehicle has 0 characters", change(func(s *sticker.Sticker) { s.Vehicle = "\u00a0 " })},
		{"vehicle has 17 characters", change(func(s *sticker.Sticker) { s.Vehicle = strings.Repeat("T", 17) })},
		{"id has 129 characters", change(func(s *sticker.Sticker) { s.ID = strings.Repeat("T", 129) })},
		{"operator has 81 characters", change(func(s *sticker.Sticker) { s.Operator = strings.Repeat("å", 81) })},
		{`operator holds '出'`, change(func(s *sticker.Sticker) { s.Operator = "出租车" })},
		{`holds '\n'`, change(func(s *sticker.Sticker) { s.Operator = "a\nb" })},
		{"operator is not valid UTF-8", change(func(s *sticker.Sticker) { s.Operator = "a\xff" })},
		{"words in 0 languages", change(func(s *sticker.Sticker) { s.Words = nil })},
		{"words in 7 languages", change(func(s *sticker.Sticker) { s.Words = append(languages[:5:5], languages[:2]...) })},
		{"headline has 0 characters", words(sticker.Words{})},
		{"headline has 61", words(sticker.Words{Headline: strings.Repeat("a", 61)})},
		{"text has 121", words(sticker.Words{Headline: "a", Text: strings.Repeat("a", 121)})},
		{"hint has 121", words(sticker.Words{Headline: "a", Hint: strings.Repeat("a", 121)})},
		{"use fewer languages, shorter words or A6", change(func(s *sticker.Sticker) { s.Modules = modules(t, strings.Repeat("a", qr.MaxText)); s.Words = languages })},
	} {
		var b bytes.Buffer
		err := sticker.Write(&b, ordinary(t, sticker.A7, 1), tt.sticker)
		require.ErrorContains(t, err, tt.want)
		require.ErrorContains(t, err, "write sticker 2: ")
		require.Zero(t, b.Len(), "nothing is written")
	}
	require.ErrorContains(t, sticker.Write(&bytes.Buffer{}), "0 of them")
	require.ErrorContains(t, sticker.Write(&bytes.Buffer{}, make([]sticker.Sticker, 501)...), "501 of them: use 1 to 500")
	require.ErrorIs(t, sticker.Write(brokenDisk{}, ordinary(t, sticker.A7, 1)), errDisk)
}

var errDisk = errors.New("disk full")

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errDisk }
