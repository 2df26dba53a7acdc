package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

const (
	noSheet    = `!document.getElementById("sheet").open`
	typedText  = `document.querySelector(".sheet:not([hidden]) [data-typed]").textContent`
	everything = `document.documentElement.outerHTML + location.href + document.cookie +
		JSON.stringify({...localStorage, ...sessionStorage}) +
		performance.getEntriesByType("resource").map((r) => r.name).join()`
)

// atTheDesk is a tab with an unlocked driver's page whose trip can be sent and typed.
func atTheDesk(t *testing.T, tag string) (*browser, *Server, *desk) {
	t.Helper()
	b := openBrowser(t)
	d := &desk{made: make(chan string, 20)}
	s, _ := start(t, options(withPIN, withDesk(d)))
	b.resize(sizes[0])
	s.Show(view(display.Due, "", code, canSend, canType, actions(display.ActionCash)))
	b.openUnlocked(s, tag)
	return b, s, d
}

// TestBrowserSendsToANumber: typed or chosen, and forgotten afterwards.
func TestBrowserSendsToANumber(t *testing.T) {
	t.Parallel()
	b, s, d := atTheDesk(t, "en")
	b.tap(`[data-open="send"]`)
	b.tap("[data-send]")
	b.keys("90000001")
	require.Equal(t, "contacts 8 digits", d.next(t), "one search after the last digit")
	b.tap("[data-send]")
	require.Equal(t, "send 0042 to a phone number", d.next(t))
	require.Equal(t, display.Recipient{Number: "90000001"}, d.last())
	b.until(noSheet + ` && ` + toastText + ` === "Sent. Ask the passenger to open Vipps."`)
	require.NotContains(t, eval[string](b, everything), "90000001", "the number is gone")

	b.tap(`[data-open="send"]`)
	require.Empty(t, eval[string](b, typedText))
	b.keys("678")
	require.Equal(t, "contacts 3 digits", d.next(t))
	b.tap(`[data-contact="9007199254740993"]`)
	require.Equal(t, "send 0042 to contact 9007199254740993", d.next(t))
	b.until(noSheet)

	b.tap(`[data-open="send"]`)
	b.keys("12")
	other := view(display.Due, "", code, canSend)
	other.Trip = "0043"
	s.Show(other)
	b.until(noSheet)
	require.Empty(t, d.made, "what was typed for one trip is not for the next")
	b.quiet()
}

// TestBrowserScanner: a burst that ends with Enter is the passenger's code, on the
// page as in the sheet; what a person types is not.
func TestBrowserScanner(t *testing.T) {
	t.Parallel()
	b, s, d := atTheDesk(t, "nb")
	const personal = `https://qr.example/u?a=1&b="0042" æ`
	b.strike(personal, 5*time.Millisecond)
	require.Equal(t, "send 0042 to a personal code", d.next(t))
	require.Equal(t, display.Recipient{PersonalQR: personal}, d.last())
	require.NotContains(t, eval[string](b, everything), "qr.example")

	b.tap(`[data-open="send"]`)
	b.keys("47")
	b.strike("1234567890", 5*time.Millisecond)
	require.Equal(t, "send 0042 to a personal code", d.next(t))
	require.Equal(t, display.Recipient{PersonalQR: "1234567890"}, d.last())
	b.until(noSheet)

	b.tap(`[data-open="send"]`)
	b.strike("90000001", 60*time.Millisecond)
	call := d.next(t)
	for strings.HasPrefix(call, "contacts") { // searched while typing
		call = d.next(t)
	}
	require.Equal(t, "send 0042 to a phone number", call)
	require.Equal(t, display.Recipient{Number: "90000001"}, d.last())
	b.until(noSheet)

	b.strike("90000001", 60*time.Millisecond)
	s.Show(view(display.Approved, ""))
	b.until(`document.getElementById("screen").dataset.screen === "approved"`)
	b.strike(personal, 5*time.Millisecond)
	b.tap(`[data-open="shift"]`)
	require.Equal(t, "shift", d.next(t), "nothing was sent that could not be")
	b.quiet()
}

// strike presses keys as a keyboard does, with so much time between two of them, and
// Enter at the end. The time is the events' own, so that a slow machine changes nothing.
func (b *browser) strike(text string, gap time.Duration) {
	b.t.Helper()
	b.struck = b.struck.Add(time.Second)
	if now := time.Now(); b.struck.Before(now) {
		b.struck = now
	}
	for _, r := range text {
		b.press(string(r), string(r), gap)
	}
	b.press("Enter", "\r", gap)
}

func (b *browser) press(key, text string, gap time.Duration) {
	b.t.Helper()
	b.struck = b.struck.Add(gap)
	at := float64(b.struck.UnixMicro()) / 1e6
	_, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: "keyDown", Key: key, Text: text, Timestamp: input.TimeSinceEpoch(at),
		})
		return chromedp.Void{}, err
	})
	require.NoError(b.t, err)
}

// TestBrowserCodeOfAPhone: six digits and no fewer, kept while they are refused, and
// forgotten afterwards.
func TestBrowserCodeOfAPhone(t *testing.T) {
	t.Parallel()
	b, s, d := atTheDesk(t, "nb")
	s.Show(view(display.Due, "", claim, canConfirm))
	b.until(`document.querySelector('[data-open="confirm"]') !== null`)
	d.refuse(display.RefusedBadCode)
	b.tap(`[data-open="confirm"]`)
	b.keys("00940")
	b.tap("[data-prove]")
	b.until(toastText + ` === "Tast alle seks sifrene først."`)
	require.True(t, b.sees("#toast"), "what went wrong lies under the sheet")
	require.Empty(t, d.made)
	b.keys("11")
	require.Equal(t, "009401", eval[string](b, typedText), "a seventh digit does nothing")
	b.tap("[data-prove]")
	require.Equal(t, "confirm 0042 009401", d.next(t))
	b.until(toastText + `.startsWith("Koden viser ikke")`)

	d.refuse(nil)
	b.keys("back", "0")
	b.press("Enter", "\r", time.Second)
	require.Equal(t, "confirm 0042 009400", d.next(t))
	b.until(noSheet + ` && ` + toastText + ` === "Betalingen er bekreftet"`)
	require.NotContains(t, eval[string](b, everything), "009400", "the code is gone")

	b.tap(`[data-open="confirm"]`)
	require.Empty(t, eval[string](b, typedText))
	s.Show(view(display.Approved, display.ReasonByCode))
	b.until(noSheet)
}

// TestBrowserFareIsAskedForTwice: only an amount that was typed twice is taken.
func TestBrowserFareIsAskedForTwice(t *testing.T) {
	t.Parallel()
	b, _, d := atTheDesk(t, "nb")
	b.tap(`[data-open="fare"]`)
	b.keys(",286,505")
	require.Equal(t, "286,50\u00a0kr", eval[string](b, typedText), "a second comma and a third decimal do nothing")
	b.tap("[data-fare]")
	require.Empty(t, eval[string](b, typedText), "the first is out of sight")
	b.keys("268,50")
	b.tap("[data-fare]")
	b.until(toastText + ` === "Beløpene er ikke like. Begynn på nytt."`)
	require.Empty(t, d.made)
	for range 2 {
		b.keys("286,5")
		b.tap("[data-fare]")
	}
	require.Equal(t, `fare "0042" 28650`, d.next(t))
	b.until(noSheet)
	b.quiet()
}

// TestBrowserRefund needs an amount, a reason and a yes.
func TestBrowserRefund(t *testing.T) {
	t.Parallel()
	b, _, d := atTheDesk(t, "nb")
	b.tap(`.trips [data-trip="0041"]`)
	require.Equal(t, "trip 0041", d.next(t))
	b.tap("[data-refund]")
	b.tap("[data-give]")
	b.until(toastText + ` === "Tast beløp og velg grunn først."`)
	b.keys("12")
	b.tap(`[data-reason="complaint"]`)
	b.tap("[data-give]")
	b.until(isAsking + ` && document.getElementById("question").textContent === "Betale tilbake 12\u00a0kr for tur 0041?"`)
	b.tap("#no")
	require.Empty(t, d.made)
	b.tap("[data-give]")
	b.tap("#yes")
	require.Equal(t, "refund 0041 1200 Klage på turen", d.next(t))
	require.Equal(t, "trip 0041", d.next(t), "the trip is shown anew")

	b.until(`document.querySelector("#sheet [data-post]") !== null`)
	b.tap(`[data-post="/driver/print"]`)
	require.Equal(t, "print 0041", d.next(t))
	require.Equal(t, "trip 0041", d.next(t))
	b.quiet()
}

// TestBrowserTripFollows: a trip on show is read again when something happens to it,
// and closed with the session.
func TestBrowserTripFollows(t *testing.T) {
	t.Parallel()
	b, s, d := atTheDesk(t, "nb")
	b.tap(`.trips [data-trip="0042"]`)
	require.Equal(t, "trip 0042", d.next(t))
	b.until(`document.querySelector("#sheet .slip") !== null`)
	paid := view(display.Paid, "")
	paid.Driver.Trips[0].Screen = display.Paid
	s.Show(paid)
	require.Equal(t, "trip 0042", d.next(t))
	b.until(`document.querySelector("#sheet .slip") !== null`)
	eval[bool](b, `fetch("/driver/lock", {method: "POST"}).then(() => true)`)
	s.Show(view(display.Idle, "", vacant))
	b.until(noSheet)
}

func TestBrowserShift(t *testing.T) {
	t.Parallel()
	b, _, d := atTheDesk(t, "nb")
	b.tap(`[data-open="shift"]`)
	require.Equal(t, "shift", d.next(t))
	b.tap(`.opens [data-trip="0038"]`)
	require.Equal(t, "trip 0038", d.next(t))
	b.tap(`[data-post="/driver/retry"]`)
	require.Equal(t, "retry 0038", d.next(t))
	require.Equal(t, "trip 0038", d.next(t))
	b.tap(".sheet [data-close]")
	b.tap(`[data-open="shift"]`)
	require.Equal(t, "shift", d.next(t))
	b.tap("[data-end-shift]")
	b.tap("#yes")
	require.Equal(t, "end shift", d.next(t))
	b.until(`document.querySelector("#sheet h2").textContent === "Skiftet er avsluttet"`)
	b.quiet()
}

// TestBrowserTip: the passenger chooses, and may choose again while the code stands.
func TestBrowserTip(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	d := &desk{made: make(chan string, 20)}
	s, _ := start(t, options(withDesk(d)))
	b.resize(sizes[0])
	s.Show(view(display.Tipping, "", tips))
	b.open("http://" + s.Addr() + "/")
	b.tap(`[data-tip="28.60"]`)
	require.Equal(t, "tip 0042 2860", d.next(t))
	s.Show(view(display.Due, "", code, tips))
	b.tap("[data-retip]")
	b.keep("retip-800x480")
	look(t, b, "change tip")
	b.tap("[data-keep]")
	b.until(`!document.querySelector(".choose").open`)
	b.tap("[data-retip]")
	b.tap(`.choose [data-tip="0.00"]`)
	require.Equal(t, "tip 0042 0", d.next(t))
	b.until(`!document.querySelector(".choose").open`)
	b.quiet()
	d.refuse(display.RefusedAlreadyApproved)
	b.tap("[data-retip]")
	b.tap(`.choose [data-tip="0.00"]`)
	b.until(toastText + ` === "Kunden har allerede godkjent. Betalingen gjelder."`)
}

// TestBrowserOwnCodeIsReadable has another program read the car's own code.
func TestBrowserOwnCodeIsReadable(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	s, _ := start(t, options(withDesk(&desk{})))
	s.Show(view(display.Idle, "", vacant, ownCode))
	for _, size := range sizes[:3] {
		b.resize(size)
		b.open("http://" + s.Addr() + "/")
		b.until(`document.querySelector(".own img").complete`)
		text, ok := decode(t, b.picture("own-code-"+size.name))
		if !ok {
			t.Skip("NOT TESTED: zbarimg is not installed (apt install zbar-tools), no independent decoder has read the screen")
		}
		require.Equal(t, codeText, text, size.name)
	}
	b.quiet()
}
