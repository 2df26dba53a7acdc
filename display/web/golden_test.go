package web

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
