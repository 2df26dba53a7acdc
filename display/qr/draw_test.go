package qr_test

import (
	"encoding/xml"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/display/qr"
)

// TestDrawingsAgree draws both ways and compares pixel by pixel: every module has
// its full square, the quiet zone is white.
func TestDrawingsAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		code := encode(t, rapid.StringMatching(`[a-zA-Z0-9:/.-]{1,120}`).Draw(t, "text"))
		scale := rapid.IntRange(1, 5).Draw(t, "scale")
		img := code.Raster(scale)
		require.Equal(t, code.Span()*scale, img.Rect.Dx())
		require.Equal(t, code.Span()*scale, img.Rect.Dy())

		painted := paint(t, code)
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				mx, my := x/scale-qr.QuietZone, y/scale-qr.QuietZone
				dark := img.ColorIndexAt(x, y) == 1
				require.Equal(t, code.Dark(mx, my), dark, "pixel %d,%d", x, y)
				require.Equal(t, painted[my+qr.QuietZone][mx+qr.QuietZone], dark, "path at %d,%d", mx, my)
			}
		}
	})
}

var rectangle = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// paint fills the rectangles of the path into a square of Span modules.
func paint(t require.TestingT, code *qr.Code) [][]bool {
	grid := make([][]bool, code.Span())
	for i := range grid {
		grid[i] = make([]bool, code.Span())
	}
	require.Empty(t, rectangle.ReplaceAllString(code.Path(), ""), "the path has something else than runs")
	for _, m := range rectangle.FindAllStringSubmatch(code.Path(), -1) {
		x, y, width, back := number(t, m[1]), number(t, m[2]), number(t, m[3]), number(t, m[4])
		require.Equal(t, width, back)
		for i := range width {
			require.False(t, grid[y][x+i], "painted twice")
			grid[y][x+i] = true
		}
	}
	return grid
}

func number(t require.TestingT, s string) int {
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

func TestFit(t *testing.T) {
	t.Parallel()
	code := encode(t, vippsText) // 33 modules, 41 with the quiet zone
	for _, tt := range []struct{ pixels, want int }{
		{-1, 0}, {0, 0}, {40, 0}, {41, 1}, {81, 1}, {82, 2}, {448, 10},
	} {
		require.Equal(t, tt.want, code.Fit(tt.pixels), "%d pixels", tt.pixels)
	}
	require.Equal(t, 41, code.Raster(0).Rect.Dx(), "scale below one")
}

func TestSVGIsWellFormed(t *testing.T) {
	t.Parallel()
	var svg struct {
		ViewBox   string `xml:"viewBox,attr"`
		Rendering string `xml:"shape-rendering,attr"`
		Paths     []struct {
			Fill string `xml:"fill,attr"`
		} `xml:"path"`
	}
	require.NoError(t, xml.Unmarshal([]byte(encode(t, vippsText).SVG()), &svg))
	require.Equal(t, "0 0 41 41", svg.ViewBox)
	require.Equal(t, "crispEdges", svg.Rendering)
	require.Len(t, svg.Paths, 2, "white ground, dark modules")
	require.Equal(t, "#fff", svg.Paths[0].Fill)
}

// TestIndependentDecoder photographs symbols of many sizes and has another
// program read them.
func TestIndependentDecoder(t *testing.T) {
	t.Parallel()
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("NOT TESTED: zbarimg is not installed (apt install zbar-tools), no independent decoder has read the symbols")
	}
	texts := []string{vippsText, "1", "0123456789", "HTTPS://EXAMPLE.COM/T122"}
	for n := 40; n <= qr.MaxText; n += 163 {
		texts = append(texts, rapid.StringMatching(fmt.Sprintf(`[!-~]{%d}`, n)).Example(n))
	}
	texts = append(texts, strings.Repeat("https://car.example/", qr.MaxText)[:qr.MaxText])
	for _, text := range texts {
		require.Equal(t, text, read(t, zbarimg, encode(t, text)))
	}
}

func read(t *testing.T, zbarimg string, code *qr.Code) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.png")
	file, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, png.Encode(file, code.Raster(4)))
	require.NoError(t, file.Close())

	out, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	require.NoError(t, err, "version %d was not read", code.Version())
	return strings.TrimSuffix(string(out), "\n")
}
