package page

import (
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

const headline = `document.querySelector("h1")?.textContent`

// TestBrowserPaysFromTheCarsPage is the whole way of a passenger: waiting, amount,
// tip, app, return, receipt.
func TestBrowserPaysFromTheCarsPage(t *testing.T) {
	b := openBrowser(t)
	g := newGateway()
	g.landing = landed(t)
	g.set(sticker, in(Waiting))
	p, base := host(t, g)
	b.open(base + "/v/" + code + "?lang=en")
	b.until(headline + ` === "The amount will appear here"`)

	eval[bool](b, `window.same = true`)
	g.set(sticker, due())
	b.until(headline + ` === "To pay"`)
	require.True(t, eval[bool](b, `window.same === true`), "the page was loaded again instead of followed")
	require.Contains(t, eval[string](b, `document.getElementById("announce").textContent`), "To pay NOK")
	require.Equal(t, "Pay NOK\u00a0286.50 with Vipps", eval[string](b, `document.querySelector(".button").innerText`))

	b.tap(".tips label:nth-of-type(3)")
	b.tap(".share input")
	require.Equal(t, "Pay NOK\u00a0315.15 with Vipps", eval[string](b, `document.querySelector(".button").innerText`))
	b.tap(".button")
	b.until(`document.getElementById("app") !== null`)
	require.Equal(t, g.landing, eval[string](b, `location.href`), "the address was changed on the way")
	require.Empty(t, eval[string](b, `document.getElementById("app").textContent`), "the app was told where it came from")

	orders := g.pressed()
	require.Len(t, orders, 1)
	require.Equal(t, money.Minor(2865), orders[0].Tip)
	require.True(t, orders[0].Share)

	g.change(func() { g.payments[reference] = payment(Open) })
	b.open(orders[0].Return(reference))
	b.until(headline + ` === "Waiting for Vipps"`)
	g.change(func() { g.payments[reference] = payment(Approved) })
	b.until(headline + ` === "Approved"`)
	g.change(func() { g.payments[reference] = paid() })
	b.until(headline + ` === "Paid"`)
	b.until(`document.querySelector(".slip") !== null`)
	b.until(`document.body.className === "good"`)
	require.Equal(t, 0, waitForStreams(p, 0))
	quiet := `new Promise((done) => setTimeout(() => done(document.getElementById("lost").textContent === ""), 500))`
	require.True(t, eval[bool](b, quiet), "the page goes on listening though nothing more comes")
	b.quiet()
}

// comeBack does what a page does when the phone shows it again: it opens its stream
// anew. A second one tells when that has sent its first view.
const comeBack = `new Promise((done) => {
  document.dispatchEvent(new Event("visibilitychange"));
  const probe = new EventSource(document.getElementById("live").dataset.live);
  probe.addEventListener("view", () => { probe.close(); setTimeout(() => done(true), 200); });
})`

// TestBrowserKeepsAChoiceWhileNothingChanges: news about something else must not take
// the tip away that the passenger has just chosen.
func TestBrowserKeepsAChoiceWhileNothingChanges(t *testing.T) {
	b := openBrowser(t)
	g := newGateway()
	p, base := host(t, g)
	b.open(base + "/v/" + code + "?lang=en")
	require.Equal(t, 1, waitForStreams(p, 1))
	b.tap(".tips label:nth-of-type(2)")
	g.set(sticker, due())
	g.set(sticker, due())
	require.True(t, eval[bool](b, `document.querySelector(".t1").checked`))
	eval[bool](b, comeBack)
	require.True(t, eval[bool](b, `document.querySelector(".t1").checked`), "the first view of a new stream")

	// Another amount is another question.
	more := due()
	more.Bill.Amount.Value, more.Bill.Parts = 30000, nil
	g.set(sticker, more)
	b.until(`document.querySelector(".sum").textContent.includes("300.00")`)
	require.True(t, eval[bool](b, `document.querySelector(".t0").checked`))
	require.True(t, eval[bool](b, `document.activeElement.tagName === "H1"`), "the focus was lost with the old form")
	b.quiet()
}

// TestBrowserWithoutScript: everything but the live change works, and the page that
// waits looks again by itself.
func TestBrowserWithoutScript(t *testing.T) {
	b := openBrowser(t)
	g := newGateway()
	g.landing = landed(t)
	g.set(sticker, in(Waiting))
	_, base := host(t, g)
	b.scripts(false)
	b.open(base + "/v/" + code + "?lang=nb")
	b.keep("without-script-waiting")
	g.set(sticker, due())
	b.until(headline + ` === "Å betale"`)
	b.tap(".tips label:nth-of-type(4)")
	require.Equal(t, "Betal 329,48\u00a0kr med Vipps", eval[string](b, `document.querySelector(".button").innerText`))
	b.tap(".button")
	b.until(`document.getElementById("app") !== null`)
	require.Equal(t, money.Minor(4298), g.pressed()[0].Tip)

	g.change(func() { g.payments[reference] = payment(Open) })
	b.open(g.pressed()[0].Return(reference))
	g.change(func() { g.payments[reference] = paid() })
	b.until(headline + ` === "Betalt"`)
	require.Equal(t, "nb", eval[string](b, `document.documentElement.lang`), "the language went lost in the app")
}

// TestBrowserComesBackToAButton: the button that was pressed can be pressed again
// after the way back.
func TestBrowserComesBackToAButton(t *testing.T) {
	b := openBrowser(t)
	g := newGateway()
	g.landing = landed(t)
	_, base := host(t, g)
	b.open(base + "/v/" + code + "?lang=en")
	b.tap(".button")
	b.until(`document.getElementById("app") !== null`)
	eval[bool](b, `history.back(); true`)
	b.until(`document.querySelector(".button")?.innerText.startsWith("Pay ") && !document.querySelector(".button").ariaDisabled`)
	b.tap(".button")
	b.until(`document.getElementById("app") !== null`)
	require.Len(t, g.pressed(), 2, "one payment for each press")

	// Where the browser shows an old picture of the page instead of asking for it.
	b.open(base + "/v/" + code + "?lang=en")
	eval[bool](b, `window.same = true`)
	eval[bool](b, `setTimeout(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))); true`)
	b.until(`window.same === undefined && document.querySelector(".button") !== null`)
	b.quiet()
}

// TestBrowserAfterARefusal shows why and what to do, and the reason goes when
// something new comes.
func TestBrowserAfterARefusal(t *testing.T) {
	b := openBrowser(t)
	g := newGateway()
	_, base := host(t, g)
	g.change(func() { g.refuse = ErrBusy })
	b.open(base + "/v/" + code + "?lang=en")
	b.tap(".button")
	b.until(`document.getElementById("notice")?.textContent.startsWith("Another payment")`)
	g.set(sticker, in(Approved))
	b.until(headline + ` === "Approved" && document.getElementById("notice") === null`)
	b.quiet()
}

// TestBrowserLosesTheLink: a code that was withdrawn while its page was open.
func TestBrowserLosesTheLink(t *testing.T) {
	b := openBrowser(t)
	g := newGateway()
	p, base := host(t, g)
	b.open(base + "/v/" + code + "?lang=en")
	require.Equal(t, 1, waitForStreams(p, 1))
	g.change(func() { delete(g.fares, sticker) })
	b.until(headline + ` === "We do not know this code"`)
}
