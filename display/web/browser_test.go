package web

import (
	"bytes"
	"context"
	"flag"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

// screenshots is where to put pictures of everything, for people to look at:
//
//	go test ./display/web -run Browser -screenshots /tmp/screens
var screenshots = flag.String("screenshots", "", "directory for PNG pictures of all screens")

// size of a kiosk's screen.
type size struct {
	name          string
	width, height int64
}

var sizes = []size{
	{"800x480", 800, 480}, {"1280x720", 1280, 720}, {"480x800", 480, 800},
	{"1024x600", 1024, 600}, {"1920x1080", 1920, 1080},
}

// browser is a tab of a headless Chromium.
type browser struct {
	t     *testing.T
	ctx   context.Context
	shown int // Views so far
	// struck is when the last key was, by the clock of the events.
	struck time.Time
	// complaints are console messages and exceptions of the tab.
	complaints chan string
}

// openBrowser starts Chromium, or skips the test and says so.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("NOT TESTED: chromium is not installed, no browser has shown the pages")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", false), chromedp.Flag("disable-dev-shm-usage", true),
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(options...), chromedp.WithLogf(t.Logf))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
	})
	b := &browser{t: t, ctx: ctx, complaints: make(chan string, 100)}
	b.do(chromedp.Navigate("about:blank"))
	b.still()
	console := chromedp.Console(ctx)
	go func() {
		for message, err := range console {
			if err != nil {
				return
			}
			b.complaints <- string(message.Type) + ": " + message.Text
		}
	}()
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

// still switches animations off, so that a picture shows the final state.
func (b *browser) still() {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return chromedp.Void{}, err
	})
	require.NoError(b.t, err)
}

func (b *browser) resize(s size) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(s.width, s.height))
}

// open loads a page.
func (b *browser) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.until(`document.getElementById("screen") !== null`)
}

// show waits until the page shows v. A View without a trip is told from the one
// before by showing another with a trip in between.
func (b *browser) show(s *Server, v display.View) {
	b.t.Helper()
	b.shown++
	mark := strconv.Itoa(1000 + b.shown)
	if v.Trip == "" {
		between := v
		between.Trip = mark
		s.Show(between)
		b.until(`document.getElementById("screen").dataset.trip === "` + mark + `"`)
		mark = ""
	} else {
		v.Trip = mark
	}
	s.Show(v)
	b.until(`document.getElementById("screen").dataset.trip === "` + mark + `"`)
}

// tap touches the middle of an element, as a finger does. One that the page replaces
// between looking for it and touching it is looked for again.
func (b *browser) tap(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
	for err != nil && strings.Contains(err.Error(), "Could not find node") && ctx.Err() == nil {
		err = chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
	}
	if err != nil {
		b.keep("failed")
	}
	require.NoError(b.t, err, selector)
}

// eval runs an expression in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return value
}

// until waits for an expression to become true, also across a reload of the page.
func (b *browser) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[bool](expression))
	for err != nil && ctx.Err() == nil {
		_, err = chromedp.Run(ctx, chromedp.Poll[bool](expression))
	}
	require.NoError(b.t, err, expression)
}

// keep takes a screenshot if pictures were asked for.
func (b *browser) keep(name string) {
	b.t.Helper()
	if *screenshots != "" {
		b.picture(name)
	}
}

// picture takes a screenshot, and keeps it if pictures were asked for.
func (b *browser) picture(name string) []byte {
	b.t.Helper()
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	if *screenshots != "" {
		require.NoError(b.t, os.MkdirAll(*screenshots, 0o755))
		require.NoError(b.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), shot, 0o644))
	}
	return shot
}

// sees says whether an element's own ground is in the picture, just inside its left
// edge. Asking the page would not do: what a dialog keeps from being touched is not
// found at a point, though it may lie over it.
func (b *browser) sees(selector string) bool {
	b.t.Helper()
	at := eval[struct{ X, Y, R, G, B int }](b, `(() => {
		const el = document.querySelector("`+selector+`");
		const [box, ground] = [el.getBoundingClientRect(), getComputedStyle(el).backgroundColor.match(/\d+/g).map(Number)];
		return {X: Math.round(box.x + 8), Y: Math.round(box.y + box.height / 2), R: ground[0], G: ground[1], B: ground[2]};
	})()`)
	picture, err := png.Decode(bytes.NewReader(b.picture("seen")))
	require.NoError(b.t, err)
	red, green, blue, _ := picture.At(at.X, at.Y).RGBA()
	return [3]int{int(red >> 8), int(green >> 8), int(blue >> 8)} == [3]int{at.R, at.G, at.B}
}

// quiet fails the test if the console has said anything.
func (b *browser) quiet() {
	b.t.Helper()
	for {
		select {
		case said := <-b.complaints:
			require.Fail(b.t, "the console says", said)
		default:
			return
		}
	}
}

// decode reads the code in a picture with an independent program; ok is false if
// that is not installed.
func decode(t *testing.T, shot []byte) (text string, ok bool) {
	t.Helper()
	path, err := exec.LookPath("zbarimg")
	if err != nil {
		return "", false
	}
	file := filepath.Join(t.TempDir(), "screen.png")
	require.NoError(t, os.WriteFile(file, shot, 0o600))
	out, err := exec.CommandContext(t.Context(), path, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	require.NoError(t, err, "no code was read from the picture")
	return strings.TrimSuffix(string(out), "\n"), true
}
