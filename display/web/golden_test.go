package web

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/display/web/html"
	"taxiterminal/money"
	"taxiterminal/trip/shift"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares what every page shows for every kind of View, one file a
// page and language, so that a review reads them as a book of screens.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		kind   pageKind
		scenes []scenery
	}{
		{"passenger", passenger, passengerScenes()},
		{"driver", driver, driverScenes()},
		{"locked", locked, driverScenes()[4:5]},
	} {
		for _, tag := range []string{"nb", "en"} {
			t.Run(tt.name+"."+tag, func(t *testing.T) {
				t.Parallel()
				compare(t, tt.name+"."+tag+".html", book(t, tt.kind, tag, tt.scenes))
			})
		}
	}
}

// TestGoldenSheets: what the driver's page lays over itself.
func TestGoldenSheets(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	closed := summary()
	closed.To, closed.Open = day.Add(time.Hour), nil
	for _, c := range r.set.Catalogues() {
		s := r.scene(view(display.Due, ""), c)
		var b strings.Builder
		for _, sheet := range []struct {
			name string
			html html.Node
		}{
			{"trip", tripSheet(s.trip(tripDetail("0041")))},
			{"trip with everything", tripSheet(s.trip(tripDetail("0038")))},
			{"shift", shiftSheet(s.shift(summary(), day.Add(20*time.Minute)))},
			{"shift closed", shiftSheet(s.shift(closed, day))},
			{"shift without trips", shiftSheet(s.shift(shift.Summary{Currency: money.NOK}, day))},
		} {
			b.WriteString("\n<!-- ======== " + sheet.name + " ======== -->\n")
			b.WriteString(lines(sheet.html))
		}
		require.NotContains(t, b.String(), "{", "a placeholder was not filled in")
		compare(t, "sheets."+c.Tag()+".html", b.String())
	}
}

func TestGoldenPage(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, kind := range []pageKind{passenger, driver} {
		page := wholePage(kind, r.set.Default(), r.version, html.Say("main", "…"))
		compare(t, []string{"page.passenger.html", "page.driver.html"}[kind], lines(page))
	}
}

func testRenderer(t testing.TB) *renderer {
	t.Helper()
	r, err := newRenderer(options(withPIN))
	require.NoError(t, err)
	return r
}

// modules of a code have goldens of their own, in package qr.
var modules = regexp.MustCompile(`(class="dark" d=")[^"]*`)

func book(t *testing.T, kind pageKind, tag string, scenes []scenery) string {
	t.Helper()
	r := testRenderer(t)
	var b strings.Builder
	for _, s := range scenes {
		b.WriteString("\n<!-- ======== " + s.name + " ======== -->\n")
		html := lines(r.frame(s.view).html(variant{kind, tag}))
		require.NotContains(t, html, "{", "%s: a placeholder was not filled in", s.name)
		b.WriteString(modules.ReplaceAllString(html, "$1…"))
	}
	return b.String()
}

// lines puts a line break between tags that stand side by side, for those who read.
func lines(n html.Node) string {
	return strings.TrimSpace(strings.ReplaceAll(n.String(), "><", ">\n<")) + "\n"
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
