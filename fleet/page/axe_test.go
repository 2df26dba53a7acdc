package page

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// axeFile is what "make test" installs; see testdata/axe/package.json.
const axeFile = "testdata/axe/node_modules/axe-core/axe.min.js"

// run applies every rule of WCAG 2.2 AA and of good practice, and reports the
// violations, one line each.
const run = `axe.run({runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})
  .then((r) => ({Rules: r.passes.length, Violations: r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join("; "))}))`

// fits says what is cut off or hangs over: nothing may, and the page scrolls only down.
const fits = `[...document.querySelectorAll("body *")].filter((el) => !el.closest(".unseen, ul, noscript")
  && (el.getBoundingClientRect().right > innerWidth + 0.5 || el.getBoundingClientRect().left < -0.5
    || getComputedStyle(el).display !== "inline" && el.clientWidth > 0 && el.scrollWidth > el.clientWidth + 1))
  .map((el) => el.tagName + "." + el.className + " " + el.textContent.slice(0, 40))`

// TestBrowserAccessible shows every page in every language, light and dark, to
// axe-core, and looks whether everything fits, also on the narrowest phone and at
// four times the size on a desk (WCAG 1.4.10: 320 pixels).
func TestBrowserAccessible(t *testing.T) {
	b := openBrowser(t)
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		t.Skip("NOT TESTED: axe-core is not installed (make test-tools), nobody has looked whether the pages are accessible")
	}
	for _, tag := range Languages() {
		for _, s := range shots() {
			visitShot(t, b, string(axe), tag, s)
		}
	}
}

func visitShot(t *testing.T, b *browser, axe, tag string, s shot) {
	t.Helper()
	g := newGateway()
	p, base := host(t, g)
	to := "/x-crowded"
	if s.set != nil {
		s.set(g)
		to = s.target(p)
	}
	to += map[bool]string{true: "&", false: "?"}[strings.Contains(to, "?")] + "lang=" + tag
	b.open(base + to)
	require.Equal(t, tag, eval[string](b, `document.documentElement.lang`), s.name)
	eval[bool](b, axe+"; true")
	for _, scheme := range []string{"dark", "light"} {
		b.scheme(scheme)
		name := fmt.Sprintf("%s-%s-%s", s.name, tag, scheme)
		b.keep(name)
		r := eval[struct {
			Rules      int
			Violations []string
		}](b, run)
		require.Empty(t, r.Violations, name)
		require.Greater(t, r.Rules, 15, "axe has hardly looked at %s", name)
	}
	for _, width := range []int64{320, phoneWidth} {
		b.resize(width)
		require.Empty(t, eval[[]string](b, fits), "%s-%s at %d pixels", s.name, tag, width)
	}
	if strings.HasPrefix(s.name, "v-due") && s.name != "v-due-long" {
		bottom := eval[float64](b, `document.querySelector(".button").getBoundingClientRect().bottom`)
		require.LessOrEqual(t, bottom, float64(phoneHeight-100), "the button of %s-%s is below what a browser shows first", s.name, tag)
	}
}

// TestBrowserMenuIsAccessible opens the languages.
func TestBrowserMenuIsAccessible(t *testing.T) {
	b := openBrowser(t)
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		t.Skip("NOT TESTED: axe-core is not installed (make test-tools)")
	}
	_, base := host(t, newGateway())
	b.open(base + "/v/" + code + "?lang=nb")
	b.tap("summary")
	eval[bool](b, string(axe)+"; true")
	for _, scheme := range []string{"dark", "light"} {
		b.scheme(scheme)
		b.keep("menu-" + scheme)
		require.Empty(t, eval[struct{ Violations []string }](b, run).Violations)
	}
	b.tap(`a[hreflang="fi"]`)
	b.until(`document.documentElement.lang === "fi" && document.querySelector("h1").textContent === "Maksettava"`)
}
