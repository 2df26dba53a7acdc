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
			name, template string
			data           any
		}{
			{"trip", "trip", s.trip(tripDetail("0041"))},
			{"trip with everything", "trip", s.trip(tripDetail("0038"))},
			{"shift", "shift", s.shift(summary(), day.Add(20*time.Minute))},
			{"shift closed", "shift", s.shift(closed, day)},
			{"shift without trips", "shift", s.shift(shift.Summary{Currency: money.NOK}, day)},
		} {
			b.WriteString("\n<!-- ======== " + sheet.name + " ======== -->\n")
			b.Write(r.execute(sheet.template, sheet.data))
		}
		require.NotContains(t, b.String(), "{", "a placeholder was not filled in")
		compare(t, "sheets."+c.Tag()+".html", b.String())
	}
}

func TestGoldenPage(t *testing.T) {
	t.Parallel()
	r := testRenderer(t)
	for _, kind := range []pageKind{passenger, driver} {
		page := r.page(kind, r.set.Default(), []byte("<main>…</main>\n"))
		compare(t, []string{"page.passenger.html", "page.driver.html"}[kind], string(page))
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
		html := r.frame(s.view).html(variant{kind, tag})
		require.NotContains(t, string(html), "{", "%s: a placeholder was not filled in", s.name)
		b.Write(modules.ReplaceAll(html, []byte("$1…")))
	}
	return b.String()
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
