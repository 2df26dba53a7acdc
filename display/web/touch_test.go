package web

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
)

// presses hands what is pressed to the test.
func presses(err error) (chan string, func(*Options)) {
	made := make(chan string, 10)
	return made, withDesk(&desk{err: err, made: made})
}

const (
	isAsking  = `document.getElementById("confirm").open`
	notAsking = `!document.getElementById("confirm").open`
	toastText = `document.getElementById("toast").textContent`
)

// TestBrowserConfirm: while a request is live one touch does nothing, two do.
func TestBrowserConfirm(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	made, withPresses := presses(nil)
	s, _ := start(t, options(withPresses))
	b.resize(sizes[0])
	s.Show(view(display.Due, "", code, actions(display.ActionNew, display.ActionCash)))
	b.open("http://" + s.Addr() + "/driver?lang=en")

	b.tap(`[data-action="cash"]`)
	b.until(isAsking)
	b.tap("#no")
	b.until(notAsking)
	require.Empty(t, made)

	b.tap(`[data-action="cash"]`)
	b.tap("#yes")
	require.Equal(t, "cash 0042", <-made)
	b.until(notAsking)
	b.until(toastText + ` === "Done: Cash"`)
	require.Empty(t, made, "pressed once")

	s.Show(view(display.Failed, display.ReasonDeclined, actions(display.ActionCash)))
	b.until(`document.querySelector("[data-confirm]") === null`)
	b.tap(`[data-action="cash"]`)
	require.Equal(t, "cash 0042", <-made, "nothing is live: no question")
	b.quiet()
}

// TestBrowserQuestionGoesWithItsReason: when the passenger approves while the
// driver is being asked, or the trip is another, there is nothing to answer any more.
func TestBrowserQuestionGoesWithItsReason(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	made, withPresses := presses(nil)
	s, _ := start(t, options(withPresses))
	b.resize(sizes[0])
	due := view(display.Due, "", code, actions(display.ActionCash))
	other := due
	other.Trip = "0043"
	for _, then := range []display.View{view(display.Approved, ""), other, view(display.Failed, display.ReasonExpired, actions(display.ActionCash))} {
		s.Show(due)
		b.open("http://" + s.Addr() + "/driver")
		b.tap(`[data-action="cash"]`)
		b.until(isAsking)
		same := due
		same.Driver.Queue.Pending++
		s.Show(same)
		b.until(`document.querySelector(".chips").textContent.includes("1 i kø")`)
		require.True(t, eval[bool](b, isAsking), "a View that changes nothing about it")
		s.Show(then)
		b.until(notAsking)
	}
	require.Empty(t, made)
}

// TestBrowserRefusalIsShown in the driver's words.
func TestBrowserRefusalIsShown(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	_, withPresses := presses(display.RefusedAlreadyApproved)
	s, _ := start(t, options(withPresses))
	s.Show(view(display.Failed, display.ReasonDeclined, actions(display.ActionNew)))
	b.open("http://" + s.Addr() + "/driver?lang=nb")
	b.tap(`[data-action="new"]`)
	b.until(toastText + ` === "Kunden har allerede godkjent. Betalingen gjelder."`)
}

// TestBrowserButtonStaysUnderTheFinger: a fare that ticks must not replace the
// button that is being pressed, nor play the entrance again.
func TestBrowserButtonStaysUnderTheFinger(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, _ := start(t, options())
	ticking := func(fare money.Minor) display.View {
		return view(display.Hired, "", actions(display.ActionCard), amount(fare))
	}
	s.Show(ticking(100))
	b.open("http://" + s.Addr() + "/driver")
	eval[bool](b, `document.querySelector("[data-action]").mine = true`)
	for fare := money.Minor(1); fare < 10; fare++ {
		s.Show(ticking(100 * fare))
		b.until(fmt.Sprintf(`document.querySelector(".sum").textContent.includes("%d,00")`, fare))
		require.True(t, eval[bool](b, `document.querySelector("[data-action]").mine === true`))
		require.False(t, eval[bool](b, `document.getElementById("screen").classList.contains("arriving")`))
	}
}

func TestBrowserPIN(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	made, withPresses := presses(nil)
	s, _ := start(t, options(withPIN, withPresses))
	b.resize(sizes[0])
	s.Show(view(display.Failed, display.ReasonDeclined, actions(display.ActionNew)))
	b.open("http://" + s.Addr() + "/driver?lang=en")
	enter := func(digits string) {
		for _, d := range digits {
			b.tap(`[data-digit="` + string(d) + `"]`)
		}
		b.tap("[data-unlock]")
	}
	enter("1234")
	b.until(toastText + ` === "Wrong PIN"`)
	require.Empty(t, eval[string](b, `document.querySelector("[data-dots]").textContent`))
	enter("4711")
	b.until(`document.querySelector("[data-action]") !== null`)
	b.tap(`[data-action="new"]`)
	require.Equal(t, "new 0042", <-made)
	b.tap("[data-lock]")
	b.until(`document.querySelector("[data-digit]") !== null && document.querySelector("[data-action]") === null`)
}

// TestBrowserLanguage: the passenger chooses, the next one starts afresh.
func TestBrowserLanguage(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, _ := start(t, options())
	b.resize(sizes[0])
	s.Show(view(display.Due, "", code))
	b.open("http://" + s.Addr() + "/")
	b.until(`document.querySelector(".steps").textContent.includes("Åpne Vipps")`)
	b.tap(`[data-lang="en"]`)
	b.until(`document.querySelector(".steps").textContent.includes("Open Vipps")`)
	require.Equal(t, "en", eval[string](b, `document.documentElement.lang`))
	b.show(s, view(display.Paid, ""))
	b.until(`document.querySelector("h1").textContent === "Paid"`)
	require.Equal(t, "Paid: NOK\u00a0286.50", eval[string](b, `document.getElementById("announce").textContent`))
	s.Show(view(display.Idle, "", vacant))
	b.until(`document.querySelector("h1").textContent === "Betal med Vipps"`)
	b.quiet()
}

// TestBrowserCountdown runs between two beats on the page's own clock.
func TestBrowserCountdown(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, _ := start(t, options())
	s.Show(view(display.Due, "", code, expires(61*time.Second)))
	b.open("http://" + s.Addr() + "/")
	b.until(`/^(1:00|0:\d\d)$/.test(document.querySelector("[data-left]").textContent)`)
	left := eval[string](b, `document.querySelector("[data-left]").textContent`)
	b.until(fmt.Sprintf(`document.querySelector("[data-left]").textContent !== %q`, left))
	require.True(t, eval[bool](b, `document.querySelector(".left").classList.contains("soon")`))
	s.Show(view(display.Due, "", code))
	b.until(`document.querySelector(".left").classList.contains("timeless")`)
	s.Show(view(display.Due, "", claim))
	b.until(`document.querySelector("[data-left]") === null`)
	b.until(`document.getElementById("announce").textContent.startsWith("Å betale: 286,50\u00a0kr. Bilen har ikke dekning")`)
}

// TestBrowserRestart: the daemon goes away and comes back as another version, on
// the same port; nobody touches the page.
func TestBrowserRestart(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, stop := start(t, options())
	s.Show(view(display.Due, "", code))
	b.open("http://" + s.Addr() + "/")
	b.until(`document.getElementById("screen").dataset.screen === "due"`)
	addr := s.Addr()
	stop()
	b.until(`document.getElementById("lost").textContent !== ""`)
	require.True(t, eval[bool](b, `document.querySelector(".code") !== null`), "the code stays: it can still be paid")

	s, stop = start(t, options(func(o *Options) { o.Addr = addr }))
	s.Show(view(display.Paid, ""))
	b.until(`document.getElementById("lost").textContent === "" && document.getElementById("screen").dataset.screen === "paid"`)
	eval[bool](b, `window.sameDocument = true`)
	stop()

	s, _ = start(t, options(func(o *Options) { o.Addr, o.Version = addr, "v2" }))
	s.Show(view(display.Idle, "", vacant))
	b.until(`document.body?.dataset.version === "v2" && document.getElementById("screen")?.dataset.screen === "idle"`)
	require.False(t, eval[bool](b, `window.sameDocument === true`), "the page of the old version was not reloaded")
}

// TestBrowserNoButtonsWithoutTheServer: what the driver sees may be stale, so a
// press does nothing rather than something unexpected later.
func TestBrowserNoButtonsWithoutTheServer(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, stop := start(t, options())
	b.resize(sizes[0])
	s.Show(view(display.Due, "", code, actions(display.ActionNew, display.ActionCash)))
	b.open("http://" + s.Addr() + "/driver")
	b.tap(`[data-action="cash"]`)
	b.until(isAsking)
	stop()
	b.until(notAsking)
	b.tap(`[data-action="cash"]`)
	require.False(t, eval[bool](b, isAsking))
	require.Empty(t, eval[string](b, toastText))
}

// TestBrowserHungServer: the connection stays open and nothing comes. The page
// says so, and tries another connection.
func TestBrowserHungServer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes several seconds of real time")
	}
	b := openBrowser(t)
	s, err := New(options())
	require.NoError(t, err)
	require.NoError(t, s.Listen())
	hang := &hangListener{Listener: s.listener, stuck: make(chan struct{})}
	s.listener = hang
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-ended)
	}()

	s.Show(view(display.Due, "", code))
	b.open("http://" + s.Addr() + "/")
	b.until(`document.getElementById("screen").dataset.screen === "due"`)
	hang.hang()
	b.until(`document.body.classList.contains("lost")`)
	s.Show(view(display.Paid, ""))
	b.until(`document.getElementById("screen").dataset.screen === "paid" && !document.body.classList.contains("lost")`)
}

// hangListener makes all connections that are open at one moment swallow what is
// written to them; later ones work.
type hangListener struct {
	net.Listener
	mu    sync.Mutex
	stuck chan struct{}
}

func (l *hangListener) hang() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.stuck)
	l.stuck = make(chan struct{})
}

func (l *hangListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	return &hangConn{c, l.stuck}, err
}

type hangConn struct {
	net.Conn
	stuck <-chan struct{}
}

func (c *hangConn) Write(p []byte) (int, error) {
	select {
	case <-c.stuck:
		return len(p), nil
	default:
		return c.Conn.Write(p)
	}
}
