package qr_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/display/qr"
)

var update = flag.Bool("update", false, "write the golden files anew")

// vippsText has the shape of what the payment API gives with TEXT/TARGETURL.
const vippsText = "https://qr.vipps.no/p/9f1f0d6e-3a4e-4c0e-8a5e-1a2b3c4d5e6f"

// TestModulesGolden pins the symbol itself, so that an upgrade of the library or
// a change of the choice of level shows as a picture in the review.
func TestModulesGolden(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"vipps":   vippsText,
		"numeric": "0123456789",
		"longest": strings.Repeat("taxi-", qr.MaxText/5) + "end",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := encode(t, text)
			golden(t, name+".txt", art(code))
		})
	}
}

func TestSVGGolden(t *testing.T) {
	t.Parallel()
	golden(t, "vipps.svg", encode(t, vippsText).SVG())
}

func TestEncodeLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       error
	}{
		{"empty", "", qr.ErrEmpty},
		{"one byte", "a", nil},
		{"longest bytes", strings.Repeat("ø", qr.MaxText/2), nil},
		{"one byte too long", strings.Repeat("a", qr.MaxText+1), qr.ErrTooLong},
		{"digits are held to the same limit", strings.Repeat("1", qr.MaxText+1), qr.ErrTooLong},
		{"not UTF-8", "https://qr.vipps.no/\xff", qr.ErrNotUTF8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, err := qr.Encode(tt.text)
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.want == nil, code != nil)
		})
	}
}

// TestErrorsDoNotQuoteTheText: whoever reads the log must not be able to pay.
func TestErrorsDoNotQuoteTheText(t *testing.T) {
	t.Parallel()
	_, err := qr.Encode(strings.Repeat(vippsText, 40))
	require.ErrorIs(t, err, qr.ErrTooLong)
	require.NotContains(t, err.Error(), "vipps")
}

// TestEveryText checks for texts of every length what a phone relies on.
func TestEveryText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte().Filter(func(b byte) bool { return b < 0x80 }), 1, qr.MaxText).Draw(t, "text"))
		code, err := qr.Encode(text)
		require.NoError(t, err)

		require.LessOrEqual(t, code.Version(), 20)
		require.Equal(t, 17+4*code.Version(), code.Size())
		require.Equal(t, code.Size()+8, code.Span())
		requireFinder(t, code, 0, 0)
		requireFinder(t, code, code.Size()-7, 0)
		requireFinder(t, code, 0, code.Size()-7)
		requireSmallestAndStrongest(t, code, text)

		again, err := qr.Encode(text)
		require.NoError(t, err)
		require.Equal(t, code.Path(), again.Path())
	})
}

// requireFinder looks for one of the three seven-module squares.
func requireFinder(t require.TestingT, code *qr.Code, x, y int) {
	want := []string{"#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"}
	for dy, row := range want {
		for dx, module := range row {
			require.Equal(t, module == '#', code.Dark(x+dx, y+dy), "finder at %d,%d", x+dx, y+dy)
		}
	}
}

// requireSmallestAndStrongest asks the library about every level: none gives a
// smaller symbol, and every stronger one a larger.
func requireSmallestAndStrongest(t require.TestingT, code *qr.Code, text string) {
	order := map[qr.Level]qrcode.RecoveryLevel{
		qr.L: qrcode.Low, qr.M: qrcode.Medium, qr.Q: qrcode.High, qr.H: qrcode.Highest,
	}
	for _, level := range order {
		other, err := qrcode.New(text, level)
		if err != nil {
			continue
		}
		require.GreaterOrEqual(t, other.VersionNumber, code.Version())
		if level > order[code.Level()] {
			require.Greater(t, other.VersionNumber, code.Version(), "a stronger level would have fitted")
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for b.Loop() {
		code, err := qr.Encode(vippsText)
		if err != nil || code.Path() == "" {
			b.Fatal(err)
		}
	}
}

func encode(t require.TestingT, text string) *qr.Code {
	code, err := qr.Encode(text)
	require.NoError(t, err)
	return code
}

// art draws the symbol with its quiet zone, two characters a module.
func art(code *qr.Code) string {
	var b strings.Builder
	for y := -qr.QuietZone; y < code.Size()+qr.QuietZone; y++ {
		for x := -qr.QuietZone; x < code.Size()+qr.QuietZone; x++ {
			if code.Dark(x, y) {
				b.WriteString("##")
			} else {
				b.WriteString("..")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
