package page

import (
	"context"
	"encoding/binary"
	"flag"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// screenshots is where to put pictures of everything, for people to look at:
//
//	go test ./fleet/page -run Browser -screenshots /tmp/pages
var screenshots = flag.String("screenshots", "", "directory for PNG pictures of all pages")

// phone is the size of one, in CSS pixels.
const phoneWidth, phoneHeight = 390, 844

// browser is a tab of a headless Chromium the size of a phone.
type browser struct {
	t   *testing.T
	ctx context.Context
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
		chromedp.Flag("disable-dev-shm-usage", true),
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(options...), chromedp.WithLogf(t.Logf))
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
	})
	b := &browser{t: t, ctx: ctx, complaints: make(chan string, 100)}
	b.do(chromedp.Navigate("about:blank"))
	b.resize(phoneWidth)
	b.scheme("light")
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

func (b *browser) resize(width int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, phoneHeight))
}

// scheme is light or dark; nothing moves, so that a picture shows the final state.
func (b *browser) scheme(name string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-reduced-motion", Value: "reduce"}, {Name: "prefers-color-scheme", Value: name},
	}})
}

// scripts switches the page's own scripts on or off.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// call is one command of the DevTools protocol without an answer.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, command, params)
		return chromedp.Void{}, err
	})
	require.NoError(b.t, err)
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
	b.until(`document.getElementById("live") !== null && document.styleSheets.length === 1`)
}

// tap touches the middle of an element, as a finger does.
func (b *browser) tap(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector))), selector)
}

// eval runs an expression in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, "%.200s", expression)
	return value
}

// until waits for an expression to become true, also across a load of another page.
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
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.MkdirAll(*screenshots, 0o755))
	require.NoError(b.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644))
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

// everybody is a new passenger with each request, so that a test can ask much.
func everybody() func(*http.Request) netip.Addr {
	var n atomic.Uint32
	return func(*http.Request) netip.Addr {
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], 10<<24+n.Add(1))
		return netip.AddrFrom4(ip)
	}
}

// host serves the pages on loopback, with a payment app next to them.
func host(t *testing.T, g *gateway) (p *Pages, base string) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	base = "http://" + s.Listener.Addr().String()
	p = pages(t, g, func(o *Options) { o.Base, o.Peer = base, everybody() })
	mux := http.NewServeMux()
	mux.Handle("/", p.Handler())
	mux.HandleFunc("GET /x-crowded", func(w http.ResponseWriter, r *http.Request) {
		p.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.turnAway(w, p.visit(r, "")) })).ServeHTTP(w, r)
	})
	s.Config.Handler = mux
	s.Start()
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return p, base
}

// landed is the payment app's page.
func landed(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<title>app</title><p id=app>" + r.Referer()))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/?token=Zm9v&x=%2F~a"
}
