package web

import (
	_ "embed"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

//go:embed testdata/inspect.js
var inspectJS string

// report is what testdata/inspect.js found out about a page. Lengths are in CSS
// pixels.
type report struct {
	Problems []string `json:"problems"`
	Contrast float64  `json:"contrast"` // the lowest of all texts
	Palest   string   `json:"palest"`
	Smallest float64  `json:"smallest"` // font size
	Tiniest  string   `json:"tiniest"`
	Action   float64  `json:"action"` // height of the lowest button that does something
	Button   float64  `json:"button"` // height of the lowest button of all
	Module   float64  `json:"module"` // width of the code's modules
	OffGrid  float64  `json:"offGrid"`
}

// TestBrowserLayout shows every kind of View on every size of screen in every
// language and looks for what a person would complain about.
func TestBrowserLayout(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, _ := start(t, options(withDesk(&desk{})))
	for _, size := range sizes {
		for _, tag := range languages(size) {
			b.resize(size)
			name := size.name + "-" + tag + "-"
			b.open("http://" + s.Addr() + "/?lang=" + tag)
			for _, scene := range passengerScenes() {
				b.show(s, scene.view)
				b.keep("passenger-" + name + scene.name)
				checkPassenger(t, b, "passenger "+name+scene.name, scene.view)
			}
			b.open("http://" + s.Addr() + "/driver?lang=" + tag)
			for _, scene := range driverScenes() {
				b.show(s, scene.view)
				b.keep("driver-" + name + scene.name)
				checkDriver(t, b, "driver "+name+scene.name)
			}
			b.quiet()
		}
	}
}

// languages to look at: screens that only show the same picture larger are looked at
// in one.
func languages(s size) []string {
	if s.name == "1024x600" || s.name == "1920x1080" {
		return []string{"nb"}
	}
	return []string{"nb", "en"}
}

func checkPassenger(t *testing.T, b *browser, name string, v display.View) {
	t.Helper()
	r := look(t, b, name)
	require.GreaterOrEqual(t, r.Button, 44.0, name)
	require.GreaterOrEqual(t, r.Smallest, 16.0, "%s: %s", name, r.Tiniest)
	if v.QR != "" {
		module := 9.0
		if v.Claim {
			module = 6 // a claim is long: 57 modules with the quiet zone
		}
		require.GreaterOrEqual(t, r.Module, module, name)
		require.InDelta(t, float64(int(r.Module)), r.Module, 1e-6, "%s: modules are not of whole pixels", name)
		require.Less(t, r.OffGrid, 1e-3, "%s: the code does not start on a pixel", name)
	}
}

func checkDriver(t *testing.T, b *browser, name string) {
	t.Helper()
	r := look(t, b, name)
	require.GreaterOrEqual(t, r.Action, 64.0, name)
	require.GreaterOrEqual(t, r.Smallest, 13.0, "%s: %s", name, r.Tiniest)
}

// look fails on anything that is wrong on every page.
func look(t *testing.T, b *browser, name string) report {
	t.Helper()
	eval[bool](b, `document.fonts.ready.then(() => true)`)
	r := eval[report](b, inspectJS)
	require.Empty(t, r.Problems, name)
	require.GreaterOrEqual(t, r.Contrast, 7.0, "%s: %s", name, r.Palest)
	return r
}

// TestBrowserOverlays looks at what lies over the driver's page: the question
// before an action, its answer, the PIN pad, the mark of a lost connection.
func TestBrowserOverlays(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	due := view(display.Due, "", code, actions(display.Actions()...), expires(8*time.Minute))
	fullest := driverScenes()[len(driverScenes())-1]
	for _, size := range sizes[:3] {
		for _, tag := range []string{"nb", "en"} {
			name := size.name + "-" + tag
			b.resize(size)
			p := desk{err: display.RefusedAlreadyApproved}
			s, _ := start(t, options(withDesk(&p)))
			s.Show(due)
			b.open("http://" + s.Addr() + "/driver?lang=" + tag)
			for _, action := range display.Actions() {
				b.tap(fmt.Sprintf(`[data-action="%s"]`, action))
				b.keep("confirm-" + name + "-" + string(action))
				checkDriver(t, b, "confirm "+name)
				b.tap("#no")
			}

			withDoor, stop := start(t, options(withPIN))
			withDoor.Show(due)
			b.open("http://" + withDoor.Addr() + "/driver?lang=" + tag)
			b.until(`document.querySelector("[data-digit]") !== null`)
			b.tap(`[data-digit="4"]`)
			b.tap(`[data-digit="7"]`)
			b.keep("pin-" + name)
			checkDriver(t, b, "pin "+name)
			b.show(withDoor, fullest.view)
			b.keep("pin-" + name + "-fullest")
			checkDriver(t, b, "pin with everything "+name)
			if size.name == "800x480" {
				stop()
				b.until(`document.body.classList.contains("lost")`)
				b.keep("lost-" + name)
				look(t, b, "lost "+name)
			}
		}
	}
}

// TestBrowserCodeIsReadable has another program read the code off the screen.
func TestBrowserCodeIsReadable(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, _ := start(t, options())
	for _, size := range sizes {
		b.resize(size)
		b.open("http://" + s.Addr() + "/")
		b.show(s, view(display.Due, "", parts, code, expires(5*time.Minute)))
		text, ok := decode(t, b.picture("code-"+size.name))
		if !ok {
			t.Skip("NOT TESTED: zbarimg is not installed (apt install zbar-tools), no independent decoder has read the screen")
		}
		require.Equal(t, vippsText, text, size.name)
		b.show(s, view(display.Due, "", manyParts, claim))
		text, _ = decode(t, b.picture("code-claim-"+size.name))
		require.Equal(t, claimText, text, size.name)
	}
}
